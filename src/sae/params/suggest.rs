//! Settings to start a training run from, by the shape of the data, each with its reason in a sentence.
//!
//! Rules (SAE.md, "What matters for cells"): k is the largest power of two up to d/2, at most 32 and h/8; h the power
//! of two nearest 8d, at least 64, so that a feature fires in 30 cells or more on average (n·k/h) and there are no more
//! features than cells; a batch has 256 cells, 512 from 8,000 cells on, 1,024 from 40,000 on; the learning rate follows
//! 2e-4/√(h/16,384); so many epochs that the run has 5,000 steps, unless that takes more than 10¹³ multiplications and
//! additions (about half an hour on one processor; ten times as many on a GPU), but at least one; 10 % of the cells are
//! held out from 100 cells on, by whole donors where no donor has more than a third of the cells. The paper's variants
//! are trained as the paper does, at a rate that learns within these steps.
//!
//! What a person has settled ([`Wishes`]) is taken as it is, and the rest follows from it. A ratio that is not known
//! says nothing about itself. Deterministic; no cells or dimensions count as one.

use super::{HoldOut, SaeField, SaeParams, VariantKind};

const LEAST_FEATURES: usize = 64;
const FEATURES_PER_DIM: usize = 8;
const MOST_ACTIVE: usize = 32;
const CELLS_PER_FEATURE: usize = 30;
const WANTED_STEPS: usize = 5000;
/// Multiplications and additions a run may take.
const CPU_BUDGET: f64 = 1e13;
const GPU_BUDGET: f64 = 1e14;
const HELD_OUT: f64 = 0.1;
const LEAST_CELLS_TO_HOLD_OUT: usize = 100;
/// A donor with a larger share of the cells is too much to hold out.
const LARGEST_DONOR: f64 = 1.0 / 3.0;
const PAPER_RATE: f64 = 1e-3;
const PAPER_BATCH: usize = 128;

/// What is known of the data before training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataShape {
    /// Cells.
    pub n_cells: usize,
    /// Dimensions of the embedding.
    pub d_in: usize,
    /// ‖μ‖/‖σ‖ of the embedding, where it is known.
    pub offset_ratio: Option<f64>,
    /// The label that tells donors apart, if there is one, with the cells of each of its categories.
    pub donors: Option<(String, Vec<usize>)>,
    /// Whether a GPU computes.
    pub has_gpu: bool,
}

/// What a person has settled already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wishes {
    /// The variant.
    pub kind: Option<VariantKind>,
    /// Number of features.
    pub n_features: Option<usize>,
    /// Cells per step.
    pub batch_size: Option<usize>,
    /// Share of the cells held out.
    pub hold_out: Option<f64>,
}

/// Settings with their reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The settings; they pass [`SaeParams::check`] unless a wish does not.
    pub params: SaeParams,
    /// Why each is what it is, in one sentence; settings without a reason of their own are left out.
    pub reasons: Vec<(SaeField, String)>,
}

impl Suggestion {
    /// Why a setting is what it is.
    pub fn reason(&self, field: SaeField) -> Option<&str> {
        self.reasons.iter().find(|(known, _)| *known == field).map(|(_, reason)| reason.as_str())
    }
}

/// The settings to start from.
#[must_use]
pub fn suggest(shape: &DataShape, wishes: &Wishes) -> Suggestion {
    let kind = wishes.kind.unwrap_or(if shape.has_gpu { VariantKind::BatchTopK } else { VariantKind::TopK });
    let mut reasons = Vec::new();
    let mut params = sized(shape, wishes, kind, &mut reasons);
    if kind.is_of_the_paper() {
        params = SaeParams { learning_rate: PAPER_RATE, ..params.plain() };
        plain_reasons(&mut reasons);
    } else {
        hold_out(shape, wishes, &mut params, &mut reasons);
        usual_reasons(shape, &params, &mut reasons);
    }
    batch(shape, wishes, &mut params, &mut reasons);
    epochs(shape, &mut params, &mut reasons);
    Suggestion { params, reasons }
}

/// Variant, k, features and learning rate.
fn sized(shape: &DataShape, wishes: &Wishes, kind: VariantKind, reasons: &mut Reasons) -> SaeParams {
    let (n_cells, d_in) = (shape.n_cells.max(1), shape.d_in.max(1));
    let k_by_width = power_below(d_in / 2).min(MOST_ACTIVE);
    let wanted = nearest_power(FEATURES_PER_DIM * d_in);
    let borne = power_below(n_cells * k_by_width / CELLS_PER_FEATURE).max(LEAST_FEATURES).min(power_below(n_cells));
    let n_features = wishes.n_features.unwrap_or(wanted.max(LEAST_FEATURES).min(borne)).max(1);
    let k = k_by_width.min((n_features / 8).max(1));
    let why_features = if n_features < wanted.max(LEAST_FEATURES) {
        format!("{} cells bear no more features that each fire often enough to be understood.", counted(n_cells))
    } else if n_features > wanted {
        format!("{n_features} is the fewest worth training, more than 8 for each of the {d_in} dimensions.")
    } else {
        format!("About 8 features for each of the {d_in} dimensions, as a power of two.")
    };
    let default_kind = if shape.has_gpu {
        "Keeps k features a cell on average, so that complex cells get more; a GPU picks them quickly."
    } else {
        "Keeps the k strongest features of every cell: nothing to tune, and quick on a processor."
    };
    reasons.push((SaeField::Variant, default_kind.to_owned()));
    reasons.push((SaeField::Features, why_features));
    reasons.push((
        SaeField::K,
        format!("At most half of the {d_in} dimensions and at most 32, so that a few features must stand for a cell."),
    ));
    reasons.push((SaeField::L0, format!("The k that suits {d_in} dimensions.")));
    reasons.push((SaeField::L1, l1_reason(kind, d_in)));
    reasons.push((SaeField::LearningRate, rate_reason(kind, n_features)));
    SaeParams {
        variant: kind.usual(d_in, k),
        n_features,
        learning_rate: SaeParams::usual_learning_rate(n_features),
        ..SaeParams::default()
    }
}

