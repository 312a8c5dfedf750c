//! What is open, as the shape that settings of a training run are suggested for.

use super::{DatasetSummary, LabelInfo, LabelKind};
use crate::sae::{DataShape, donor_label};

impl DatasetSummary {
    /// The shape of the data for training on an embedding; `None` if none of that name is open.
    pub fn shape(&self, embedding: &str, has_gpu: bool) -> Option<DataShape> {
        let embedding = self.embeddings.iter().find(|known| known.name == embedding)?;
        Some(DataShape {
            n_cells: self.n_cells,
            d_in: embedding.n_dims,
            offset_ratio: embedding.offset_ratio,
            donors: self.donors(),
            has_gpu,
        })
    }

    /// The labels with categories, in the order of the data set.
    pub fn categorical_labels(&self) -> impl Iterator<Item = (&str, &[(String, usize)])> {
        self.labels.iter().filter_map(|LabelInfo { name, kind }| match kind {
            LabelKind::Categorical { categories, .. } => Some((name.as_str(), categories.as_slice())),
            LabelKind::Numeric { .. } => None,
        })
    }

    fn donors(&self) -> Option<(String, Vec<usize>)> {
        let name = donor_label(self.categorical_labels())?;
        let (_, categories) = self.categorical_labels().find(|(known, _)| *known == name)?;
        Some((name.to_owned(), categories.iter().map(|(_, n_cells)| *n_cells).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::JoinMethod;
    use crate::protocol::EmbeddingInfo;

    #[test]
    fn the_shape_is_of_the_embedding_and_knows_the_donors() {
        let categories = vec![("a".to_owned(), 30), ("b".to_owned(), 10)];
        let labels = vec![
            LabelInfo { name: "donor_age".into(), kind: LabelKind::Numeric { min: 1.0, max: 2.0 } },
            LabelInfo { name: "donor".into(), kind: LabelKind::Categorical { categories, n_missing: 0 } },
        ];
        let joined_by = JoinMethod::SameFile;
        let embedding = EmbeddingInfo { name: "X_pca".into(), n_dims: 5, joined_by, offset_ratio: Some(2.0) };
        let data = DatasetSummary {
            name: "small".into(),
            n_cells: 40,
            n_genes: 0,
            values: None,
            matrices: None,
            labels,
            embeddings: vec![embedding],
            default_embedding: None,
            default_map: None,
            gene_sets: None,
            notices: Vec::new(),
        };
        let donors = Some(("donor".to_owned(), vec![30, 10]));
        let expected = DataShape { n_cells: 40, d_in: 5, offset_ratio: Some(2.0), donors, has_gpu: true };
        assert_eq!(data.shape("X_pca", true), Some(expected));
        assert_eq!(data.shape("X_scvi", true), None);
    }
}
