//! What a sweep varies, as a person typed it, and how long it will take. Pure.
//!
//! The base is the training form where it stands, else what the autoencoder in use was trained with, else the defaults.

use crate::plot::format::significant;
use crate::protocol::{
    SaeOrigin, SaeParams, SaeSummary, Sparsity, SweepAxis, SweepKind, SweepParams, SweepSummary, VARIANT_NAMES,
    Variant, relative_cost, usual_variant,
};
use crate::ui::state::State;
use crate::ui::text;

/// Seconds for one unit of [`relative_cost`] where nothing was trained here yet: a laptop's order of magnitude.
const GUESSED_SECS: f64 = 3e-10;

/// What can be varied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Varied {
    /// Nothing.
    #[default]
    Nothing,
    Features,
    Sparsity,
    LearningRate,
    Variant,
}

impl Varied {
    pub(super) const ALL: [Self; 5] =
        [Self::Nothing, Self::Features, Self::Sparsity, Self::LearningRate, Self::Variant];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Features => "features",
            Self::Sparsity => "sparsity",
            Self::LearningRate => "learning_rate",
            Self::Variant => "variant",
        }
    }

    pub(super) fn of_key(key: &str) -> Self {
        Self::ALL.into_iter().find(|varied| varied.key() == key).unwrap_or_default()
    }

    /// What it is called for a variant.
    pub(super) fn name(self, variant: Variant) -> String {
        match self {
            Self::Nothing => "Nothing".to_owned(),
            Self::Features => "Number of features".to_owned(),
            Self::LearningRate => "Learning rate".to_owned(),
            Self::Variant => "Variant".to_owned(),
            Self::Sparsity => format!("Sparsity ({})", Sparsity::of(variant).name()),
        }
    }

    /// Values to begin with: around the base's own.
    pub(super) fn usual(self, base: &SaeParams) -> String {
        let around = |value: f64, factors: [f64; 3], digits: f64| {
            let value = |factor: f64| (value * factor * digits).round() / digits;
            factors.map(|factor| value(factor).to_string()).join(", ")
        };
        match self {
            Self::Nothing => String::new(),
            Self::Features => around(base.n_features as f64, [0.5, 1.0, 2.0], 1.0),
            Self::LearningRate => around(base.learning_rate, [0.5, 1.0, 2.0], 1e6),
            Self::Variant => "topk, batch_topk, gated".to_owned(),
            Self::Sparsity => {
                let digits = if Sparsity::of(base.variant) == Sparsity::K { 1.0 } else { 1e6 };
                around(Sparsity::value(base.variant), [0.5, 1.0, 2.0], digits)
            }
        }
    }
}

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SweepForm {
    /// What is varied, and the values as they were typed.
    pub(super) axes: [(Varied, String); 2],
    pub(super) n_seeds: String,
    pub(super) baselines: bool,
}

impl Default for SweepForm {
    fn default() -> Self {
        let nothing = || (Varied::Nothing, String::new());
        Self { axes: [nothing(), nothing()], n_seeds: "3".to_owned(), baselines: false }
    }
}

/// What is not varied, and the data it is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Base {
    pub(super) embedding: String,
    pub(super) params: SaeParams,
    pub(super) n_cells: usize,
    pub(super) d_in: usize,
}

impl Base {
    /// The base as the page stands; `None` without an embedding.
    pub(super) fn of(state: &State) -> Option<Self> {
        let dataset = state.dataset.as_ref()?;
        let is_there = |name: &String| dataset.embeddings.iter().any(|known| known.name == *name);
        let settings = state.settings.as_ref().map(|settings| (**settings).clone()).filter(|found| is_there(&found.0));
        let trained = || state.sae.as_ref().and_then(|sae| trained(sae));
        let (embedding, params) = settings.or_else(trained).or_else(|| {
            let batch_size = SaeParams::default().batch_size.min(dataset.n_cells * 9 / 10).max(1);
            Some((dataset.default_embedding.clone()?, SaeParams { batch_size, ..SaeParams::default() }))
        })?;
        let d_in = dataset.embeddings.iter().find(|known| known.name == embedding)?.n_dims;
        Some(Self { embedding, params, n_cells: dataset.n_cells, d_in })
    }

