//! The scFeatureLens pipeline: feature statistics, differential expression, annotation.
//!
//! [`feature_statistics`] and [`LabelIndex`] look at activations alone; [`Lens`] takes one feature after the other
//! through the paper's method.

mod analysis;
mod association;
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
pub mod tables;

pub use analysis::{FeatureAnalysis, GeneResult, Lens, N_TOP_GENES, TermResult};
pub use association::{
    AssociationError, AssociationParams, AssociationRow, AssociationTable, BestF1, CellHalves, ColumnAurocs,
    Confounding, DifferentialFeature, DifferentialFeatures, F1_THRESHOLDS, HalvedLabels, HeatMap, HeatMapOrder,
    HeatMapValue, InAndOut, LabelAssociations, LabelClass, Lineage, LineageFeature, LocalGlobal, MeasuredLabel,
    PAPER_MAX_P_VALUE, PAPER_MIN_EFFECT, PAPER_N_TOP, StrongestLabel, best_f1, confounding, differential_features,
    is_nuisance_name, local_global,
};
pub use background::background_notice;
pub use differential_expression::{GeneTester, GeneTests};
pub use error::LensError;
pub use export::{DifferentialExpressionCsv, EnrichmentCsv, write_feature_statistics};
pub use feature_statistics::{FeatureStatistics, feature_statistics};
pub use groups::CellGroups;
pub use labels::{
    Baseline, BestLabel, CategoryAssociation, CategoryRef, LabelBaselines, LabelIndex, MAX_CATEGORIES, MIN_BEST_CELLS,
};
pub use params::{AnalysisMode, AnalysisParams, ExpressionValues};
pub use prepared::PreparedExpression;
pub use selection::SelectedGenes;
