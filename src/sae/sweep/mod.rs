//! Which training runs a sweep makes: one configuration, one or two of its settings varied, some seeds each.
//!
//! Runs come in the order of the axes, the first one slowest, the seeds of a configuration one after the other, so that
//! runs that differ in seed alone are neighbours. Everything that is not varied stays as the base has it, the learning
//! rate too: a rate that suits 512 features is then used with 2,048, unless it is an axis itself. Only where a variant
//! of the paper meets one of the field do the ways of training change with it ([`with_variant`]).
//!
//! Sparsity is whatever the variant has for it: k, a share, λ or the L0 aimed at. NaN is refused wherever it can come.

mod sparsity;

use serde::{Deserialize, Serialize};

use self::sparsity::whole;
pub use self::sparsity::{Sparsity, VARIANT_NAMES, usual_variant, variant_name, with_variant};
use super::{SaeParams, SaeParamsError, Variant};

/// Training runs a sweep may have, shuffled ones left out.
pub const MAX_SWEEP_RUNS: usize = 200;
/// Seeds a configuration may have.
pub const MAX_SWEEP_SEEDS: usize = 10;
/// Settings that may be varied at once.
pub const MAX_SWEEP_AXES: usize = 2;

/// A setting and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepAxis {
    /// The number of features h.
    Features(Vec<usize>),
    /// What keeps activations few: k, share in percent, λ or the L0 aimed at, whichever the variant has.
    Sparsity(Vec<f64>),
    /// Adam's learning rate.
    LearningRate(Vec<f64>),
    /// The variant, with its own settings.
    Variant(Vec<Variant>),
}

impl SweepAxis {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Features(values) => values.len(),
            Self::Sparsity(values) | Self::LearningRate(values) => values.len(),
            Self::Variant(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it is called in a sentence.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Features(_) => "the number of features",
            Self::Sparsity(_) => "the sparsity",
            Self::LearningRate(_) => "the learning rate",
            Self::Variant(_) => "the variant",
        }
    }

    fn has_repeats(&self) -> bool {
        fn any<T: PartialEq>(values: &[T]) -> bool {
            values.iter().enumerate().any(|(at, value)| values[..at].contains(value))
        }
        match self {
            Self::Features(values) => any(values),
            Self::Sparsity(values) | Self::LearningRate(values) => any(values),
            Self::Variant(values) => any(values),
        }
    }

    /// The base with the value at `at`; `None` where the variant can't take it.
    fn apply(&self, at: usize, base: &SaeParams) -> Option<SaeParams> {
        let params = base.clone();
        match self {
            Self::Features(values) => Some(SaeParams { n_features: values[at], ..params }),
            Self::LearningRate(values) => Some(SaeParams { learning_rate: values[at], ..params }),
            Self::Variant(values) => Some(with_variant(params, values[at])),
            Self::Sparsity(values) => {
                Sparsity::with(base.variant, values[at]).map(|variant| SaeParams { variant, ..params })
            }
        }
    }
}

/// Several training runs on one embedding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepParams {
    /// What is not varied; its seed is the first one.
    pub base: SaeParams,
    /// What is varied; with none, seeds alone.
    pub axes: Vec<SweepAxis>,
    /// Runs of each configuration, with the base's seed and those after it.
    pub n_seeds: usize,
    /// Whether baselines are measured, too: PCA, ICA, random directions, and every configuration on shuffled data.
    pub baselines: bool,
}

/// A training run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRun {
    /// Number of its configuration; runs that differ in seed alone share it.
    pub configuration: usize,
    /// What is trained.
    pub params: SaeParams,
}

