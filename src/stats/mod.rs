//! Statistics over plain slices and matrices in f64, one method a file; pure, without input or output.

mod auroc;
mod moments;
mod pca;
mod ridge;
mod sample;

pub use auroc::{CodedLabels, ScoreOrder};
pub use pca::{MAX_PCA_DIMS, Pca, PcaError};
pub use ridge::{Ridge, RidgeError, RidgeFit, RidgeParams, assign_folds};
pub use sample::Sample;
