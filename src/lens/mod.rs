//! The scFeatureLens pipeline: feature statistics, differential expression, annotation.

mod feature_statistics;
mod labels;
mod params;

pub use feature_statistics::{FeatureStatistics, feature_statistics};
pub use labels::{
    Baseline, BestLabel, CategoryAssociation, CategoryRef, LabelBaselines, LabelIndex, MAX_CATEGORIES, MIN_BEST_CELLS,
};
pub use params::{AnalysisMode, AnalysisParams, ExpressionValues};
