//! Statistics over plain slices and matrices; pure, without input or output.

mod moments;
mod pca;
mod ridge;

pub use pca::{MAX_PCA_DIMS, Pca, PcaError};
pub use ridge::{Ridge, RidgeError, RidgeFit, RidgeParams, assign_folds};