/// Why a sweep is refused.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SweepError {
    /// More than two settings.
    #[error("a sweep varies at most {MAX_SWEEP_AXES} settings, not {found}; leave some as they are")]
    TooManyAxes {
        /// Axes given.
        found: usize,
    },
    /// A setting twice.
    #[error("{axis} is varied twice; list all its values once")]
    AxisTwice {
        /// The axis.
        axis: &'static str,
    },
    /// A setting without values.
    #[error("{axis} is varied but has no values; list some or leave it as it is")]
    NoValues {
        /// The axis.
        axis: &'static str,
    },
    /// A value twice.
    #[error("a value of {axis} stands there twice; list each once")]
    ValueTwice {
        /// The axis.
        axis: &'static str,
    },
    /// k that is no whole number.
    #[error("k must be a whole number of features, not {found}")]
    NotWhole {
        /// The value given.
        found: f64,
    },
    /// Variants that have different things for sparsity.
    #[error(
        "the variants keep activations few by different means ({first} and {second}); vary one of the two settings"
    )]
    MixedSparsity {
        /// Of the first variant.
        first: &'static str,
        /// Of one that differs.
        second: &'static str,
    },
    /// Seeds out of range.
    #[error("the number of seeds must be between 1 and {MAX_SWEEP_SEEDS}, not {found}")]
    Seeds {
        /// The value given.
        found: usize,
    },
    /// Too many runs.
    #[error("this makes {found} training runs, and a sweep has at most {MAX_SWEEP_RUNS}; list fewer values or seeds")]
    TooManyRuns {
        /// Runs asked for.
        found: usize,
    },
    /// A configuration that can't be trained.
    #[error("{configuration} can't be trained: {source}")]
    Configuration {
        /// Its name.
        configuration: String,
        /// Why.
        source: SaeParamsError,
    },
}

impl SweepParams {
    /// Number of configurations.
    pub fn n_configurations(&self) -> usize {
        self.axes.iter().map(SweepAxis::len).fold(1, usize::saturating_mul)
    }

    /// Number of training runs, those on shuffled data left out.
    pub fn n_runs(&self) -> usize {
        self.n_configurations().saturating_mul(self.n_seeds)
    }

    /// The configurations with the base's seed, the first axis slowest; empty where a variant can't take a value.
    pub fn configurations(&self) -> Vec<SaeParams> {
        let mut found = vec![self.base.clone()];
        for axis in &self.axes {
            let all = found.iter().map(|base| (0..axis.len()).map(|at| axis.apply(at, base)).collect());
            found = all.collect::<Option<Vec<Vec<_>>>>().unwrap_or_default().concat();
        }
        self.variants_first(found)
    }

