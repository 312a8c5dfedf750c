//! Joining files into one data set.
//!
//! An AnnData file starts a new data set; the gene sets of the open one are kept. Without one, the files join the
//! data set that is open, or start one of embeddings and labels. Rows find their cells by id where both sides have
//! ids; the ids of a labels file may stand in any column. An embedding without ids takes those of a labels file of the
//! same drop with as many rows. Otherwise rows are matched by order, if the counts agree, and a notice says
//! so, then and whenever more is opened. Where no id agrees, what tools add to ids is looked at (`trim`) and the error
//! offers to leave it out; that is done only where it is asked for.
//!
//! Nothing of the open data set is lost when files do not fit: everything is checked against a borrow of it before
//! anything is changed, and the error hands it back.

mod columns;
mod error;
mod files;
mod gene_sets;
mod ids;
mod join;
mod report;
mod stage;
mod ten_x;
mod trim;

pub use error::{AssembleError, AssembleFailure, IdHint};

use files::Files;
use stage::Stage;

use super::{Imported, SaeWeightsFile};
use crate::data::{Dataset, IdTrim, Notice, Observer};

/// All files joined.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// The data set; without cells if only gene sets or a sparse autoencoder have been opened so far.
    pub dataset: Dataset,
    /// What a person should know about how the files were joined.
    pub notices: Vec<Notice>,
    /// A sparse autoencoder, if its files were there.
    pub sae: Option<SaeFiles>,
}

/// The files of a sparse autoencoder.
#[derive(Clone, Debug, PartialEq)]
pub struct SaeFiles {
    /// The name of the weights file.
    pub name: String,
    /// The weights.
    pub weights: SaeWeightsFile,
    /// Name and bytes of the configuration; without it only where the weights are PyTorch's.
    pub config: Option<(String, Vec<u8>)>,
    /// Name and values of the mean that inputs were centred by.
    pub mean: Option<(String, Vec<f32>)>,
}

/// Joins imported files with each other and with what is open.
///
/// # Errors
/// An [`AssembleFailure`] with the data set that was open, unchanged, and an [`AssembleError`].
pub fn assemble(
    current: Option<Dataset>,
    files: Vec<(String, Imported)>,
    observer: &dyn Observer,
) -> Result<Assembled, Box<AssembleFailure>> {
    assemble_trimmed(current, files, &[], observer)
}

