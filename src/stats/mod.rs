//! Statistics over plain slices and matrices in f64, one method a file; pure, without input or output.
//!
//! Logarithms and exponentials are libm's, so that a browser and a native build give the same bits.

mod assignment;
mod auroc;
mod beta;
mod binomial;
mod draw;
mod effect_size;
mod fdr;
mod fold_change;
mod gamma;
mod geometric_median;
mod hypergeometric;
mod ica;
mod mann_whitney;
mod moments;
mod normal;
#[cfg(test)]
mod oracle;
mod pca;
mod percentile;
mod rank_sum;
mod ranks;
mod ridge;
mod sample;
mod scaled_erfc;
mod sparse_ranks;
mod student_t;
mod t_expansion;
mod welch;
mod whitening;

pub use assignment::max_assignment;
pub use auroc::{CodedLabels, ScoreOrder};
pub use binomial::{binomial_test, ln_binomial_test};
pub use draw::{draw_below, draw_normal};
pub use effect_size::{cohens_d, cohens_d_as_published};
pub use fdr::{benjamini_hochberg, benjamini_hochberg_into, benjamini_hochberg_ln_into};
pub use fold_change::{FoldChangeError, FoldChangeFormula, GroupMeans, LogBase, log2_fold_change};
pub use gamma::{ln_beta, ln_gamma};
pub use geometric_median::geometric_median;
pub use hypergeometric::{LnFactorials, haldane_odds_ratio, ln_hypergeometric_sf};
pub use ica::{Ica, IcaError, IcaFit, IcaParams};
pub use mann_whitney::{MannWhitney, mann_whitney};
pub use normal::{ln_normal_cdf, ln_normal_sf, ln_two_sided_normal, normal_cdf, normal_sf};
pub use pca::{MAX_PCA_DIMS, Pca, PcaError};
pub use percentile::{percentile_of_sorted, percentile_with_zeros};
pub use rank_sum::{RankSumOptions, RankSumTest, rank_sum_test};
pub use ranks::{average_ranks, ordinal_ranks_into};
pub use ridge::{Ridge, RidgeError, RidgeFit, RidgeParams, assign_folds};
pub use sample::Sample;
pub use sparse_ranks::{RankSummary, SparseRanks};
pub use student_t::{ln_two_sided_t, ln_upper_t, two_sided_t};
pub use welch::{WelchTest, welch_test};
pub use whitening::{Whitening, WhiteningError};
