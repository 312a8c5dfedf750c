//! The scFeatureLens pipeline: feature statistics, differential expression, annotation.

mod params;

pub use params::{AnalysisMode, AnalysisParams, ExpressionValues};
