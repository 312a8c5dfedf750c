//! The numbers among the settings, read and set by name, so that forms and options need no list of their own.
//!
//! Counts are rounded towards 0 and numbers out of a count's range become its nearest bound; [`SaeParams::check`]
//! judges what comes out. The seed is no such number: it needs all of its 64 bits.

use super::{L0Penalty, SaeField, SaeParams, Variant};

/// How a number is kept.
enum Slot<'a> {
    Number(&'a mut f64),
    Count(&'a mut usize),
    OptionalNumber(&'a mut Option<f64>),
    OptionalCount(&'a mut Option<usize>),
}

impl SaeParams {
    /// The value of a setting that is a number these parameters have; `None` also where an optional one is not set.
    pub fn number(&self, field: SaeField) -> Option<f64> {
        match self.clone().slot(field)? {
            Slot::Number(value) => Some(*value),
            Slot::Count(value) => Some(*value as f64),
            Slot::OptionalNumber(value) => *value,
            Slot::OptionalCount(value) => value.map(|value| value as f64),
        }
    }

    /// Sets a number; `None` leaves an optional setting out and changes no other. Whether there is such a setting.
    pub fn set_number(&mut self, field: SaeField, value: Option<f64>) -> bool {
        match (self.slot(field), value) {
            (None, _) => return false,
            (Some(Slot::Number(slot)), Some(value)) => *slot = value,
            (Some(Slot::Count(slot)), Some(value)) => *slot = value as usize,
            (Some(Slot::OptionalNumber(slot)), value) => *slot = value,
            (Some(Slot::OptionalCount(slot)), value) => *slot = value.map(|value| value as usize),
            (Some(Slot::Number(_) | Slot::Count(_)), None) => {}
        }
        true
    }

    fn slot(&mut self, field: SaeField) -> Option<Slot<'_>> {
        Some(match field {
            SaeField::Features => Slot::Count(&mut self.n_features),
            SaeField::LearningRate => Slot::Number(&mut self.learning_rate),
            SaeField::Batch => Slot::Count(&mut self.batch_size),
            SaeField::Epochs => Slot::Count(&mut self.n_epochs),
            SaeField::Clip => Slot::OptionalNumber(&mut self.clip),
            SaeField::WarmUp => Slot::Number(&mut self.schedule.warm_up),
            SaeField::Decay => Slot::Number(&mut self.schedule.decay),
            SaeField::SparsityWarmUp => Slot::Number(&mut self.schedule.sparsity_warm_up),
            SaeField::KAnneal => Slot::Number(&mut self.schedule.k_anneal),
            SaeField::DeadEpochs => Slot::Number(&mut self.dead_epochs),
            SaeField::HoldOut => Slot::Number(&mut self.hold_out.share),
            SaeField::Patience => Slot::OptionalCount(&mut self.patience),
            of_variant => return self.variant.slot(of_variant),
        })
    }
}

impl Variant {
    fn slot(&mut self, field: SaeField) -> Option<Slot<'_>> {
        match (self, field) {
            (Self::TopK { k, .. } | Self::BatchTopK { k, .. } | Self::Matryoshka { k, .. }, SaeField::K) => {
                Some(Slot::Count(k))
            }
            (Self::TopK { aux, .. } | Self::BatchTopK { aux, .. } | Self::Matryoshka { aux, .. }, SaeField::Aux) => {
                Some(Slot::Number(aux))
            }
            (Self::Matryoshka { n_prefixes, .. }, SaeField::Prefixes) => Some(Slot::Count(n_prefixes)),
            (Self::TopKShare { percent }, SaeField::Percent) => Some(Slot::Number(percent)),
            (
                Self::Vanilla { l1, .. } | Self::Bricken { l1, .. } | Self::ReluL1 { l1 } | Self::Gated { l1 },
                SaeField::L1,
            ) => Some(Slot::Number(l1)),
            (Self::JumpRelu { bandwidth, .. }, SaeField::Bandwidth) => Some(Slot::Number(bandwidth)),
            (Self::JumpRelu { threshold, .. }, SaeField::Threshold) => Some(Slot::Number(threshold)),
            (Self::JumpRelu { penalty: L0Penalty::Target { l0, .. }, .. }, SaeField::L0) => Some(Slot::Number(l0)),
            (
                Self::JumpRelu { penalty: L0Penalty::Target { weight, .. } | L0Penalty::Step { weight }, .. },
                SaeField::L0Weight,
            ) => Some(Slot::Number(weight)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::VariantKind;

    #[test]
    fn numbers_are_read_as_they_were_set() {
        for kind in VariantKind::ALL {
            let mut params = SaeParams { variant: kind.usual(20, 4), ..SaeParams::default() };
            let of_all = [SaeField::Features, SaeField::Batch, SaeField::Clip, SaeField::Patience, SaeField::Decay];
            let numbers = kind.fields().iter().copied().filter(|field| *field != SaeField::Loss);
            for (at, field) in numbers.chain(of_all).enumerate() {
                assert!(params.set_number(field, Some(at as f64 + 2.0)), "{kind:?} {field:?}");
                assert_eq!(params.number(field), Some(at as f64 + 2.0), "{kind:?} {field:?}");
            }
        }
    }

    #[test]
    fn settings_a_variant_lacks_are_not_there() {
        let mut params = SaeParams { variant: Variant::Gated { l1: 1.0 }, ..SaeParams::default() };
        assert_eq!((params.number(SaeField::K), params.set_number(SaeField::K, Some(3.0))), (None, false));
        assert!(!params.set_number(SaeField::Seed, Some(3.0)));
    }

    #[test]
    fn only_optional_settings_can_be_left_out() {
        let mut params = SaeParams::default();
        assert!(params.set_number(SaeField::Clip, None) && params.set_number(SaeField::Batch, None));
        assert_eq!((params.clip, params.batch_size), (None, 256));
        assert!(params.set_number(SaeField::Batch, Some(-3.0)));
        assert_eq!(params.batch_size, 0);
    }
}