    /// The base in a line.
    pub(super) fn line(&self) -> String {
        let SaeParams { n_features, learning_rate, n_epochs, .. } = &self.params;
        let variant = text::variant_name(self.params.variant);
        let held_out = match self.params.hold_out.share {
            share if share > 0.0 => crate::plot::format::percent(share),
            _ => "none".to_owned(),
        };
        let rate = significant(*learning_rate, 2);
        format!(
            "On {}: {variant}, {n_features} features, rate {rate}, {n_epochs} epochs, cells held out: {held_out}",
            self.embedding
        )
    }
}

fn trained(sae: &SaeSummary) -> Option<(String, SaeParams)> {
    match &sae.origin {
        SaeOrigin::Trained { params, .. } => Some((sae.embedding.clone(), params.clone())),
        _ => None,
    }
}

impl SweepForm {
    /// The sweep it stands for.
    ///
    /// # Errors
    /// A sentence about the first mistake.
    pub(super) fn params(&self, base: &Base) -> Result<SweepParams, String> {
        let chosen = self.axes.iter().filter(|(varied, _)| *varied != Varied::Nothing);
        let axes = chosen.map(|(varied, values)| axis(*varied, values, base)).collect::<Result<_, _>>()?;
        let n_seeds = self.n_seeds.trim();
        let n_seeds =
            n_seeds.parse().map_err(|_| format!("The number of seeds must be a whole number, not {n_seeds:?}."))?;
        let params = SweepParams { base: base.params.clone(), axes, n_seeds, baselines: self.baselines };
        match params.check(base.n_cells, base.d_in) {
            Ok(()) => Ok(params),
            Err(error) => Err(sentence(&error.to_string())),
        }
    }
}

/// The text with a capital first letter, unless it begins with a name, and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let is_name = text.starts_with("k ");
    let first = letters.next().map(|first| if is_name { first.to_string() } else { first.to_uppercase().to_string() });
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn axis(varied: Varied, values: &str, base: &Base) -> Result<SweepAxis, String> {
    let words: Vec<&str> = values.split([',', ';', ' ']).map(str::trim).filter(|word| !word.is_empty()).collect();
    let numbers = || words.iter().map(|word| number(word)).collect::<Result<Vec<f64>, String>>();
    Ok(match varied {
        Varied::Nothing | Varied::Sparsity => SweepAxis::Sparsity(numbers()?),
        Varied::LearningRate => SweepAxis::LearningRate(numbers()?),
        Varied::Features => {
            let whole = |word: &&str| {
                word.parse()
                    .map_err(|_| format!("{word:?} is no number of features; list whole numbers, such as 256, 512."))
            };
            SweepAxis::Features(words.iter().map(whole).collect::<Result<_, String>>()?)
        }
        Varied::Variant => SweepAxis::Variant(
            words.iter().map(|word| variant(word, &base.params, base.d_in)).collect::<Result<_, String>>()?,
        ),
    })
}

fn number(word: &str) -> Result<f64, String> {
    let found = word.parse::<f64>().ok().filter(|value| value.is_finite());
    found.ok_or_else(|| format!("{word:?} is no number; list numbers with a point for decimals, such as 0.5, 1, 2."))
}

fn variant(name: &str, base: &SaeParams, d_in: usize) -> Result<Variant, String> {
    usual_variant(name, base, d_in).ok_or_else(|| {
        let known = VARIANT_NAMES.join(", ");
        format!("There is no variant {name:?}; there are {known}.")
    })
}

/// Seconds for one unit of cost, and whether they were measured here: by the last sweep, else by the training of the
/// autoencoder in use.
pub(super) fn pace(state: &State, base: &Base) -> (f64, bool) {
    let cost = |params: &SaeParams| relative_cost(params, base.n_cells, base.d_in);
    let swept = state.sweep.as_ref().and_then(|sweep| swept_pace(sweep, &cost));
    let trained = || match &state.sae.as_ref()?.origin {
        SaeOrigin::Trained { params, last, .. } => {
            let done = last.step as f64 / last.n_steps.max(1) as f64;
            Some(last.elapsed_secs / (cost(params) * done))
        }
        _ => None,
    };
    let known = swept.or_else(trained).filter(|pace| pace.is_finite() && *pace > 0.0);
    known.map_or((GUESSED_SECS, false), |pace| (pace, true))
}

