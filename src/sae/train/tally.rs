//! Sums over the cells seen since the last report, and the metrics made of them.
//!
//! Means are over cells, so a smaller last batch weighs as many cells as it has. No cells: NaN.

use crate::sae::{LossConvention, Variant};

use super::state::Sizes;

/// Sums since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Cells seen.
    pub(crate) n_cells: usize,
    /// Σ (x̂ − x)².
    pub(crate) squared_error: f64,
    /// Σ z.
    pub(crate) activation: f64,
    /// Number of z above 0.
    pub(crate) n_active: f64,
}

impl Tally {
    /// Mean squared error over cells × dimensions.
    pub(super) fn mse(&self, sizes: Sizes) -> f64 {
        self.squared_error / (self.n_cells as f64 * sizes.d_in as f64)
    }

    /// Mean number of active features per cell.
    pub(super) fn l0(&self) -> f64 {
        self.n_active / self.n_cells as f64
    }

    /// The training loss in the variant's convention.
    pub(super) fn loss(&self, variant: Variant, sizes: Sizes) -> f64 {
        let per_cell = self.activation / self.n_cells as f64;
        match variant {
            Variant::TopK { .. } => self.mse(sizes),
            Variant::Vanilla { l1, loss: LossConvention::AsCoded } => {
                self.mse(sizes) + l1 * per_cell / sizes.n_features as f64
            }
            Variant::Vanilla { l1, loss: LossConvention::AsPrinted } => {
                self.mse(sizes) * sizes.d_in as f64 + l1 * per_cell
            }
        }
    }
}

/// What a batch's sums are multiplied by in the gradient: 2/(B·d) or 2/B for e, λ/(B·h) or λ/B for z > 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    pub(super) error: f64,
    pub(super) penalty: f64,
}

impl Scales {
    pub(super) fn of(variant: Variant, sizes: Sizes, n_cells: usize) -> Self {
        let (batch, d, h) = (n_cells as f64, sizes.d_in as f64, sizes.n_features as f64);
        match variant {
            Variant::TopK { .. } => Self { error: 2.0 / (batch * d), penalty: 0.0 },
            Variant::Vanilla { l1, loss: LossConvention::AsCoded } => {
                Self { error: 2.0 / (batch * d), penalty: l1 / (batch * h) }
            }
            Variant::Vanilla { l1, loss: LossConvention::AsPrinted } => {
                Self { error: 2.0 / batch, penalty: l1 / batch }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_conventions_differ_in_lambda_by_d_over_h() {
        let sizes = Sizes { d_in: 4, n_features: 20 };
        let tally = Tally { n_cells: 3, squared_error: 24.0, activation: 6.0, n_active: 9.0 };
        let coded = tally.loss(Variant::Vanilla { l1: 0.5, loss: LossConvention::AsCoded }, sizes);
        let printed = tally.loss(Variant::Vanilla { l1: 0.5 * 4.0 / 20.0, loss: LossConvention::AsPrinted }, sizes);
        approx::assert_relative_eq!(coded, 24.0 / 12.0 + 0.5 * 6.0 / 60.0);
        approx::assert_relative_eq!(printed, 4.0 * coded);
        approx::assert_relative_eq!(tally.loss(Variant::TopK { k: 1 }, sizes), 2.0);
        approx::assert_relative_eq!(tally.l0(), 3.0);
    }
}