/// As [`assemble`], with parts of the ids of some files left out, as [`AssembleError::offer`] proposed.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_trimmed(
    current: Option<Dataset>,
    files: Vec<(String, Imported)>,
    trims: &[IdTrim],
    observer: &dyn Observer,
) -> Result<Assembled, Box<AssembleFailure>> {
    observer.progress(1.0, "Joining the files");
    let stage = if observer.is_cancelled() {
        Err(AssembleError::Cancelled)
    } else {
        Files::sort(files).and_then(|files| Stage::build(current.as_ref(), files, trims))
    };
    match stage {
        Ok(stage) => Ok(stage.apply(current)),
        Err(error) => Err(Box::new(AssembleFailure { current, error })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, Expression, GeneSet, JoinMethod, LabelColumn, MISSING_CODE, Silent, SparseMatrix};
    use crate::io::{AnnDataFile, LabelsFile};

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn anndata(names: &[&str]) -> (String, Imported) {
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::zeros(1, names.len()));
        let content = AnnDataFile {
            n_cells: names.len(),
            cell_ids: Some(ids(names)),
            expression: Some(Expression::new(ids(&["G1"]), by_gene)),
            ..AnnDataFile::default()
        };
        ("cells.h5ad".to_owned(), Imported::AnnData(Box::new(content)))
    }

    fn labels(names: Option<&[&str]>, texts: &[&str]) -> (String, Imported) {
        let columns = vec![LabelColumn::from_texts("type", texts)];
        let id_column = names.map(|_| "cell".to_owned());
        let file = LabelsFile { n_rows: texts.len(), ids: names.map(ids), id_column, columns };
        ("labels.csv".to_owned(), Imported::Labels(file))
    }

    fn embedding(values: &[f32]) -> (String, Imported) {
        let values = DenseMatrix::new(values.len(), 1, values.to_vec()).unwrap();
        ("scvi.npy".to_owned(), Imported::Embedding { name: "scvi".to_owned(), ids: None, values })
    }

    fn gene_sets(name: &str, genes: &[&str]) -> (String, Imported) {
        let set = GeneSet { name: name.to_owned(), description: String::new(), genes: ids(genes) };
        ("sets.gmt".to_owned(), Imported::GeneSets(vec![set]))
    }

    fn safetensors(bytes: Vec<u8>) -> Imported {
        Imported::SaeWeights(SaeWeightsFile::Safetensors(bytes))
    }

    fn open(files: Vec<(String, Imported)>) -> Assembled {
        assemble(None, files, &Silent).unwrap()
    }

    fn texts(assembled: &Assembled) -> String {
        assembled.notices.iter().map(|notice| notice.text.as_str()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn labels_are_joined_by_id_and_the_counts_are_told() {
        let done = open(vec![anndata(&["a", "b", "c"]), labels(Some(&["c", "a", "x"]), &["T", "B", "B"])]);
        let codes = done.dataset.cells.column("type").unwrap().categorical().unwrap().0;
        assert_eq!(codes, [0, MISSING_CODE, 1]);
        assert!(texts(&done).contains("2 of 3 cells"), "{}", texts(&done));
    }

    #[test]
    fn an_npy_takes_the_ids_of_the_labels_beside_it() {
        let beside = labels(Some(&["c", "b", "a"]), &["T", "B", "B"]);
        let done = open(vec![embedding(&[3.0, 2.0, 1.0]), beside, anndata(&["a", "b", "c"])]);
        let joined = done.dataset.embedding("scvi").unwrap();
        assert_eq!((joined.values.values(), joined.joined_by), (&[1.0, 2.0, 3.0][..], JoinMethod::Id));
        assert!(texts(&done).contains("was given those of \"labels.csv\""), "{}", texts(&done));
    }

    #[test]
    fn an_npy_alone_is_joined_by_order_with_a_warning() {
        let done = open(vec![anndata(&["a", "b"]), embedding(&[1.0, 2.0])]);
        assert_eq!(done.dataset.embedding("scvi").unwrap().joined_by, JoinMethod::Order);
        assert!(texts(&done).contains("order of the cells"));
    }

    fn with_ids(names: &[&str], values: &[f32]) -> (String, Imported) {
        let (_, imported) = embedding(values);
        let Imported::Embedding { name, values, .. } = imported else { unreachable!() };
        ("scvi.npz".to_owned(), Imported::Embedding { name, ids: Some(ids(names)), values })
    }

    #[test]
    fn an_embedding_with_ids_is_joined_by_them() {
        let done = open(vec![anndata(&["a", "b"]), with_ids(&["x", "b", "a"], &[3.0, 2.0, 1.0])]);
        let joined = done.dataset.embedding("scvi").unwrap();
        assert_eq!((joined.values.values(), joined.joined_by), (&[1.0, 2.0][..], JoinMethod::Id));
        assert!(texts(&done).contains("1 of its rows belong to no cell"), "{}", texts(&done));
        let failure = assemble(None, vec![anndata(&["a", "b"]), with_ids(&["b"], &[2.0])], &Silent).unwrap_err();
        assert!(failure.to_string().contains("no row for 1 of the 2"), "{failure}");
    }

    #[test]
    fn an_embedding_with_ids_gives_them_to_a_data_set_it_starts_and_to_cells_without() {
        let beside = labels(Some(&["b", "a"]), &["T", "B"]);
        let done = open(vec![with_ids(&["a", "b"], &[1.0, 2.0]), beside]);
        assert_eq!(done.dataset.cells.ids(), Some(&ids(&["a", "b"])[..]));
        assert_eq!(done.dataset.cells.column("type").unwrap().categorical().unwrap().0, [0, 1]);
        let first = open(vec![embedding(&[1.0, 2.0])]);
        let done = assemble(Some(first.dataset), vec![with_ids(&["a", "b"], &[1.0, 2.0])], &Silent).unwrap();
        assert_eq!(done.dataset.cells.ids(), Some(&ids(&["a", "b"])[..]));
    }

    #[test]
    fn ids_that_differ_by_an_ending_are_joined_only_where_it_is_asked_for() {
        let open_one = || open(vec![anndata(&["s1_a", "s1_b"])]).dataset;
        let files = || vec![labels(Some(&["b-1", "a-1"]), &["T", "B"])];
        let failure = assemble(Some(open_one()), files(), &Silent).unwrap_err();
        let trim = failure.error.offer().unwrap().clone();
        let done = assemble_trimmed(failure.current, files(), &[trim], &Silent).unwrap();
        assert_eq!(done.dataset.cells.column("type").unwrap().categorical().unwrap().0, [0, 1]);
        assert_eq!(done.dataset.cells.ids(), Some(&ids(&["s1_a", "s1_b"])[..]));
        let said = "The 2 rows of \"labels.csv\" were joined with the cells by id without \"-1\" at the end of the \
                    file's ids and \"s1_\" at the beginning of the data set's ids, as you asked.";
        assert_eq!(texts(&done), said);
    }

    #[test]
    fn rows_trusted_to_be_in_order_are_told_again_until_other_cells_come() {
        let first = open(vec![anndata(&["a", "b"]), embedding(&[1.0, 2.0])]);
        let second = assemble(Some(first.dataset), vec![gene_sets("A", &["G1"])], &Silent).unwrap();
        let said = "Opened before without cell ids: \"scvi.npy\". The rows are still trusted to be in the order of the \
                    cells.";
        assert_eq!(texts(&second), said);
        let third = assemble(Some(second.dataset), vec![anndata(&["c"])], &Silent).unwrap();
        assert_eq!(texts(&third), "");
    }

    #[test]
    fn npy_and_labels_start_a_data_set_without_expression() {
        let done = open(vec![embedding(&[1.0, 2.0]), labels(Some(&["a", "b"]), &["B", "T"])]);
        assert_eq!((done.dataset.cells.ids(), done.dataset.name.as_str()), (Some(&ids(&["a", "b"])[..]), "scvi"));
        assert!(done.dataset.expression.is_none());
    }

    #[test]
    fn labels_opened_later_give_their_ids_to_cells_without() {
        let first = open(vec![embedding(&[1.0, 2.0]), labels(None, &["B", "T"])]);
        let files = vec![labels(Some(&["a", "b"]), &["NK", "T"])];
        let done = assemble(Some(first.dataset), files, &Silent).unwrap();
        assert_eq!(done.dataset.cells.ids(), Some(&ids(&["a", "b"])[..]));
        assert_eq!(done.dataset.cells.column("type").unwrap().categorical().unwrap().1, ["B", "T"]);
        assert_eq!(done.dataset.cells.column("type (labels)").unwrap().categorical().unwrap().1, ["NK", "T"]);
        assert!(texts(&done).contains("\"type\" as \"type (labels)\""), "{}", texts(&done));
        assert!(done.dataset.embedding("scvi").is_some());
    }

    #[test]
    fn ids_known_only_by_their_values_join_labels_by_id() {
        let columns = ["who", "type"].map(|name| LabelColumn::from_texts(name, &["b", "a"]));
        let file = LabelsFile { n_rows: 2, columns: columns.to_vec(), ..LabelsFile::default() };
        let done = open(vec![anndata(&["a", "b"]), ("l.csv".to_owned(), Imported::Labels(file))]);
        assert_eq!(done.dataset.cells.column("type").unwrap().categorical().unwrap().0, [0, 1]);
        assert!(texts(&done).contains("column \"who\"") && texts(&done).contains("by id"), "{}", texts(&done));
    }

    #[test]
    fn gene_sets_survive_a_new_data_set_and_are_kept_once() {
        let first = open(vec![gene_sets("A", &["G1"])]);
        assert_eq!(first.dataset.cells.n_cells(), 0);
        let files = vec![anndata(&["a"]), gene_sets("A", &["G1"]), gene_sets("A", &["G2"])];
        let done = assemble(Some(first.dataset), files, &Silent).unwrap();
        let names: Vec<&str> = done.dataset.gene_sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["A", "A (2)"]);
        assert_eq!(done.dataset.name, "cells");
    }

    #[test]
    fn what_does_not_fit_leaves_the_open_data_set_untouched() {
        let first = open(vec![anndata(&["a", "b"])]).dataset;
        let cases: Vec<(Vec<(String, Imported)>, &str)> = vec![
            (vec![embedding(&[1.0, 2.0, 3.0])], "3 rows but the data set has 2 cells"),
            (vec![embedding(&[1.0, f32::NAN])], "row 2, column 1"),
            (vec![labels(Some(&["x", "y"]), &["B", "T"])], "\"x\", \"y\""),
            (vec![labels(Some(&["a", "a"]), &["B", "T"])], "more than once"),
            (vec![labels(Some(&["T", "T"]), &["B", "T"])], "another name"),
            (vec![embedding(&[1.0]), labels(Some(&["a"]), &["B"])], "no row for 1 of the 2 cells"),
            (vec![anndata(&["a"]), anndata(&["b"])], "one at a time"),
            (vec![anndata(&["a", "a"])], "more than once"),
            (vec![("cfg.json".to_owned(), Imported::SaeConfig(vec![]))], "weights (.safetensors"),
            (vec![("w.safetensors".to_owned(), safetensors(vec![]))], "cfg.json"),
            (vec![("mean.npy".to_owned(), Imported::SaeMean(vec![0.0]))], "weights (.safetensors"),
        ];
        for (files, expected) in cases {
            let failure = assemble(Some(first.clone()), files, &Silent).unwrap_err();
            assert!(failure.to_string().contains(expected), "{failure}");
            assert_eq!(failure.current.as_ref(), Some(&first));
        }
    }

    #[test]
    fn both_halves_of_a_sparse_autoencoder_make_one() {
        let files = vec![
            ("cfg.json".to_owned(), Imported::SaeConfig(vec![1])),
            ("sae_weights.safetensors".to_owned(), safetensors(vec![2])),
        ];
        let sae = open(files).sae.unwrap();
        assert_eq!(sae.config, Some(("cfg.json".to_owned(), vec![1])));
        assert_eq!((sae.weights, sae.name.as_str()), (SaeWeightsFile::Safetensors(vec![2]), "sae_weights.safetensors"));
    }

    #[test]
    fn weights_of_pytorch_come_with_or_without_a_configuration_and_a_mean() {
        let torch = || SaeWeightsFile::Torch { tensors: Vec::new(), settings: Vec::new() };
        let weights = || ("sae.pt".to_owned(), Imported::SaeWeights(torch()));
        let alone = open(vec![weights()]).sae.unwrap();
        assert_eq!((alone.config, alone.mean), (None, None));
        let mean = ("activation_mean.npy".to_owned(), Imported::SaeMean(vec![0.5]));
        let config = ("config.json".to_owned(), Imported::SaeConfig(vec![1]));
        let all = open(vec![mean, config, weights()]).sae.unwrap();
        assert_eq!(all.mean, Some(("activation_mean.npy".to_owned(), vec![0.5])));
        assert_eq!((all.weights, all.config.is_some()), (torch(), true));
        assert!(assemble(None, vec![weights(), weights()], &Silent).is_err());
    }
}