    /// A variant that is the second axis would undo the sparsity of the first; there it is put in first.
    fn variants_first(&self, found: Vec<SaeParams>) -> Vec<SaeParams> {
        let [first @ SweepAxis::Sparsity(_), second @ SweepAxis::Variant(_)] = self.axes.as_slice() else {
            return found;
        };
        let cell = |i: usize, j: usize| second.apply(j, &self.base).and_then(|base| first.apply(i, &base));
        let cells = (0..first.len()).flat_map(|i| (0..second.len()).map(move |j| (i, j)));
        cells.map(|(i, j)| cell(i, j)).collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// All training runs in their order.
    pub fn runs(&self) -> Vec<SweepRun> {
        let seeds = 0..self.n_seeds as u64;
        let runs = self.configurations().into_iter().enumerate().flat_map(|(configuration, params)| {
            seeds.clone().map(move |at| {
                let seed = params.seed.wrapping_add(at);
                SweepRun { configuration, params: SaeParams { seed, ..params.clone() } }
            })
        });
        runs.collect()
    }

    /// What sets a configuration apart from the others, seed left out: "h 512, k 16"; without axes the variant and h.
    pub fn label(&self, params: &SaeParams) -> String {
        if self.axes.is_empty() {
            return format!("{}, h {}", variant_name(params.variant), params.n_features);
        }
        let part = |axis: &SweepAxis| match axis {
            SweepAxis::Features(_) => format!("h {}", params.n_features),
            SweepAxis::LearningRate(_) => format!("rate {}", params.learning_rate),
            SweepAxis::Variant(_) => variant_name(params.variant).to_owned(),
            SweepAxis::Sparsity(_) => {
                format!("{} {}", Sparsity::of(params.variant).name(), Sparsity::value(params.variant))
            }
        };
        self.axes.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// Checks the sweep against the data it is for: `n_cells` × `d_in` inputs.
    ///
    /// # Errors
    /// One [`SweepError`] per kind of mistake, with the value found and what is allowed.
    pub fn check(&self, n_cells: usize, d_in: usize) -> Result<(), SweepError> {
        if self.axes.len() > MAX_SWEEP_AXES {
            return Err(SweepError::TooManyAxes { found: self.axes.len() });
        }
        for (at, axis) in self.axes.iter().enumerate() {
            self.check_axis(at, axis)?;
        }
        if !(1..=MAX_SWEEP_SEEDS).contains(&self.n_seeds) {
            return Err(SweepError::Seeds { found: self.n_seeds });
        }
        if self.n_runs() > MAX_SWEEP_RUNS {
            return Err(SweepError::TooManyRuns { found: self.n_runs() });
        }
        self.check_sparsity()?;
        for params in self.configurations() {
            params.check(n_cells, d_in).map_err(|source| {
                let configuration = format!("the configuration {:?}", self.label(&params));
                SweepError::Configuration { configuration, source }
            })?;
        }
        Ok(())
    }

    fn check_axis(&self, at: usize, axis: &SweepAxis) -> Result<(), SweepError> {
        let is_same = |other: &SweepAxis| std::mem::discriminant(other) == std::mem::discriminant(axis);
        if axis.is_empty() {
            return Err(SweepError::NoValues { axis: axis.name() });
        }
        if self.axes[..at].iter().any(is_same) {
            return Err(SweepError::AxisTwice { axis: axis.name() });
        }
        if axis.has_repeats() { Err(SweepError::ValueTwice { axis: axis.name() }) } else { Ok(()) }
    }

    /// Sparsity means one thing in all variants, and k is whole.
    fn check_sparsity(&self) -> Result<(), SweepError> {
        let values = self.axes.iter().find_map(|axis| match axis {
            SweepAxis::Sparsity(values) => Some(values),
            _ => None,
        });
        let Some(values) = values else { return Ok(()) };
        let variants = self.axes.iter().find_map(|axis| match axis {
            SweepAxis::Variant(variants) => Some(variants.as_slice()),
            _ => None,
        });
        let kinds = variants.unwrap_or(std::slice::from_ref(&self.base.variant)).iter().map(|&at| Sparsity::of(at));
        let kinds: Vec<Sparsity> = kinds.collect();
        if let Some(&other) = kinds.iter().find(|kind| **kind != kinds[0]) {
            return Err(SweepError::MixedSparsity { first: kinds[0].name(), second: other.name() });
        }
        let found = values.iter().copied().find(|&value| kinds[0] == Sparsity::K && whole(value).is_none());
        found.map_or(Ok(()), |found| Err(SweepError::NotWhole { found }))
    }
}

/// How long a training run takes in proportion to others: cells seen × features × (d + what a feature costs without
/// any dimension). Early stops are not foreseen.
pub fn relative_cost(params: &SaeParams, n_cells: usize, d_in: usize) -> f64 {
    const PER_FEATURE: f64 = 8.0;
    let n_seen = n_cells as f64 * (1.0 - params.hold_out.share) * params.n_epochs as f64;
    n_seen * params.n_features as f64 * (d_in as f64 + PER_FEATURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::LossConvention;

    fn sweep(axes: Vec<SweepAxis>) -> SweepParams {
        SweepParams { base: SaeParams { seed: 7, ..SaeParams::default() }, axes, n_seeds: 2, baselines: false }
    }

    fn vanilla() -> Variant {
        Variant::Vanilla { l1: 1e-3, loss: LossConvention::AsCoded }
    }

    #[test]
    fn seeds_run_fastest_and_the_first_axis_slowest() {
        let sweep = sweep(vec![SweepAxis::Features(vec![32, 64]), SweepAxis::Sparsity(vec![4.0, 8.0])]);
        assert_eq!((sweep.n_configurations(), sweep.n_runs(), sweep.check(1000, 10)), (4, 8, Ok(())));
        let seen: Vec<_> = sweep.runs().iter().map(|run| (run.configuration, run.params.seed)).collect();
        assert_eq!(seen, [(0, 7), (0, 8), (1, 7), (1, 8), (2, 7), (2, 8), (3, 7), (3, 8)]);
        let labels: Vec<_> = sweep.configurations().iter().map(|params| sweep.label(params)).collect();
        assert_eq!(labels, ["h 32, k 4", "h 32, k 8", "h 64, k 4", "h 64, k 8"]);
    }

    #[test]
    fn without_axes_there_are_seeds_alone() {
        let sweep = sweep(Vec::new());
        assert_eq!((sweep.n_configurations(), sweep.runs().len()), (1, 2));
        assert_eq!(sweep.label(&sweep.base), "topk, h 512");
    }

    #[test]
    fn a_batch_may_have_all_cells_that_are_trained_on() {
        let with_batch = |batch_size| {
            let seeds = sweep(Vec::new());
            SweepParams { base: SaeParams { batch_size, ..seeds.base }, ..seeds }.check(200, 10)
        };
        assert_eq!(with_batch(180), Ok(()));
        let source = SaeParamsError::Batch { found: 181, n_cells: 180 };
        let configuration = "the configuration \"topk, h 512\"".to_owned();
        assert_eq!(with_batch(181), Err(SweepError::Configuration { configuration, source }));
    }

    #[test]
    fn sparsity_is_what_the_variant_has() {
        let mut sweep = sweep(vec![SweepAxis::Sparsity(vec![0.5, 2.0])]);
        assert_eq!(sweep.check(1000, 10), Err(SweepError::NotWhole { found: 0.5 }));
        sweep.base.variant = vanilla();
        assert_eq!(sweep.check(1000, 10), Ok(()));
        let values: Vec<f64> = sweep.configurations().iter().map(|params| Sparsity::value(params.variant)).collect();
        assert_eq!(values, [0.5, 2.0]);
    }

    #[test]
    fn variants_and_sparsity_cross_in_either_order() {
        let variants = vec![Variant::TopK { k: 1, aux: 0.0 }, Variant::BatchTopK { k: 1, aux: 0.0 }];
        let ks = vec![3.0, 5.0];
        let one = sweep(vec![SweepAxis::Variant(variants.clone()), SweepAxis::Sparsity(ks.clone())]);
        let other = sweep(vec![SweepAxis::Sparsity(ks), SweepAxis::Variant(variants)]);
        let of = |sweep: &SweepParams| {
            let mut labels: Vec<_> = sweep.configurations().iter().map(|params| params.variant.k(512)).collect();
            labels.sort_unstable();
            labels
        };
        assert_eq!(of(&one), of(&other));
        assert_eq!(of(&one), [Some(3), Some(3), Some(5), Some(5)]);
        assert_eq!(other.label(&other.configurations()[1]), "k 3, batch_topk");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        let check = |axes| sweep(axes).check(1000, 10);
        let features = |values: &[usize]| SweepAxis::Features(values.to_vec());
        assert_eq!(check(vec![features(&[])]), Err(SweepError::NoValues { axis: "the number of features" }));
        assert_eq!(check(vec![features(&[4, 4])]), Err(SweepError::ValueTwice { axis: "the number of features" }));
        assert_eq!(
            check(vec![features(&[20]), features(&[30])]),
            Err(SweepError::AxisTwice { axis: "the number of features" })
        );
        let three = vec![features(&[20]), SweepAxis::LearningRate(vec![0.1]), SweepAxis::Sparsity(vec![2.0])];
        assert_eq!(check(three), Err(SweepError::TooManyAxes { found: 3 }));
        let many: Vec<usize> = (20..200).collect();
        assert_eq!(check(vec![features(&many)]), Err(SweepError::TooManyRuns { found: 360 }));
        let mixed =
            vec![SweepAxis::Variant(vec![vanilla(), Variant::TopK { k: 2, aux: 0.0 }]), SweepAxis::Sparsity(vec![1.0])];
        assert_eq!(check(mixed), Err(SweepError::MixedSparsity { first: "l1", second: "k" }));
        let none = SweepParams { n_seeds: 0, ..sweep(Vec::new()) };
        assert_eq!(none.check(1000, 10), Err(SweepError::Seeds { found: 0 }));
        let source = SaeParamsError::K { k: 16, n_features: 8 };
        let configuration = "the configuration \"h 8\"".to_owned();
        assert_eq!(check(vec![features(&[8])]), Err(SweepError::Configuration { configuration, source }));
    }

    #[test]
    fn cost_grows_with_what_is_computed() {
        let params = SaeParams { n_features: 100, n_epochs: 2, ..SaeParams::default().plain() };
        assert_eq!(relative_cost(&params, 1000, 12), 2.0 * 1000.0 * 100.0 * 20.0);
    }
}
