//! What keeps activations few, by variant, and a configuration with another variant.
//!
//! A k that is negative, NaN or no whole number is no k.

use serde::{Deserialize, Serialize};

use crate::sae::{L0Penalty, SaeParams, Variant, VariantKind};

/// What a variant has to keep activations few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sparsity {
    /// Features kept per cell.
    K,
    /// Share of the features kept per cell, in percent.
    Percent,
    /// Weight λ of a penalty.
    L1,
    /// The L0 aimed at.
    TargetL0,
    /// Weight of L0.
    L0Weight,
}

impl Sparsity {
    /// What a variant has.
    pub fn of(variant: Variant) -> Self {
        match variant {
            Variant::TopKShare { .. } => Self::Percent,
            Variant::TopK { .. } | Variant::BatchTopK { .. } | Variant::Matryoshka { .. } => Self::K,
            Variant::JumpRelu { penalty: L0Penalty::Target { .. }, .. } => Self::TargetL0,
            Variant::JumpRelu { penalty: L0Penalty::Step { .. }, .. } => Self::L0Weight,
            Variant::Vanilla { .. } | Variant::Bricken { .. } | Variant::ReluL1 { .. } | Variant::Gated { .. } => {
                Self::L1
            }
        }
    }

    /// Its short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::K => "k",
            Self::Percent => "percent",
            Self::L1 => "l1",
            Self::TargetL0 => "target l0",
            Self::L0Weight => "l0 weight",
        }
    }

    /// The value a variant has.
    pub fn value(variant: Variant) -> f64 {
        match variant {
            Variant::TopKShare { percent } => percent,
            Variant::TopK { k, .. } | Variant::BatchTopK { k, .. } | Variant::Matryoshka { k, .. } => k as f64,
            Variant::JumpRelu { penalty: L0Penalty::Target { l0, .. }, .. } => l0,
            Variant::JumpRelu { penalty: L0Penalty::Step { weight }, .. } => weight,
            Variant::Vanilla { l1, .. }
            | Variant::Bricken { l1, .. }
            | Variant::ReluL1 { l1 }
            | Variant::Gated { l1 } => l1,
        }
    }

    /// The variant with another value; `None` for a k that is no whole number.
    pub(super) fn with(mut variant: Variant, value: f64) -> Option<Variant> {
        match &mut variant {
            Variant::TopKShare { percent } => *percent = value,
            Variant::TopK { k, .. } | Variant::BatchTopK { k, .. } | Variant::Matryoshka { k, .. } => {
                *k = whole(value)?;
            }
            Variant::JumpRelu { penalty: L0Penalty::Target { l0, .. }, .. } => *l0 = value,
            Variant::JumpRelu { penalty: L0Penalty::Step { weight }, .. } => *weight = value,
            Variant::Vanilla { l1, .. }
            | Variant::Bricken { l1, .. }
            | Variant::ReluL1 { l1 }
            | Variant::Gated { l1 } => *l1 = value,
        }
        Some(variant)
    }
}

/// The value as a number of features, if it is one.
pub(super) fn whole(value: f64) -> Option<usize> {
    (value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0).then_some(value as usize)
}

/// The parameters with another variant; from a variant of the paper to one of the field or back, ways of training
/// change to those usual there, and cells are held out as before.
pub fn with_variant(params: SaeParams, variant: Variant) -> SaeParams {
    let hold_out = params.hold_out.clone();
    let patience = params.patience;
    match (params.variant.is_of_the_paper(), variant.is_of_the_paper()) {
        (false, true) => SaeParams { variant, hold_out, patience, ..params.plain() },
        (true, false) => {
            let SaeParams { n_features, learning_rate, batch_size, n_epochs, seed, dead_epochs, .. } = params;
            let unit_decoder = variant.reads_decoder_bias();
            let usual = SaeParams::default();
            let kept = SaeParams { n_features, learning_rate, batch_size, n_epochs, seed, dead_epochs, ..usual };
            SaeParams { variant, unit_decoder, hold_out, patience, ..kept }
        }
        _ => SaeParams { variant, ..params },
    }
}

/// A variant's short name, as in `variant.kind` of its serialised form.
pub fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::Vanilla { .. } => "vanilla",
        Variant::Bricken { .. } => "bricken",
        Variant::TopKShare { .. } => "topk_share",
        Variant::ReluL1 { .. } => "relu_l1",
        Variant::TopK { .. } => "topk",
        Variant::BatchTopK { .. } => "batch_topk",
        Variant::JumpRelu { .. } => "jump_relu",
        Variant::Matryoshka { .. } => "matryoshka",
        Variant::Gated { .. } => "gated",
    }
}

/// Names of all variants, as [`variant_name`] gives them.
pub const VARIANT_NAMES: [&str; 9] =
    ["topk", "batch_topk", "matryoshka", "jump_relu", "gated", "relu_l1", "vanilla", "bricken", "topk_share"];

/// The variant of that name for `d_in` dimensions: the base's own where it is that one, else with the settings it starts
/// from ([`VariantKind::usual`]) and the base's k (16 where it has none). Weights of penalties want sweeping themselves.
pub fn usual_variant(name: &str, base: &SaeParams, d_in: usize) -> Option<Variant> {
    if variant_name(base.variant) == name {
        return Some(base.variant);
    }
    let k = base.variant.k(base.n_features).unwrap_or(16).clamp(1, base.n_features.max(1));
    let usual = VariantKind::ALL.map(|kind| kind.usual(d_in, k));
    usual.into_iter().find(|variant| variant_name(*variant) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::LossConvention;

    fn vanilla() -> Variant {
        Variant::Vanilla { l1: 1e-3, loss: LossConvention::AsCoded }
    }

    #[test]
    fn the_paper_and_the_field_train_in_their_own_ways() {
        let field = SaeParams::default();
        let paper = with_variant(field.clone(), vanilla());
        assert!(!paper.unit_decoder && paper.clip.is_none() && !paper.center_inputs);
        assert_eq!(paper.hold_out, field.hold_out);
        let back = with_variant(paper, field.variant);
        assert_eq!(back, field);
        assert!(!with_variant(SaeParams { variant: vanilla(), ..field }, Variant::ReluL1 { l1: 1.0 }).unit_decoder);
    }

    #[test]
    fn every_name_is_a_variant_that_can_be_trained() {
        let base = SaeParams::default();
        for name in VARIANT_NAMES {
            let variant = usual_variant(name, &base, 20).unwrap();
            assert_eq!(variant_name(variant), name);
            assert_eq!(with_variant(base.clone(), variant).check(1000, 20), Ok(()), "{name}");
        }
        assert_eq!(usual_variant("transcoder", &base, 20), None);
        assert_eq!(usual_variant("batch_topk", &base, 20).unwrap().k(512), base.variant.k(512));
    }

    #[test]
    fn k_is_a_whole_number() {
        assert_eq!((whole(3.0), whole(0.5), whole(-1.0), whole(f64::NAN)), (Some(3), None, None, None));
    }
}
