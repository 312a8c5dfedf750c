//! The training form: texts as a person typed them, where each began, and what is wrong with them.
//!
//! Fields start from what suits the data ([`suggest`]) and follow it until a person changes them; what was changed
//! stays. A choice of one of the paper's variants is a choice of its plain training: settings that differ begin anew.
//! Every field is judged, so that all mistakes are said at once, each beside its field. Shares are typed in percent.

mod read;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use words::{BIAS_STARTS, LOSSES, PENALTIES, SCALINGS, VARIANTS, VariantWords, label, meaning, variant_words};

use crate::protocol::{
    BiasStart, DataShape, InputScaling, L0Penalty, LossConvention, SaeField, SaeParams, Suggestion, Variant,
    VariantKind, Wishes, suggest,
};

/// What is wrong, by field.
pub type FieldErrors = BTreeMap<SaeField, String>;

/// What the penalty of JumpReLU is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PenaltyKind {
    /// The distance from a number of active features.
    Target,
    /// Every active feature.
    Step,
}

/// Values that are chosen, not typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The variant.
    pub kind: VariantKind,
    /// How squared error and penalty are averaged.
    pub loss: LossConvention,
    /// What the penalty of JumpReLU is on.
    pub penalty: PenaltyKind,
    /// Whether input means are taken off.
    pub center_inputs: bool,
    /// How the inputs' spread is changed.
    pub scaling: InputScaling,
    /// What the decoder's bias starts from.
    pub bias_start: BiasStart,
    /// Whether decoder rows keep length 1.
    pub unit_decoder: bool,
    /// The label that cells are held out by.
    pub hold_out_by: Option<String>,
}

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainForm {
    shape: DataShape,
    /// Labels with categories.
    labels: Vec<String>,
    suggestion: Suggestion,
    choices: Choices,
    texts: BTreeMap<SaeField, String>,
    /// Fields a person has changed.
    edited: BTreeSet<SaeField>,
}

/// Settings that plain training decides.
const PLAIN: [SaeField; 11] = [
    SaeField::LearningRate,
    SaeField::Center,
    SaeField::Scaling,
    SaeField::UnitDecoder,
    SaeField::Clip,
    SaeField::WarmUp,
    SaeField::Decay,
    SaeField::SparsityWarmUp,
    SaeField::KAnneal,
    SaeField::HoldOut,
    SaeField::Patience,
];

impl Default for TrainForm {
    fn default() -> Self {
        let shape = DataShape::default();
        let suggestion = suggest(&shape, &Wishes::default());
        let choices = Choices::of(&suggestion.params);
        let mut form =
            Self { shape, labels: Vec::new(), suggestion, choices, texts: BTreeMap::new(), edited: BTreeSet::new() };
        form.refresh();
        form
    }
}

impl Choices {
    fn of(params: &SaeParams) -> Self {
        let loss = match params.variant {
            Variant::Vanilla { loss, .. } | Variant::Bricken { loss, .. } => loss,
            _ => LossConvention::default(),
        };
        let is_step = matches!(params.variant, Variant::JumpRelu { penalty: L0Penalty::Step { .. }, .. });
        Self {
            kind: params.variant.kind(),
            loss,
            penalty: if is_step { PenaltyKind::Step } else { PenaltyKind::Target },
            center_inputs: params.center_inputs,
            scaling: params.scaling,
            bias_start: params.bias_start,
            unit_decoder: params.unit_decoder,
            hold_out_by: params.hold_out.label.clone(),
        }
    }
}

impl TrainForm {
    /// Suits the form to data of another shape, with these labels; what a person changed stays where it can.
    pub fn suit(&mut self, shape: DataShape, labels: Vec<String>) {
        self.shape = shape;
        self.labels = labels;
        let is_gone = |label: &String| !self.labels.contains(label);
        if self.choices.hold_out_by.as_ref().is_some_and(is_gone) {
            self.edited.remove(&SaeField::HoldOutBy);
        }
        self.refresh();
    }

    /// Forgets all a person changed.
    pub fn reset(&mut self) {
        self.edited.clear();
        self.refresh();
    }

    /// Whether a person changed anything.
    pub fn is_edited(&self) -> bool {
        !self.edited.is_empty()
    }

    /// What is chosen.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The labels that cells can be held out by.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How far the average cell lies from zero against how far cells lie from it, where inputs are not centred and it
    /// is so far that features would die.
    pub fn far_offset(&self) -> Option<f64> {
        self.shape.offset_ratio.filter(|ratio| *ratio > 1.0 && !self.choices.center_inputs)
    }

    /// The text of a field.
    pub fn text(&self, field: SaeField) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    /// Why the field has the value it began with, unless a person changed it; else what it means.
    pub fn note(&self, field: SaeField) -> &str {
        let reason = self.suggestion.reason(field).filter(|_| !self.edited.contains(&field));
        reason.unwrap_or_else(|| meaning(field))
    }

