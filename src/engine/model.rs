//! A sparse autoencoder and what it does on the open data.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::EngineError;
use super::associate::Association;
use super::jobs::RunningJob;
use super::state::OpenData;
use super::sweep::Stability;
use crate::data::{CellTable, DenseMatrix, Embedding, FeatureId, Notice, SparseActivations};
use crate::lens::{BestLabel, FeatureStatistics, LabelBaselines, LabelIndex, feature_statistics};
use crate::protocol::{AssociationParams, FoundAgain, SaeOrigin, SaeQuality, SaeSummary};
use crate::sae::metrics::FeatureSeeds;
use crate::sae::{Device, Sae, encode_all, metrics};

/// Cells whose pre-activations are dense at a time: this many values, whatever the number of features.
pub(super) const VALUES_PER_BATCH: usize = 1 << 21;

/// Computes the activations of all cells.
///
/// # Errors
/// [`EngineError::Inference`], [`EngineError::Cancelled`].
pub(super) async fn infer(
    sae: Sae,
    origin: SaeOrigin,
    data: &OpenData,
    embedding: &str,
    device: &Device,
    job: &RunningJob,
) -> Result<Model, EngineError> {
    let inputs = &data.embedding(embedding)?.values;
    let batch = (VALUES_PER_BATCH / sae.n_features()).clamp(1, 4096);
    let encoded = encode_all(&sae, inputs, device, batch, job, async || job.breathe().await).await;
    job.check_cancelled()?;
    let activations = encoded?;
    let metrics = metrics::evaluate(&sae, inputs, &activations)?;
    job.checkpoint().await?;
    let summary = SaeSummary {
        origin,
        architecture: sae.architecture().name().to_owned(),
        embedding: embedding.to_owned(),
        d_in: sae.d_in(),
        n_features: sae.n_features(),
        n_live: metrics.n_live,
        l0: metrics.l0,
        explained_variance: metrics.explained_variance,
        n_other_seeds: 0,
        notices: notice(embedding, inputs, metrics.n_live).into_iter().collect(),
    };
    Ok(Model::new(sae, activations, summary))
}

/// Says so where nothing can come out of the features.
fn notice(embedding: &str, inputs: &DenseMatrix, n_live: usize) -> Option<Notice> {
    let is_constant = (1..inputs.n_rows()).all(|row| inputs.row(row) == inputs.row(0));
    if is_constant {
        return Some(Notice::warning(format!(
            "The embedding {embedding:?} is the same in every cell, so no feature can tell cells apart. Check how it \
             was computed, or choose another."
        )));
    }
    (n_live == 0).then(|| {
        Notice::warning(format!(
            "No feature is active in any cell, so there is nothing to analyse. Train with other settings, or check \
             that the weights were trained on {embedding:?}."
        ))
    })
}

/// A sparse autoencoder, its activations and their statistics.
pub(super) struct Model {
    pub(super) sae: Sae,
    pub(super) activations: SparseActivations,
    pub(super) statistics: Vec<FeatureStatistics>,
    pub(super) summary: SaeSummary,
    /// Whether training never saw a cell, `[n_cells]`; empty where nothing is known of that.
    pub(super) is_held_out: Vec<bool>,
    /// How its features came out in other seeds, where it is of a sweep that had some.
    pub(super) stability: Option<Stability>,
}

impl Model {
    pub(super) fn new(sae: Sae, activations: SparseActivations, summary: SaeSummary) -> Self {
        let statistics = feature_statistics(&activations);
        Self { sae, activations, statistics, summary, is_held_out: Vec::new(), stability: None }
    }
}

/// A [`Model`] beside the labels of the cells, which other files can change.
pub(super) struct Features {
    pub(super) model: Rc<Model>,
    best_labels: OnceCell<Vec<Option<BestLabel>>>,
    baselines: OnceCell<LabelBaselines>,
    association: RefCell<Option<Rc<Association>>>,
    /// How good it is, once it was asked for.
    pub(super) quality: OnceCell<SaeQuality>,
}

impl Features {
    pub(super) fn new(model: Rc<Model>) -> Self {
        let (best_labels, baselines, association, quality) = Default::default();
        Self { model, best_labels, baselines, association, quality }
    }

    /// # Errors
    /// [`EngineError::UnknownFeature`].
    pub(super) fn check(&self, feature: FeatureId) -> Result<(), EngineError> {
        let n_features = self.model.activations.n_features();
        if feature.index() < n_features { Ok(()) } else { Err(EngineError::UnknownFeature { feature, n_features }) }
    }

    /// How a feature came out in other seeds, if that is known.
    pub(super) fn found_again(&self, feature: FeatureId) -> Option<FoundAgain> {
        let of_all = self.model.stability.as_ref()?;
        let FeatureSeeds { n_found, n_others, mean_cosine } = of_all.get(feature.index()).copied().flatten()?;
        Some(FoundAgain { n_found, n_others, mean_cosine })
    }

    /// Live features, ascending.
    pub(super) fn live(&self) -> Vec<FeatureId> {
        self.model.statistics.iter().filter(|row| row.is_live()).map(|row| row.feature).collect()
    }

    /// The label each feature tells apart best, found once.
    pub(super) fn best_labels(&self, cells: &CellTable) -> &[Option<BestLabel>] {
        self.best_labels.get_or_init(|| LabelIndex::new(cells).best_labels(&self.model.activations))
    }

    /// What was measured against labels last.
    ///
    /// # Errors
    /// [`EngineError::NoAssociation`].
    pub(super) fn association(&self) -> Result<Rc<Association>, EngineError> {
        self.association.borrow().clone().ok_or(EngineError::NoAssociation)
    }

    /// Keeps what was measured, in place of what was there.
    pub(super) fn put_association(&self, association: Association) {
        self.association.replace(Some(Rc::new(association)));
    }

    /// How labels are read: as they were last, or by default.
    pub(super) fn association_params(&self) -> AssociationParams {
        self.association.borrow().as_ref().map(|found| found.summary.params.clone()).unwrap_or_default()
    }

    /// The best single dimension of the embedding for every label, found once.
    pub(super) fn baselines(&self, cells: &CellTable, embedding: &Embedding) -> &LabelBaselines {
        self.baselines.get_or_init(|| LabelBaselines::new(cells, &embedding.values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: Vec<f32>, n_live: usize) -> Option<String> {
        notice("X_pca", &DenseMatrix::new(3, 1, values).unwrap(), n_live).map(|notice| notice.text)
    }

    #[test]
    fn an_embedding_that_does_not_vary_is_said() {
        assert!(said(vec![2.0; 3], 1).unwrap().contains("same in every cell"));
        assert_eq!(said(vec![2.0, 2.0, 3.0], 1), None);
    }

    #[test]
    fn features_that_are_never_active_are_said() {
        assert!(said(vec![1.0, 2.0, 3.0], 0).unwrap().contains("No feature is active"));
    }
}
