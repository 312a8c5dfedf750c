//! The variants without their settings: which settings each has, and where these start from.
//!
//! Starting values: k by the embedding's width; λ of the sum convention in proportion to √d (5 at d = 4,096 in
//! Anthropic's update of April 2024, for inputs of E‖x‖² = d); JumpReLU's ε and θ as SAELens has them for inputs of
//! that length, its penalty on (L0/k − 1)² with the weight d, for the error is a sum over d; the paper's λ = 1e-3.

use serde::{Deserialize, Serialize};

use super::{L0Penalty, LossConvention, SaeField, USUAL_AUX, Variant};

/// λ of the sum convention per √d.
const L1_PER_ROOT_DIM: f64 = 5.0 / 64.0;

/// A variant without its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantKind {
    /// [`Variant::TopK`].
    TopK,
    /// [`Variant::BatchTopK`].
    BatchTopK,
    /// [`Variant::Matryoshka`].
    Matryoshka,
    /// [`Variant::JumpRelu`].
    JumpRelu,
    /// [`Variant::Gated`].
    Gated,
    /// [`Variant::ReluL1`].
    ReluL1,
    /// [`Variant::Vanilla`].
    Vanilla,
    /// [`Variant::Bricken`].
    Bricken,
    /// [`Variant::TopKShare`].
    TopKShare,
}

impl VariantKind {
    /// All of them: the field's usual ones, then the paper's.
    pub const ALL: [Self; 9] = [
        Self::TopK,
        Self::BatchTopK,
        Self::Matryoshka,
        Self::JumpRelu,
        Self::Gated,
        Self::ReluL1,
        Self::Vanilla,
        Self::Bricken,
        Self::TopKShare,
    ];

    /// Whether it is one of the paper's; see [`Variant::is_of_the_paper`].
    pub fn is_of_the_paper(self) -> bool {
        matches!(self, Self::Vanilla | Self::Bricken | Self::TopKShare)
    }

    /// The settings it has of its own, in the order a person meets them.
    pub fn fields(self) -> &'static [SaeField] {
        match self {
            Self::TopK | Self::BatchTopK => &[SaeField::K, SaeField::Aux],
            Self::Matryoshka => &[SaeField::K, SaeField::Prefixes, SaeField::Aux],
            Self::JumpRelu => &[SaeField::L0, SaeField::L0Weight, SaeField::Bandwidth, SaeField::Threshold],
            Self::Gated | Self::ReluL1 => &[SaeField::L1],
            Self::Vanilla | Self::Bricken => &[SaeField::L1, SaeField::Loss],
            Self::TopKShare => &[SaeField::Percent],
        }
    }

    /// Whether it has a penalty whose weight can rise during the run.
    pub fn has_penalty(self) -> bool {
        self.fields().iter().any(|field| matches!(field, SaeField::L1 | SaeField::L0Weight))
    }

    /// Whether k can fall during the run.
    pub fn keeps_k(self) -> bool {
        self.fields().contains(&SaeField::K) || self == Self::TopKShare
    }

    /// The variant with the settings it starts from, for `d_in` dimensions and `k` active features a cell.
    pub fn usual(self, d_in: usize, k: usize) -> Variant {
        let l1 = one_digit(L1_PER_ROOT_DIM * (d_in.max(1) as f64).sqrt());
        let (aux, loss) = (USUAL_AUX, LossConvention::AsCoded);
        match self {
            Self::TopK => Variant::TopK { k, aux },
            Self::BatchTopK => Variant::BatchTopK { k, aux },
            Self::Matryoshka => Variant::Matryoshka { k, n_prefixes: 4, aux },
            Self::JumpRelu => {
                let penalty = L0Penalty::Target { l0: k as f64, weight: d_in.max(1) as f64 };
                Variant::JumpRelu { bandwidth: 0.05, threshold: 0.01, penalty }
            }
            Self::Gated => Variant::Gated { l1 },
            Self::ReluL1 => Variant::ReluL1 { l1 },
            Self::Vanilla => Variant::Vanilla { l1: 1e-3, loss },
            Self::Bricken => Variant::Bricken { l1: 1e-3, loss },
            Self::TopKShare => Variant::TopKShare { percent: 5.0 },
        }
    }
}

impl Variant {
    /// Which variant it is.
    pub fn kind(self) -> VariantKind {
        match self {
            Self::Vanilla { .. } => VariantKind::Vanilla,
            Self::Bricken { .. } => VariantKind::Bricken,
            Self::TopKShare { .. } => VariantKind::TopKShare,
            Self::ReluL1 { .. } => VariantKind::ReluL1,
            Self::TopK { .. } => VariantKind::TopK,
            Self::BatchTopK { .. } => VariantKind::BatchTopK,
            Self::JumpRelu { .. } => VariantKind::JumpRelu,
            Self::Matryoshka { .. } => VariantKind::Matryoshka,
            Self::Gated { .. } => VariantKind::Gated,
        }
    }
}

impl LossConvention {
    /// λ in this convention for a λ of the other: the two differ by d/h.
    pub fn l1_from_other(self, l1: f64, d_in: usize, n_features: usize) -> f64 {
        let ratio = d_in.max(1) as f64 / n_features.max(1) as f64;
        match self {
            Self::AsPrinted => l1 * ratio,
            Self::AsCoded => l1 / ratio,
        }
    }
}

/// The nearest number with one digit that is not 0.
fn one_digit(value: f64) -> f64 {
    let unit = libm::pow(10.0, libm::log10(value).floor());
    // A quotient of small integers is written shorter than a product with a power below 1.
    if unit < 1.0 { (value / unit).round() / (1.0 / unit).round() } else { (value / unit).round() * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_its_own_variant_that_can_be_trained() {
        for kind in VariantKind::ALL {
            let variant = kind.usual(20, 8);
            assert_eq!((variant.kind(), variant.is_of_the_paper()), (kind, kind.is_of_the_paper()));
            let params = super::super::SaeParams { variant, ..Default::default() };
            assert_eq!(params.check(1000, 20), Ok(()));
        }
    }

    #[test]
    fn the_penalty_grows_with_the_root_of_the_dimensions() {
        assert_eq!(VariantKind::ReluL1.usual(4096, 32), Variant::ReluL1 { l1: 5.0 });
        assert_eq!(VariantKind::Gated.usual(50, 16), Variant::Gated { l1: 0.6 });
        assert_eq!(VariantKind::ReluL1.usual(1, 1), Variant::ReluL1 { l1: 0.08 });
    }

    #[test]
    fn the_two_conventions_are_one_factor_apart() {
        let printed = LossConvention::AsPrinted.l1_from_other(1e-3, 20, 10_000);
        approx::assert_relative_eq!(printed, 2e-6);
        approx::assert_relative_eq!(LossConvention::AsCoded.l1_from_other(printed, 20, 10_000), 1e-3);
    }
}