    /// Takes what a person typed.
    pub fn type_in(&mut self, field: SaeField, text: String) {
        self.texts.insert(field, text);
        self.edited.insert(field);
        self.refresh();
    }

    /// Takes another variant; between the paper's and the others, training itself begins anew.
    pub fn choose_kind(&mut self, kind: VariantKind) {
        if kind.is_of_the_paper() != self.choices.kind.is_of_the_paper() {
            for field in &PLAIN {
                self.edited.remove(field);
            }
        }
        self.choose(SaeField::Variant, |choices| choices.kind = kind);
    }

    /// Changes what a field has chosen.
    pub fn choose(&mut self, field: SaeField, change: impl FnOnce(&mut Choices)) {
        change(&mut self.choices);
        self.edited.insert(field);
        self.refresh();
    }

    /// Whether the field is one of the variant, or of every variant.
    pub fn has(&self, field: SaeField) -> bool {
        let Choices { kind, penalty, .. } = self.choices;
        match field {
            SaeField::L0 => kind == VariantKind::JumpRelu && penalty == PenaltyKind::Target,
            SaeField::K
            | SaeField::Percent
            | SaeField::L1
            | SaeField::Loss
            | SaeField::L0Weight
            | SaeField::Bandwidth
            | SaeField::Threshold
            | SaeField::Prefixes
            | SaeField::Aux => kind.fields().contains(&field),
            SaeField::BiasStart => !kind.is_of_the_paper(),
            SaeField::SparsityWarmUp => kind.has_penalty(),
            SaeField::KAnneal => kind.keeps_k(),
            SaeField::HoldOutBy => !self.labels.is_empty(),
            _ => true,
        }
    }

    /// Lets all that nobody changed follow the data and what was changed.
    fn refresh(&mut self) {
        let wishes = self.wishes();
        self.suggestion = suggest(&self.shape, &wishes);
        let suggested = Choices::of(&self.suggestion.params);
        self.follow(suggested);
        let usual = self.usual();
        for field in read::TYPED {
            if !self.edited.contains(&field) {
                self.texts.insert(field, read::text_of(&usual, field));
            }
        }
    }

    fn wishes(&self) -> Wishes {
        let edited = |field| self.edited.contains(&field);
        let count = |field| if edited(field) { self.text(field).trim().parse().ok() } else { None };
        let share = || self.text(SaeField::HoldOut).trim().parse::<f64>().ok().map(|percent| percent / 100.0);
        Wishes {
            kind: edited(SaeField::Variant).then_some(self.choices.kind),
            n_features: count(SaeField::Features).filter(|n| *n > 0),
            batch_size: count(SaeField::Batch),
            hold_out: if edited(SaeField::HoldOut) { share().filter(|share| *share >= 0.0) } else { None },
        }
    }

    fn follow(&mut self, suggested: Choices) {
        let Self { choices, edited, .. } = self;
        let is_free = |field| !edited.contains(&field);
        let follow = [
            (SaeField::Variant, (|to, from| to.kind = from.kind) as fn(&mut Choices, &Choices)),
            (SaeField::Loss, |to, from| to.loss = from.loss),
            // Of the penalty the target is chosen, not the weight: that follows.
            (SaeField::L0, |to, from| to.penalty = from.penalty),
            (SaeField::Center, |to, from| to.center_inputs = from.center_inputs),
            (SaeField::Scaling, |to, from| to.scaling = from.scaling),
            (SaeField::BiasStart, |to, from| to.bias_start = from.bias_start),
            (SaeField::UnitDecoder, |to, from| to.unit_decoder = from.unit_decoder),
            (SaeField::HoldOutBy, |to, from| to.hold_out_by.clone_from(&from.hold_out_by)),
        ];
        follow.into_iter().filter(|(field, _)| is_free(*field)).for_each(|(_, follow)| follow(choices, &suggested));
    }

    /// The suggested settings with what is chosen: where fields start from.
    fn usual(&self) -> SaeParams {
        let (choices, mut params) = (&self.choices, self.suggestion.params.clone());
        match &mut params.variant {
            Variant::Vanilla { l1, loss } | Variant::Bricken { l1, loss } if *loss != choices.loss => {
                *l1 = choices.loss.l1_from_other(*l1, self.shape.d_in, params.n_features);
                *loss = choices.loss;
            }
            Variant::JumpRelu { penalty, .. } if choices.penalty == PenaltyKind::Step => {
                // Per active feature: what a target of k asks for where twice as many are active.
                *penalty = match *penalty {
                    L0Penalty::Target { l0, weight } => L0Penalty::Step { weight: 2.0 * weight / l0.max(1.0) },
                    step @ L0Penalty::Step { .. } => step,
                };
            }
            _ => {}
        }
        params.center_inputs = choices.center_inputs;
        params.scaling = choices.scaling;
        params.bias_start = choices.bias_start;
        params.unit_decoder = choices.unit_decoder;
        params.hold_out.label.clone_from(&choices.hold_out_by);
        params
    }
}
