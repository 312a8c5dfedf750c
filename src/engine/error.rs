//! Why a request fails.

use std::sync::Arc;

use crate::data::FeatureId;
use crate::enrich::{GseaError, OntologyError};
use crate::io::{AssembleError, ImportError};
use crate::lens::association::AssociationError;
use crate::lens::tables::TableError;
use crate::lens::{LensError, MAX_CATEGORIES};
use crate::platform::HostError;
use crate::protocol::Job;
use crate::sae::device::DeviceError;
use crate::sae::{InferenceError, SaeError, SweepError, TrainError, WeightsError};
use crate::stats::{PcaError, RidgeError};
use crate::steer::SteerError;

/// A request that can't be served; its text is what a person reads.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing is open.
    #[error("nothing is open yet; open an .h5ad file or an embedding first")]
    NothingOpen,
    /// Annotations came without the terms they are to.
    #[error(
        "{file:?} says which genes belong to which terms, but not how the terms hang together; open it together with the ontology (go-basic.obo of the Gene Ontology)"
    )]
    AnnotationsAlone {
        /// The file.
        file: String,
    },
    /// A job of that kind is running.
    #[error("{} is still going on; wait for it or cancel it first", job_name(*job))]
    Busy {
        /// The job.
        job: Job,
    },
    /// No job of that kind is running.
    #[error("{} is not going on, so there is nothing to {what}", job_name(*job))]
    NotRunning {
        /// The job.
        job: Job,
        /// What was asked of it.
        what: &'static str,
    },
    /// A job ended because it was cancelled.
    #[error("{} was cancelled", job_name(*job))]
    Cancelled {
        /// The job.
        job: Job,
    },
    /// A view that takes its time was left for a newer one of its kind.
    #[error("another feature was asked for before this card was ready")]
    Superseded,
    /// No embedding of that name.
    #[error("there is no embedding {name:?}; the data have {}{}", listed(known), after_semicolon(left_out.as_deref()))]
    UnknownEmbedding {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
        /// Why the file's embedding of that name was left out, if it was.
        left_out: Option<String>,
    },
    /// A map needs two dimensions.
    #[error("{name:?} has {n_dims} dimensions and can't be drawn as it is; choose its principal components")]
    NotAMap {
        /// The embedding.
        name: String,
        /// Its dimensions.
        n_dims: usize,
    },
    /// No label column of that name.
    #[error("there is no label column {name:?}; the data have {}", listed(known))]
    UnknownLabel {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The open data have no expression.
    #[error("the open data have no gene expression; open an .h5ad file with it")]
    NoExpression,
    /// No gene at that place.
    #[error("gene {found} does not exist; the data have {n_genes}")]
    UnknownGene {
        /// The gene asked for.
        found: usize,
        /// Genes there are.
        n_genes: usize,
    },
    /// No cell at that place.
    #[error("cell {found} does not exist; the data have {n_cells}")]
    UnknownCell {
        /// The cell asked for.
        found: u32,
        /// Cells there are.
        n_cells: usize,
    },
    /// No sparse autoencoder yet.
    #[error("there is no sparse autoencoder yet; train one or open the files of one")]
    NoSae,
    /// No feature of that number.
    #[error("feature {feature} does not exist; the sparse autoencoder has {n_features}")]
    UnknownFeature {
        /// The feature asked for.
        feature: FeatureId,
        /// Features there are.
        n_features: usize,
    },
    /// No analysis yet.
    #[error("no analysis has run yet; analyse the features first")]
    NoAnalysis,
    /// The last analysis was in the paper's mode, which has no ranking of genes.
    #[error(
        "GSEA ranks genes by the groups and tests of sound mode, and the last analysis was in the paper's mode; analyse in sound mode first"
    )]
    GseaNeedsSoundMode,
    /// No gene set can be tested along a ranking.
    #[error(
        "GSEA needs gene sets with {min} to {max} ranked genes, and there is none; open a .gmt file, or analyse with other limits"
    )]
    NoGeneSetsToRank {
        /// Smallest size.
        min: usize,
        /// Largest size.
        max: usize,
    },
    /// GSEA has not run.
    #[error("GSEA has not run for {what} since the last analysis; run it first")]
    NoGsea {
        /// The feature, or any feature.
        what: String,
    },
    /// No set of that number was tested.
    #[error("gene set {set} was not tested in feature {feature}; choose one of its table")]
    UnknownGeneSet {
        /// The set asked for.
        set: u32,
        /// The feature.
        feature: FeatureId,
    },
    /// What GSEA of so many features keeps is more than there is memory.
    #[error(
        "GSEA of {n_features} features would keep {:.1} GB, and a browser tab has {:.1} GB for it; choose fewer features, or use the command line",
        gigabytes(*needed), gigabytes(*limit)
    )]
    GseaTooLarge {
        /// Features asked for.
        n_features: usize,
        /// Bytes needed.
        needed: u64,
        /// Bytes there are.
        limit: u64,
    },
    /// An ontology makes no sense.
    #[error(transparent)]
    Ontology(#[from] OntologyError),
    /// Genes can't be ranked or sets not tested.
    #[error(transparent)]
    Gsea(#[from] GseaError),
    /// Features were not measured against labels yet.
    #[error("features were not measured against labels yet; measure them first")]
    NoAssociation,
    /// There is nothing to measure against.
    #[error(
        "no label column can be measured against: there is none with categories, or each has more than {MAX_CATEGORIES}; open a .csv with a label for each cell"
    )]
    NoLabels,
    /// A column that was left out.
    #[error("features were not measured against {name:?}; they were against {}", listed(known))]
    NotMeasured {
        /// The column.
        name: String,
        /// The columns that were measured.
        known: Vec<String>,
    },
    /// No category of that name.
    #[error("column {column:?} has no category {category:?}; choose one of its own")]
    UnknownCategory {
        /// The column.
        column: String,
        /// The category.
        category: String,
    },
    /// Nothing is left to compare with.
    #[error("group A takes in every cell, so none is left to compare with; choose fewer cells for A")]
    NoOtherCells,
    /// A group of cells is too small to be tested.
    #[error("group {group} has {found} cell, and a test needs at least {least} in each group; choose more cells")]
    SmallGroup {
        /// A or B.
        group: &'static str,
        /// Its cells.
        found: usize,
        /// Cells needed.
        least: usize,
    },
    /// What the host can't do.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A sparse autoencoder came before the data.
    #[error("a sparse autoencoder needs the embedding it was trained on; open that together with it, or first")]
    SaeWithoutData,
    /// No embedding has the dimensions a sparse autoencoder reads.
    #[error(
        "the sparse autoencoder reads {d_in} dimensions, and no embedding that is open has as many; the data have {}",
        listed(known)
    )]
    NoFittingEmbedding {
        /// Dimensions it reads.
        d_in: usize,
        /// The embeddings there are, with their dimensions.
        known: Vec<String>,
    },
    /// A file can't be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Files do not fit together.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Nothing is kept in storage.
    #[error("no training run is kept, so there is nothing to resume; train anew")]
    NoCheckpoint,
    /// A file does not hold a whole training run.
    #[error(
        "{file:?} begins as a training run but is damaged or from another version of FeatureScope; save the run again, or train anew"
    )]
    TrainingRunFile {
        /// The file.
        file: String,
    },
    /// What is kept is of other data.
    #[error(
        "the training run that is kept is of {dataset:?}, embedding {embedding:?}, and the open data do not have its values; open those files to resume it"
    )]
    OtherCheckpoint {
        /// The data set it was made on.
        dataset: String,
        /// The embedding it was made on.
        embedding: String,
    },
    /// Cells are to be held out by something that is no label.
    #[error(
        "cells can't be held out by {label:?}: it is no label with categories of the open data; choose another, or hold out by chance"
    )]
    HoldOutLabel {
        /// The label asked for.
        label: String,
    },
    /// Training can't start or go on.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A sweep is refused.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// There is no sweep to take a run of, or to write.
    #[error("there is no sweep; start one first")]
    NoSweep,
    /// A run of a sweep can't be used.
    #[error("run {} can't be used: {why}; choose one whose weights are there", run + 1)]
    NoSweepRun {
        /// Its number, from 0.
        run: u32,
        /// Why.
        why: &'static str,
    },
    /// Training would need more memory than there is.
    #[error(
        "{run} needs about {:.1} GB of memory, and a browser tab has {:.1} GB for it; use fewer features or a smaller batch, or the command line",
        gigabytes(*needed), gigabytes(*limit)
    )]
    TooMuchMemory {
        /// What would be trained.
        run: String,
        /// Bytes needed, roughly.
        needed: u64,
        /// Bytes there are.
        limit: u64,
    },
    /// Training would need a larger matrix than the GPU takes.
    #[error(
        "{run} needs a matrix of {:.2} GB, and the GPU takes {:.2} GB at most; use fewer features or a smaller batch, or compute on the CPU",
        gigabytes(*needed), gigabytes(*limit)
    )]
    TooLargeForGpu {
        /// What would be trained.
        run: String,
        /// Bytes of the matrix.
        needed: u64,
        /// Bytes a matrix may have.
        limit: u64,
    },
    /// A device can't be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Activations can't be computed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// A sparse autoencoder does not fit the data.
    #[error(transparent)]
    Sae(#[from] SaeError),
    /// Weights can't be read, or not written in a format.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// An analysis can't be done.
    #[error(transparent)]
    Lens(#[from] LensError),
    /// A table can't be written.
    #[error("the table can't be written: {0}")]
    Csv(#[from] csv::Error),
    /// A table can't be made or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Features can't be measured against labels.
    #[error(transparent)]
    Association(#[from] AssociationError),
    /// A configuration can't be written.
    #[error("the configuration can't be written: {0}")]
    Json(#[from] serde_json::Error),
    /// Steering is refused.
    #[error(transparent)]
    Steer(#[from] SteerError),
    /// The gene decoder can't be fitted; shared by all who waited for it.
    #[error(transparent)]
    Decoder(#[from] Arc<RidgeError>),
    /// Principal components can't be computed.
    #[error(transparent)]
    Pca(#[from] PcaError),
}

impl EngineError {
    /// Whether the compute device failed, such as a GPU that was lost.
    pub(super) fn is_of_the_device(&self) -> bool {
        matches!(
            self,
            Self::Train(TrainError::Device { .. } | TrainError::GpuLost)
                | Self::Inference(InferenceError::Device { .. })
        )
    }
}

/// A job's name at the start of a sentence.
fn job_name(job: Job) -> &'static str {
    match job {
        Job::Open => "opening files",
        Job::Train => "training",
        Job::Sweep => "the sweep",
        Job::Analyse => "the analysis",
        Job::Gsea => "GSEA",
        Job::Associate => "measuring features against labels",
        Job::Export => "writing a table",
    }
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn after_semicolon(reason: Option<&str>) -> String {
    reason.map(|reason| format!("; {reason}")).unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_listed() {
        let known = vec!["X_pca".into(), "X_umap".into()];
        let error = EngineError::UnknownEmbedding { name: "X".into(), known, left_out: None };
        assert_eq!(error.to_string(), r#"there is no embedding "X"; the data have "X_pca", "X_umap""#);
    }

    #[test]
    fn an_embedding_that_was_left_out_comes_with_the_reason() {
        let left_out = Some("obsm/X was left out: it has NaN".to_owned());
        let error = EngineError::UnknownEmbedding { name: "X".into(), known: Vec::new(), left_out };
        let expected = r#"there is no embedding "X"; the data have none; obsm/X was left out: it has NaN"#;
        assert_eq!(error.to_string(), expected);
    }
}