fn swept_pace(sweep: &SweepSummary, cost: &dyn Fn(&SaeParams) -> f64) -> Option<f64> {
    let ended = sweep.rows.iter().filter(|row| row.kind == SweepKind::Trained);
    let pairs = ended.filter_map(|row| Some((row.scores()?.secs, cost(row.params.as_ref()?))));
    let (secs, cost) = pairs.fold((0.0, 0.0), |(secs, cost), pair| (secs + pair.0, cost + pair.1));
    (cost > 0.0).then_some(secs / cost)
}

/// How large the sweep is and how long it will take.
pub(super) fn size_line(params: &SweepParams, base: &Base, (pace, is_measured): (f64, bool)) -> String {
    let configurations = params.configurations();
    let cost: f64 = configurations.iter().map(|params| relative_cost(params, base.n_cells, base.d_in)).sum();
    let n_each = params.n_seeds + usize::from(params.baselines);
    let secs = cost * n_each as f64 * pace;
    let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let runs = params.n_runs() + if params.baselines { params.n_configurations() } else { 0 };
    let shuffled = if params.baselines { " and once on shuffled data" } else { "" };
    let grounds = if is_measured { "at the pace of training here so far" } else { "a guess, until a run has ended" };
    format!(
        "{}: {}, {} each{shuffled}; about {}, {grounds}.",
        plural(runs, "run"),
        plural(configurations.len(), "configuration"),
        plural(params.n_seeds, "seed"),
        text::duration(secs.max(1.0))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{HoldOut, USUAL_AUX};

    fn base() -> Base {
        let params =
            SaeParams { n_features: 64, hold_out: HoldOut { share: 0.0, label: None }, ..SaeParams::default() };
        Base { embedding: "X_pca".to_owned(), params, n_cells: 1000, d_in: 12 }
    }

    fn form(first: (Varied, &str), second: (Varied, &str)) -> SweepForm {
        let own = |(varied, values): (Varied, &str)| (varied, values.to_owned());
        SweepForm { axes: [own(first), own(second)], n_seeds: "2".to_owned(), baselines: false }
    }

    #[test]
    fn lists_become_axes() {
        let form = form((Varied::Features, "32, 64;128"), (Varied::Variant, "topk batch_topk"));
        let params = form.params(&base()).unwrap();
        let variants = vec![base().params.variant, Variant::BatchTopK { k: 16, aux: USUAL_AUX }];
        assert_eq!(params.axes, [SweepAxis::Features(vec![32, 64, 128]), SweepAxis::Variant(variants)]);
        assert_eq!((params.n_seeds, params.n_runs()), (2, 12));
    }

    #[test]
    fn each_mistake_is_a_sentence() {
        let said = |first, n_seeds: &str| {
            let form = SweepForm { n_seeds: n_seeds.to_owned(), ..form(first, (Varied::Nothing, "")) };
            form.params(&base()).unwrap_err()
        };
        assert!(said((Varied::Sparsity, "4, many"), "2").contains("\"many\" is no number"));
        assert!(said((Varied::Features, "1.5"), "2").contains("whole numbers"));
        assert!(said((Varied::Variant, "transcoder"), "2").contains("There is no variant \"transcoder\""));
        assert!(said((Varied::Sparsity, "4"), "two").contains("\"two\""));
        assert!(said((Varied::Sparsity, ""), "2").starts_with("The sparsity is varied but has no values"));
        assert!(said((Varied::Sparsity, "65"), "2").contains("k must be between 1 and the number of features (64)"));
    }

    #[test]
    fn values_to_begin_with_are_right() {
        for varied in Varied::ALL {
            let form = form((varied, &varied.usual(&base().params)), (Varied::Nothing, ""));
            assert!(form.params(&base()).is_ok(), "{varied:?} {:?}", form.params(&base()));
            assert_eq!(Varied::of_key(varied.key()), varied);
        }
    }

    #[test]
    fn size_and_time_are_said_before_the_start() {
        let form = SweepForm { baselines: true, ..form((Varied::Features, "32, 64"), (Varied::Nothing, "")) };
        let params = form.params(&base()).unwrap();
        let cost = 40.0 * 1000.0 * (32.0 + 64.0) * 20.0;
        let line = size_line(&params, &base(), (100.0 / cost, true));
        assert_eq!(
            line,
            "6 runs: 2 configurations, 2 seeds each and once on shuffled data; about 5 min, at the pace of training \
             here so far."
        );
        assert!(size_line(&params, &base(), (1e-9, false)).ends_with("a guess, until a run has ended."));
    }
}
