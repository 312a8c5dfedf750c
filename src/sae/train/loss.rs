//! What a step's sums mean: the scales of its gradient and the loss they add up to.

use super::state::Sizes;
use crate::sae::{L0Penalty, LossConvention, Variant};

/// Sums since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Cells seen.
    pub(crate) n_cells: usize,
    /// Σ (x̂ − x)².
    pub(crate) squared_error: f64,
    /// Number of z above 0.
    pub(crate) n_active: f64,
    /// Every step's loss times its cells.
    pub(crate) loss: f64,
}

#[cfg(feature = "burn")]
impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.n_cells += other.n_cells;
        self.squared_error += other.squared_error;
        self.n_active += other.n_active;
        self.loss += other.loss;
    }
}

#[cfg(any(test, feature = "burn"))]
impl Tally {
    /// Mean squared error over cells × dimensions.
    pub(super) fn mse(&self, sizes: Sizes) -> f64 {
        self.squared_error / (self.n_cells as f64 * sizes.d_in as f64)
    }

    /// Mean number of active features per cell.
    pub(super) fn l0(&self) -> f64 {
        self.n_active / self.n_cells as f64
    }

    /// Mean training loss; a smaller last batch weighs as many cells as it has.
    pub(super) fn loss(&self) -> f64 {
        self.loss / self.n_cells as f64
    }
}

/// What sums over a batch are multiplied by to give its loss; errors' gradients get twice the factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scales {
    /// Of Σ(x̂ − x)², for each of the nested dictionaries.
    pub(crate) error: f64,
    /// Of the variant's sum of activations: Σz, Σz‖W_dec‖ or ΣReLU(π).
    pub(crate) penalty: f64,
    /// 1/B.
    pub(crate) per_cell: f64,
}

impl Scales {
    /// For a batch of `n_cells`; `warmth` is what the schedule makes of penalties.
    pub(crate) fn of(variant: Variant, sizes: Sizes, n_cells: usize, warmth: f64) -> Self {
        let (batch, d, h) = (n_cells as f64, sizes.d_in as f64, sizes.n_features as f64);
        let (error, penalty) = match variant {
            Variant::Vanilla { l1, loss } | Variant::Bricken { l1, loss } => match loss {
                LossConvention::AsCoded => (1.0 / (batch * d), l1 / (batch * h)),
                LossConvention::AsPrinted => (1.0 / batch, l1 / batch),
            },
            Variant::TopKShare { .. } => (1.0 / (batch * d), 0.0),
            Variant::ReluL1 { l1 } | Variant::Gated { l1 } => (1.0 / batch, l1 / batch),
            Variant::Matryoshka { n_prefixes, .. } => (1.0 / (batch * n_prefixes as f64), 0.0),
            Variant::TopK { .. } | Variant::BatchTopK { .. } | Variant::JumpRelu { .. } => (1.0 / batch, 0.0),
        };
        Self { error, penalty: penalty * warmth, per_cell: 1.0 / batch }
    }
}

impl L0Penalty {
    /// The penalty at a mean number of active features, and its derivative by that number.
    pub(super) fn at(self, l0: f64, warmth: f64) -> (f64, f64) {
        match self {
            Self::Step { weight } => (warmth * weight * l0, warmth * weight),
            Self::Target { l0: target, weight } => {
                let off = l0 / target - 1.0;
                (warmth * weight * off * off, warmth * weight * 2.0 * off / target)
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
        let scales = |l1, loss| Scales::of(Variant::Vanilla { l1, loss }, sizes, 3, 1.0);
        let coded = scales(0.5, LossConvention::AsCoded);
        let printed = scales(0.5 * 4.0 / 20.0, LossConvention::AsPrinted);
        approx::assert_relative_eq!(printed.error, 4.0 * coded.error);
        approx::assert_relative_eq!(printed.penalty, 4.0 * coded.penalty);
    }

    #[test]
    fn the_penalty_by_target_is_zero_there_and_has_a_slope_elsewhere() {
        let penalty = L0Penalty::Target { l0: 8.0, weight: 2.0 };
        assert_eq!(penalty.at(8.0, 1.0), (0.0, 0.0));
        assert_eq!(penalty.at(16.0, 0.5), (1.0, 0.25));
        assert_eq!(L0Penalty::Step { weight: 3.0 }.at(16.0, 0.5), (24.0, 1.5));
    }

    #[test]
    fn means_are_over_cells() {
        let tally = Tally { n_cells: 3, squared_error: 24.0, n_active: 9.0, loss: 6.0 };
        let sizes = Sizes { d_in: 4, n_features: 20 };
        assert_eq!((tally.mse(sizes), tally.l0(), tally.loss()), (2.0, 3.0, 2.0));
    }
}