type Reasons = Vec<(SaeField, String)>;

fn l1_reason(kind: VariantKind, d_in: usize) -> String {
    if kind.is_of_the_paper() {
        "The paper's weight for its bone marrow data; raise it if too many features are active.".to_owned()
    } else {
        format!("Grows with the root of the {d_in} dimensions; raise it if too many features are active.")
    }
}

fn rate_reason(kind: VariantKind, n_features: usize) -> String {
    if kind.is_of_the_paper() {
        "The paper trains at 0.0001 for some 200,000 steps; 0.001 learns within 5,000.".to_owned()
    } else {
        format!("The usual rate for {n_features} features: 0.0002 at 16,384, more where there are fewer.")
    }
}

fn plain_reasons(reasons: &mut Reasons) {
    const PLAIN: [(SaeField, &str); 5] = [
        (SaeField::Center, "The paper trains on the embedding as it is."),
        (SaeField::Scaling, "The paper trains on the embedding as it is."),
        (SaeField::WarmUp, "The paper trains at one rate."),
        (SaeField::Decay, "The paper trains at one rate."),
        (SaeField::HoldOut, "The paper trains on every cell; a share here shows how well the run generalises."),
    ];
    reasons.extend(PLAIN.map(|(field, reason)| (field, reason.to_owned())));
}

fn usual_reasons(shape: &DataShape, params: &SaeParams, reasons: &mut Reasons) {
    reasons.push((SaeField::Center, center_reason(shape.offset_ratio)));
    let d_in = shape.d_in;
    reasons.push((
        SaeField::Scaling,
        format!("Brings a cell's squared length to {d_in} on average, which rates and penalties are made for."),
    ));
    reasons.push((SaeField::DeadEpochs, "A feature that no cell needed in a whole pass is called dead.".to_owned()));
    if params.variant.aux() > 0.0 {
        let reason = "Dead features learn what the others leave over, and come back to life.";
        reasons.push((SaeField::Aux, reason.to_owned()));
    }
}

fn center_reason(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if ratio > 1.0 => format!(
            "The average cell lies {ratio:.1} times as far from zero as cells lie from it; uncentred, many features \
             would never fire."
        ),
        _ => "Costs nothing, and features need not spend themselves on what all cells share.".to_owned(),
    }
}

fn hold_out(shape: &DataShape, wishes: &Wishes, params: &mut SaeParams, reasons: &mut Reasons) {
    let usual = if shape.n_cells < LEAST_CELLS_TO_HOLD_OUT { 0.0 } else { HELD_OUT };
    let share = wishes.hold_out.unwrap_or(usual);
    let label = shape.donors.as_ref().filter(|donors| share > 0.0 && are_small(donors, shape.n_cells));
    let why = match (share > 0.0, &shape.donors, label) {
        (false, ..) => format!("{} cells are too few to leave some out.", counted(shape.n_cells)),
        (_, _, Some((name, sizes))) => {
            format!("Whole categories of {name} ({} in all), so that the measure is of people not seen.", sizes.len())
        }
        (_, Some((name, _)), None) => {
            format!("Cells drawn by chance: one category of {name} holds too many cells to be left out whole.")
        }
        _ => "Cells drawn by chance; training never sees them, so they show what was learnt and what memorised.".into(),
    };
    params.hold_out = HoldOut { share, label: label.map(|(name, _)| name.clone()) };
    reasons.push((SaeField::HoldOut, why.clone()));
    reasons.push((SaeField::HoldOutBy, why));
}

/// Whether any donor can be left out.
fn are_small((_, sizes): &(String, Vec<usize>), n_cells: usize) -> bool {
    sizes.iter().max().is_some_and(|&largest| largest as f64 <= LARGEST_DONOR * n_cells as f64)
}

/// Cells left to train on, at least.
fn n_trained(shape: &DataShape, params: &SaeParams) -> usize {
    let HoldOut { share, label } = &params.hold_out;
    let wanted = (share.clamp(0.0, 1.0) * shape.n_cells as f64).round() as usize;
    let sizes = shape.donors.as_ref().map_or(&[][..], |(_, sizes)| sizes);
    let whole = if label.is_some() { sizes.iter().max().copied().unwrap_or(0) } else { 0 };
    shape.n_cells.saturating_sub(wanted + whole).max(1)
}

