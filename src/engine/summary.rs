//! What is open, in the words of the protocol.

use crate::data::{
    Dataset, DenseMatrix, Embedding, Expression, GeneSet, LabelColumn, LabelValues, MISSING_CODE, Notice, SparseMatrix,
};
use crate::enrich::{GeneLookup, NameMatch};
use crate::protocol::{DatasetSummary, EmbeddingInfo, GeneSetSummary, LabelInfo, LabelKind, MapSource};
use crate::sae::offset_ratio;

/// Set genes without a match that are named in a summary.
const N_UNMATCHED_EXAMPLES: usize = 8;

/// Summarises a data set.
pub(super) fn summarize(dataset: &Dataset, mut notices: Vec<Notice>) -> DatasetSummary {
    let (gene_sets, of_names) = gene_sets(dataset);
    notices.extend(of_names);
    let default_embedding = default_embedding(dataset);
    DatasetSummary {
        name: dataset.name.clone(),
        n_cells: dataset.cells.n_cells(),
        n_genes: dataset.expression.as_ref().map_or(0, Expression::n_genes),
        values: dataset.expression.as_ref().map(|expression| expression.kind),
        matrices: dataset.matrices.clone(),
        labels: dataset.cells.columns().iter().map(label_info).collect(),
        embeddings: dataset.embeddings.iter().map(embedding_info).collect(),
        default_map: default_map(dataset, default_embedding.as_deref()),
        default_embedding,
        gene_sets,
        notices,
    }
}

/// Says so where the expression can't tell features apart.
pub(super) fn empty_expression(expression: &Expression) -> Option<Notice> {
    if expression.n_genes() == 0 {
        let text =
            "The expression has no genes, so features can't be described by genes. Check how the file was filtered.";
        return Some(Notice::warning(text));
    }
    (expression.by_gene.n_nonzero() == 0).then(|| {
        Notice::warning(
            "All expression values are 0, so no gene can differ between cells. Check that X holds the counts and not \
             an empty layer.",
        )
    })
}

fn label_info(column: &LabelColumn) -> LabelInfo {
    let kind = match &column.values {
        LabelValues::Categorical { codes, categories } => {
            let mut counts = vec![0; categories.len()];
            for &code in codes.iter().filter(|&&code| code != MISSING_CODE) {
                counts[code as usize] += 1;
            }
            let n_missing = codes.iter().filter(|&&code| code == MISSING_CODE).count();
            LabelKind::Categorical { categories: categories.iter().cloned().zip(counts).collect(), n_missing }
        }
        LabelValues::Numeric(values) => {
            let known = || values.iter().copied().filter(|value| !value.is_nan());
            LabelKind::Numeric { min: known().fold(f64::NAN, f64::min), max: known().fold(f64::NAN, f64::max) }
        }
    };
    LabelInfo { name: column.name.clone(), kind }
}

fn embedding_info(embedding: &Embedding) -> EmbeddingInfo {
    EmbeddingInfo {
        name: embedding.name.clone(),
        n_dims: embedding.values.n_cols(),
        joined_by: embedding.joined_by,
        offset_ratio: Some(offset_ratio(&embedding.values)).filter(|ratio| ratio.is_finite()),
    }
}

/// The embedding to train on: scVI's, else principal components, else the first that is no map.
fn default_embedding(dataset: &Dataset) -> Option<String> {
    let trainable: Vec<&str> = dataset
        .embeddings
        .iter()
        .filter(|embedding| embedding.values.n_cols() > 2)
        .map(|embedding| embedding.name.as_str())
        .collect();
    let containing = |part: &str| trainable.iter().find(|name| name.to_lowercase().contains(part));
    containing("scvi").or_else(|| containing("pca")).or(trainable.first()).map(|&name| name.to_owned())
}

/// The map to show first: UMAP, else t-SNE, else any other, else principal components of the default embedding.
fn default_map(dataset: &Dataset, default_embedding: Option<&str>) -> Option<MapSource> {
    let maps: Vec<&str> = dataset
        .embeddings
        .iter()
        .filter(|embedding| embedding.values.n_cols() == 2)
        .map(|embedding| embedding.name.as_str())
        .collect();
    let containing = |part: &str| maps.iter().find(|name| name.to_lowercase().contains(part));
    let drawn = containing("umap").or_else(|| containing("tsne")).map(|&name| MapSource::Embedding(name.to_owned()));
    drawn
        .or_else(|| default_embedding.map(|name| MapSource::Pca(name.to_owned())))
        .or_else(|| maps.first().map(|&name| MapSource::Embedding(name.to_owned())))
}

