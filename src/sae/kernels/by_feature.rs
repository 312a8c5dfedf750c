//! Gradients of encoder and decoder rows, summed feature by feature over the cells a feature is active in.
//!
//! ∂W_dec[f] = Σ_b z[b,f]·e[b] and ∂W_enc[f] = Σ_b ∂z[b,f]·x[b]: one kernel for both. No atomics: a feature walks
//! through its bits in [`Active::cells`], so the order of the sum is that of the cells. A feature active nowhere gets 0.

use burn::tensor::Tensor;

use super::active::Active;
use super::host::{floats, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

/// Columns of [`FeatureGradient::sums`].
pub(super) const N_SUMS: usize = 2;

pub(super) static BY_FEATURE: Source = Source { name: "by_feature", text: include_str!("by_feature.wgsl") };

/// What happens to a row's gradient after it is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowRule {
    /// Nothing.
    Free,
    /// g − (g·w)w: the part along the row, which has norm 1, is taken out.
    Tangent,
}

/// A matrix's gradient.
#[derive(Clone, Debug)]
pub(crate) struct FeatureGradient {
    /// `[n_features, d_in]`.
    pub(crate) gradient: Tensor<2>,
    /// The sum of the coefficients and Σg² of every feature, `[n_features, 2]`.
    pub(crate) sums: Tensor<2>,
}

/// Σ over the entries of a feature of coefficient · row of its cell.
///
/// # Shapes
/// `coefficients` is `[1, n_entries]`, `rows` `[batch, d_in]`, `weights` `[n_features, d_in]`.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree or operands are not contiguous.
pub(crate) fn by_feature(
    active: &Active,
    coefficients: &Tensor<2>,
    rows: &Tensor<2>,
    weights: &Tensor<2>,
    rule: RowRule,
) -> Result<FeatureGradient, KernelError> {
    let [n_features, d] = weights.dims();
    assert_eq!(coefficients.dims(), active.values.dims(), "a coefficient for each entry");
    assert_eq!(rows.dims(), [active.n_cells(), d], "a row for each cell");
    let Some(launch) = Launch::near(&BY_FEATURE, weights) else {
        return on_host(active, coefficients, rows, weights, rule);
    };
    let device = weights.device();
    let found = FeatureGradient {
        gradient: Tensor::empty([n_features, d], &device),
        sums: Tensor::empty([n_features, N_SUMS], &device),
    };
    let launch = launch.int(&active.starts).int(&active.features).int(&active.cells).float(coefficients).float(rows);
    let launch = launch.float(weights).float(&found.gradient).float(&found.sums);
    let launch =
        launch.word(n_features).word(active.cells.dims()[1]).word(d).word(usize::from(rule == RowRule::Tangent));
    launch.dispatch(n_features);
    Ok(found)
}

fn on_host(
    active: &Active,
    coefficients: &Tensor<2>,
    rows: &Tensor<2>,
    weights: &Tensor<2>,
    rule: RowRule,
) -> Result<FeatureGradient, KernelError> {
    let ([n_features, d], device) = (weights.dims(), weights.device());
    let (coefficients, rows, weights) = (floats(coefficients)?, floats(rows)?, floats(weights)?);
    let (mut gradient, mut sums) = (vec![0.0_f32; n_features * d], vec![0.0_f32; n_features * N_SUMS]);
    for (entries, row) in active.on_host()?.iter().zip(rows.chunks_exact(d)) {
        for entry in entries {
            let coefficient = coefficients[entry.at];
            sums[entry.feature * N_SUMS] += coefficient;
            let gradient = &mut gradient[entry.feature * d..][..d];
            gradient.iter_mut().zip(row).for_each(|(sum, value)| *sum += coefficient * value);
        }
    }
    let per_row = gradient.chunks_exact_mut(d).zip(weights.chunks_exact(d)).zip(sums.chunks_exact_mut(N_SUMS));
    for ((gradient, weights), sums) in per_row {
        if rule == RowRule::Tangent {
            let along: f32 = gradient.iter().zip(weights).map(|(g, w)| g * w).sum();
            gradient.iter_mut().zip(weights).for_each(|(g, w)| *g -= along * w);
        }
        sums[1] = gradient.iter().map(|g| g * g).sum();
    }
    Ok(FeatureGradient { gradient: matrix(gradient, d, &device), sums: matrix(sums, N_SUMS, &device) })
}
