//! The scFeatureLens pipeline: feature statistics, differential expression, annotation.
//!
//! [`feature_statistics`] and [`LabelIndex`] look at activations alone, [`association`] goes deeper into labels.
//! [`Lens`] takes one feature after the other through the paper's method, [`sound`] all features at once through ours;
//! [`tables`] writes what comes of it.

mod analysis;
pub mod association;
mod background;
mod differential_expression;
mod error;
mod export;
mod feature_statistics;
mod groups;
mod labels;
mod params;
mod prepared;
mod selection;
pub mod sound;
pub mod tables;
mod term_matrix;

pub use analysis::{FeatureAnalysis, GeneResult, Lens, N_TOP_GENES, TermResult};
pub use association::{AssociationRow, LabelAssociations};
pub use background::background_notice;
pub use differential_expression::{GeneTester, GeneTests};
pub use error::LensError;
pub use export::{
    DifferentialExpressionCsv, EnrichmentCsv, write_feature_statistics, write_feature_statistics_with_seeds,
};
pub use feature_statistics::{FeatureStatistics, feature_statistics};
pub use groups::CellGroups;
pub use labels::{
    Baseline, BestLabel, CategoryAssociation, CategoryRef, LabelBaselines, LabelIndex, MAX_CATEGORIES, MIN_BEST_CELLS,
};
pub use params::{
    AnalysisMode, AnalysisParams, AssociationParams, Convention, Direction, ExpressionValues, FeatureGseaParams,
    FoldChangeFormula, GeneTest, GseaMethod, GseaWeight, HeatMapOrder, HeatMapValue, LabelClass, Negatives, Positives,
    RankBy, SoundParams, Universe, ValueScale,
};
pub use prepared::PreparedExpression;
pub use selection::SelectedGenes;
pub use term_matrix::{TermMatrix, TermValue};