/// How the gene sets match, and what a person should know of it.
fn gene_sets(dataset: &Dataset) -> (Option<GeneSetSummary>, Vec<Notice>) {
    let sets = &dataset.gene_sets;
    if sets.is_empty() {
        return (None, Vec::new());
    }
    let nothing = Expression::new(Vec::new(), SparseMatrix::from_dense(&DenseMatrix::zeros(0, 0)));
    let expression = dataset.expression.as_ref().unwrap_or(&nothing);
    let lookup = GeneLookup::best(expression, sets.iter().flat_map(|set| set.genes.iter().map(String::as_str)));
    let matched = NameMatch::new(expression, sets, &lookup);
    let has_match = |set: &&GeneSet| set.genes.iter().any(|gene| lookup.position(gene).is_some());
    let summary = GeneSetSummary {
        n_sets: sets.len(),
        n_sets_matched: sets.iter().filter(has_match).count(),
        n_genes: matched.n_wanted,
        n_genes_matched: matched.n_found,
        unmatched_examples: matched.unmatched.iter().take(N_UNMATCHED_EXAMPLES).cloned().collect(),
        gene_examples: matched.gene_head.clone(),
        found_by: matched.found_by(),
    };
    (Some(summary), matched.notices())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CellTable, GeneColumn, JoinMethod};

    fn dataset(embeddings: &[(&str, usize)]) -> Dataset {
        let mut dataset = Dataset { cells: CellTable::without_ids(3), ..Dataset::default() };
        for &(name, n_dims) in embeddings {
            let values = DenseMatrix::zeros(3, n_dims);
            let embedding = Embedding { name: name.into(), values, joined_by: JoinMethod::Order };
            dataset.add_embedding(embedding).unwrap();
        }
        dataset
    }

    fn defaults(embeddings: &[(&str, usize)]) -> (Option<String>, Option<MapSource>) {
        let summary = summarize(&dataset(embeddings), Vec::new());
        (summary.default_embedding, summary.default_map)
    }

    #[test]
    fn scvi_comes_before_pca_and_umap_before_tsne() {
        let (embedding, map) = defaults(&[("X_pca", 50), ("X_tsne", 2), ("X_umap", 2), ("X_scVI", 32)]);
        assert_eq!(embedding.as_deref(), Some("X_scVI"));
        assert_eq!(map, Some(MapSource::Embedding("X_umap".into())));
    }

    #[test]
    fn without_a_map_principal_components_are_drawn() {
        let (embedding, map) = defaults(&[("latents", 20)]);
        assert_eq!(embedding.as_deref(), Some("latents"));
        assert_eq!(map, Some(MapSource::Pca("latents".into())));
        assert_eq!(defaults(&[]), (None, None));
    }

    #[test]
    fn expression_without_genes_or_values_is_said() {
        let said = |names: &[&str], value: f32| {
            let by_gene = DenseMatrix::new(names.len(), 3, vec![value; 3 * names.len()]).unwrap();
            let names = names.iter().map(|&name| name.to_owned()).collect();
            empty_expression(&Expression::new(names, SparseMatrix::from_dense(&by_gene))).map(|notice| notice.text)
        };
        assert!(said(&[], 0.0).unwrap().contains("no genes"));
        assert!(said(&["A"], 0.0).unwrap().contains("are 0"));
        assert_eq!(said(&["A"], 1.0), None);
    }

    #[test]
    fn genes_of_sets_are_found_in_the_column_of_var_that_has_them() {
        let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::new(2, 3, vec![1.0; 6]).unwrap());
        let mut expression = Expression::new(texts(["ENSG00000198851", "ENSG00000010610"]), by_gene);
        expression.gene_columns = vec![GeneColumn { name: "symbol".into(), values: texts(["CD3E", "CD4"]) }];
        let set = |name: &str, genes| GeneSet { name: name.into(), description: String::new(), genes: texts(genes) };
        let gene_sets = vec![set("T", ["CD3E", "CD8A"]), set("B", ["MS4A1", "CD19"])];
        let data = Dataset { expression: Some(expression), gene_sets, ..dataset(&[]) };
        let summary = summarize(&data, Vec::new());
        let sets = summary.gene_sets.unwrap();
        assert_eq!((sets.n_sets, sets.n_sets_matched, sets.n_genes, sets.n_genes_matched), (2, 1, 4, 1));
        assert_eq!((sets.found_by.as_str(), sets.unmatched_examples.len()), ("var column \"symbol\"", 3));
        assert!(summary.notices[0].text.contains("1 of 4 are found there, 0 by the names"), "{:?}", summary.notices);
    }

    #[test]
    fn an_embedding_that_does_not_vary_has_no_offset_ratio() {
        let ratio = |values| {
            let mut data = dataset(&[]);
            let values = DenseMatrix::new(3, 1, values).unwrap();
            data.add_embedding(Embedding { name: "X".into(), values, joined_by: JoinMethod::Order }).unwrap();
            summarize(&data, Vec::new()).embeddings[0].offset_ratio
        };
        assert_eq!(ratio(vec![2.0; 3]), None);
        approx::assert_relative_eq!(ratio(vec![1.0, 2.0, 3.0]).unwrap(), 6.0_f64.sqrt());
    }

    #[test]
    fn labels_are_counted_with_those_missing() {
        let mut data = dataset(&[]);
        data.cells.add_column(LabelColumn::from_texts("type", &["B", "", "B"])).unwrap();
        let categories = vec![("B".to_owned(), 2)];
        assert_eq!(summarize(&data, Vec::new()).labels[0].kind, LabelKind::Categorical { categories, n_missing: 1 });
    }
}