fn batch(shape: &DataShape, wishes: &Wishes, params: &mut SaeParams, reasons: &mut Reasons) {
    let usual = match shape.n_cells {
        _ if params.variant.is_of_the_paper() => PAPER_BATCH,
        0..8_000 => 256,
        8_000..40_000 => 512,
        _ => 1024,
    };
    let n_trained = n_trained(shape, params);
    params.batch_size = wishes.batch_size.unwrap_or(usual.min(n_trained)).max(1);
    let why = if params.variant.is_of_the_paper() {
        format!("The paper's {PAPER_BATCH}.")
    } else if usual > n_trained {
        "All cells there are to train on.".to_owned()
    } else {
        format!("Suits {} cells: larger batches are steadier, smaller ones make more steps.", counted(shape.n_cells))
    };
    reasons.push((SaeField::Batch, why));
}

fn epochs(shape: &DataShape, params: &mut SaeParams, reasons: &mut Reasons) {
    let per_epoch = params.steps_per_epoch(n_trained(shape, params));
    let wanted = WANTED_STEPS.div_ceil(per_epoch);
    let budget = if shape.has_gpu { GPU_BUDGET } else { CPU_BUDGET };
    let affordable = (budget / (step_cost(shape, params) * per_epoch as f64)).floor().max(1.0) as usize;
    params.n_epochs = wanted.min(affordable);
    let n_steps = counted(per_epoch * params.n_epochs);
    let why = if affordable < wanted {
        format!("{n_steps} steps of {per_epoch} an epoch: more would take too long; raise it if time allows.")
    } else {
        format!("{n_steps} steps of {per_epoch} an epoch: a good autoencoder takes about 5,000.")
    };
    reasons.push((SaeField::Epochs, why));
}

/// A whole number with a comma before every third digit from the right.
fn counted(n: usize) -> String {
    let digits = n.to_string();
    let parted = digits.char_indices().flat_map(|(at, digit)| {
        let is_third = at > 0 && (digits.len() - at).is_multiple_of(3);
        is_third.then_some(',').into_iter().chain([digit])
    });
    parted.collect()
}

/// Multiplications and additions of a step: 2Bdh + 8Bdk where few features are on, 10Bdh else (SAE.md).
fn step_cost(shape: &DataShape, params: &SaeParams) -> f64 {
    let (b, d, h) = (params.batch_size as f64, shape.d_in.max(1) as f64, params.n_features as f64);
    match params.variant.k(params.n_features) {
        Some(k) => b * d * (2.0 * h + 8.0 * k as f64),
        None => 10.0 * b * d * h,
    }
}

/// The largest power of two that is not above `n`; 1 for 0.
fn power_below(n: usize) -> usize {
    1 << n.max(1).ilog2()
}

/// The power of two nearest to `n` by ratio.
fn nearest_power(n: usize) -> usize {
    let below = power_below(n);
    if (n as f64) > below as f64 * std::f64::consts::SQRT_2 { below * 2 } else { below }
}

/// Words a donor's label is named by, the surest first.
const DONOR_WORDS: [&str; 7] = ["donor", "patient", "individual", "subject", "ind", "replicate", "sample"];
/// Words for what was done to samples, in names of labels and of categories.
const CONDITION_WORDS: [&str; 14] = [
    "condition",
    "treatment",
    "treated",
    "untreated",
    "stim",
    "stimulated",
    "ctrl",
    "control",
    "group",
    "type",
    "status",
    "healthy",
    "disease",
    "batch",
];

/// The label that tells donors apart: its name has a word for them, it has two categories or more, each of several
/// cells on average, and neither name nor categories speak of a condition. The surest word wins, then the first label.
pub fn donor_label<'a>(labels: impl Iterator<Item = (&'a str, &'a [(String, usize)])>) -> Option<&'a str> {
    let rank = |(name, categories): (&'a str, &'a [(String, usize)])| {
        let words = words(name);
        let rank = DONOR_WORDS.iter().position(|donor| words.iter().any(|word| is_word_for(word, donor)))?;
        let n_cells: usize = categories.iter().map(|(_, n_cells)| n_cells).sum();
        let names_condition = |words: &[String]| words.iter().any(|word| CONDITION_WORDS.contains(&word.as_str()));
        let is_condition =
            names_condition(&words) || categories.iter().all(|(category, _)| names_condition(&self::words(category)));
        (categories.len() >= 2 && n_cells >= 5 * categories.len() && !is_condition).then_some((rank, name))
    };
    labels.filter_map(rank).min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

/// `donors`, `donorid` and `donor1` are words for a donor; `indication` is none for `ind`.
fn is_word_for(word: &str, donor: &str) -> bool {
    word.strip_prefix(donor).is_some_and(|rest| {
        let rest = rest.trim_end_matches(|letter: char| letter.is_ascii_digit());
        matches!(rest, "" | "s" | "id" | "ids" | "name")
    })
}

/// The words of a name, in lower case: parted by anything that is no letter or digit, and before capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
