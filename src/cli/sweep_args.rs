//! The options of sweeps: several configurations trained in place of one.

use std::str::FromStr;

use clap::Args;

use super::error::CliError;
use crate::protocol::{SaeParams, Sparsity, SweepAxis, SweepParams, usual_variant};

/// Options of sweeps.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of sweeps (several training runs, one after the other)")]
pub(super) struct SweepOptions {
    /// Train with each of these values of hidden, lr, variant, or what keeps activations few (k, l1, percent, l0);
    /// at most twice, every value with every other. Writes sweep.csv.
    #[arg(long, value_name = "NAME=V[,V…]", conflicts_with_all = ["weights", "resume"])]
    sweep: Vec<AxisArg>,
    /// Train each configuration with so many seeds, --seed and those after it, and match their features [default: 1].
    #[arg(long, value_name = "N", conflicts_with_all = ["weights", "resume"], allow_negative_numbers = true)]
    seeds: Option<usize>,
    /// Add PCA, ICA, random directions and every configuration on shuffled data to sweep.csv.
    #[arg(long, conflicts_with_all = ["weights", "resume"])]
    baselines: bool,
    /// Go on with this run of sweep.csv; without it with the first, for no single number says which is best.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["weights", "resume"])]
    take: Option<std::num::NonZeroU32>,
}

impl SweepOptions {
    /// The sweep around `base` over `d_in` dimensions, if one is asked for.
    ///
    /// # Errors
    /// [`CliError::Usage`] for names and values that make no sense, and `--take` without a sweep.
    pub(super) fn params(&self, base: &SaeParams, d_in: usize) -> Result<Option<SweepParams>, CliError> {
        if !self.is_asked_for() {
            return match self.take {
                Some(_) => Err(CliError::Usage("--take belongs to --sweep, --seeds or --baselines".to_owned())),
                None => Ok(None),
            };
        }
        let axes = self.sweep.iter().map(|arg| arg.axis(base, d_in)).collect::<Result<_, _>>()?;
        let n_seeds = self.seeds.unwrap_or(1);
        Ok(Some(SweepParams { base: base.clone(), axes, n_seeds, baselines: self.baselines }))
    }

    /// Whether there is a sweep.
    pub(super) fn is_asked_for(&self) -> bool {
        !self.sweep.is_empty() || self.seeds.is_some() || self.baselines
    }

    /// The run to go on with, from 0, and whether it was asked for.
    pub(super) fn take(&self) -> (u32, bool) {
        (self.take.map_or(0, |run| run.get() - 1), self.take.is_some())
    }
}

/// `NAME=V,V`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AxisArg {
    name: String,
    values: Vec<String>,
}

impl FromStr for AxisArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, values) = text.split_once('=').ok_or("expected NAME=V,V, such as k=16,32")?;
        let values = values.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        Ok(Self { name: name.trim().to_owned(), values: values.collect() })
    }
}

impl AxisArg {
    fn axis(&self, base: &SaeParams, d_in: usize) -> Result<SweepAxis, CliError> {
        let sparsity = Sparsity::of(base.variant);
        match self.name.as_str() {
            "hidden" => Ok(SweepAxis::Features(self.all(|value| value.parse().ok())?)),
            "lr" => Ok(SweepAxis::LearningRate(self.all(|value| value.parse().ok())?)),
            "variant" => Ok(SweepAxis::Variant(self.all(|value| usual_variant(value, base, d_in))?)),
            "k" | "l1" | "percent" | "l0" => {
                // With variants swept, too, the engine checks that all of them have the same.
                let fits = match sparsity {
                    Sparsity::K => self.name == "k",
                    Sparsity::L1 => self.name == "l1",
                    Sparsity::Percent => self.name == "percent",
                    Sparsity::TargetL0 | Sparsity::L0Weight => self.name == "l0",
                };
                if !fits {
                    let Self { name, .. } = self;
                    let text = format!("--sweep {name}=…: the variant trained has {}, not {name}", sparsity.name());
                    return Err(CliError::Usage(text));
                }
                Ok(SweepAxis::Sparsity(self.all(|value| value.parse().ok())?))
            }
            other => Err(CliError::Usage(format!(
                "--sweep {other}=…: there is no such setting; there are hidden, lr, variant, k, l1, percent and l0"
            ))),
        }
    }

    fn all<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, CliError> {
        let wrong = |value: &String| CliError::Usage(format!("--sweep {}=…: {value:?} is no value for it", self.name));
        self.values.iter().map(|value| read(value).ok_or_else(|| wrong(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        sweep: SweepOptions,
        #[arg(long)]
        weights: Option<String>,
        #[arg(long)]
        resume: Option<String>,
    }

    fn params(words: &[&str]) -> Result<Option<SweepParams>, String> {
        let line = Line::try_parse_from([&["x"][..], words].concat()).map_err(|error| error.to_string())?;
        line.sweep.params(&SaeParams::default(), 20).map_err(|error| error.to_string())
    }

    #[test]
    fn axes_come_in_the_order_given() {
        let found = params(&["--sweep", "hidden=256,512", "--sweep", "k=16,32", "--seeds", "3"]).unwrap().unwrap();
        assert_eq!(found.axes, [SweepAxis::Features(vec![256, 512]), SweepAxis::Sparsity(vec![16.0, 32.0])]);
        assert_eq!((found.n_seeds, found.baselines, found.n_runs()), (3, false, 12));
        assert_eq!(params(&[]), Ok(None));
        assert_eq!(params(&["--baselines"]).unwrap().unwrap().n_runs(), 1);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert!(params(&["--sweep", "l1=0.1"]).unwrap_err().contains("has k, not l1"));
        assert!(params(&["--sweep", "depth=2"]).unwrap_err().contains("there is no such setting"));
        assert!(params(&["--sweep", "lr=fast"]).unwrap_err().contains("\"fast\""));
        assert!(params(&["--sweep", "k"]).unwrap_err().contains("NAME=V,V"));
        assert!(params(&["--take", "2"]).unwrap_err().contains("--take belongs to"));
        assert!(params(&["--seeds", "2", "--weights", "d"]).unwrap_err().contains("cannot be used with"));
    }
}
