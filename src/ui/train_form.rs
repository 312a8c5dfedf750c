//! The training form: texts as a person typed them, and what is wrong with them.
//!
//! Every field is judged, so that all mistakes are said at once, each beside its field.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::protocol::{LossConvention, SaeParams, SaeParamsError, USUAL_AUX, Variant};

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrainField {
    /// What is trained on.
    Embedding,
    /// Number of features h.
    Features,
    /// Features kept per cell (TopK).
    K,
    /// Weight of the penalty (vanilla).
    L1,
    /// Adam's learning rate.
    LearningRate,
    /// Cells per step.
    Batch,
    /// Passes over the cells.
    Epochs,
    /// Seed.
    Seed,
}

/// What is wrong, by field.
pub type FieldErrors = BTreeMap<TrainField, String>;

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainForm {
    /// TopK, or else vanilla.
    pub is_topk: bool,
    /// Number of features h.
    pub n_features: String,
    /// Features kept per cell.
    pub k: String,
    /// Weight of the penalty.
    pub l1: String,
    /// How squared error and penalty are averaged.
    pub loss: LossConvention,
    /// Adam's learning rate.
    pub learning_rate: String,
    /// Cells per step.
    pub batch_size: String,
    /// Passes over the cells.
    pub n_epochs: String,
    /// Seed.
    pub seed: String,
    /// Whether input means are taken off.
    pub center_inputs: bool,
}

impl Default for TrainForm {
    fn default() -> Self {
        Self::from(&SaeParams::default())
    }
}

impl From<&SaeParams> for TrainForm {
    fn from(params: &SaeParams) -> Self {
        let mut form = Self {
            is_topk: true,
            n_features: params.n_features.to_string(),
            k: "16".to_owned(),
            l1: "0.001".to_owned(),
            loss: LossConvention::default(),
            learning_rate: params.learning_rate.to_string(),
            batch_size: params.batch_size.to_string(),
            n_epochs: params.n_epochs.to_string(),
            seed: params.seed.to_string(),
            center_inputs: params.center_inputs,
        };
        match params.variant {
            Variant::TopK { k, .. } => form.k = k.to_string(),
            Variant::Vanilla { l1, loss } => {
                form.is_topk = false;
                form.l1 = l1.to_string();
                form.loss = loss;
            }
            _ => {}
        }
        form
    }
}

impl TrainForm {
    /// The parameters, if every field is right for `n_cells` × `d_in` inputs.
    ///
    /// # Errors
    /// A sentence for each field that is wrong.
    pub fn params(&self, n_cells: usize, d_in: usize) -> Result<SaeParams, FieldErrors> {
        let mut errors = FieldErrors::new();
        let params = self.read(n_cells, &mut errors);
        judge(&params, n_cells, d_in, &mut errors);
        if errors.is_empty() { Ok(params) } else { Err(errors) }
    }

    /// The batch size to put in place of the usual one, where the data have fewer cells than that.
    #[must_use]
    pub fn smaller_batch(&self, n_cells: usize) -> Option<String> {
        let usual = SaeParams::default();
        let (is_usual, n_trained) = (self.batch_size == usual.batch_size.to_string(), usual.n_trained(n_cells));
        (is_usual && (1..usual.batch_size).contains(&n_trained)).then(|| n_trained.to_string())
    }

    /// Reads the texts; where one is not a number, a valid value stands in and the error is noted.
    fn read(&self, n_cells: usize, errors: &mut FieldErrors) -> SaeParams {
        let usual = usual(n_cells);
        let n_features = number(&self.n_features, TrainField::Features, usual.n_features, errors);
        let variant = if self.is_topk {
            // The stand-in must be right for any number of features.
            Variant::TopK { k: number(&self.k, TrainField::K, 1, errors), aux: USUAL_AUX }
        } else {
            Variant::Vanilla { l1: number(&self.l1, TrainField::L1, 1e-3, errors), loss: self.loss }
        };
        SaeParams {
            variant,
            n_features,
            learning_rate: number(&self.learning_rate, TrainField::LearningRate, usual.learning_rate, errors),
            batch_size: number(&self.batch_size, TrainField::Batch, usual.batch_size, errors),
            n_epochs: number(&self.n_epochs, TrainField::Epochs, usual.n_epochs, errors),
            seed: number(&self.seed, TrainField::Seed, usual.seed, errors),
            center_inputs: self.center_inputs,
            ..usual
        }
    }
}

/// Valid values for this many cells.
fn usual(n_cells: usize) -> SaeParams {
    let usual = SaeParams::default();
    SaeParams { batch_size: usual.batch_size.min(usual.n_trained(n_cells)), ..usual }
}

fn number<T: FromStr>(text: &str, field: TrainField, stand_in: T, errors: &mut FieldErrors) -> T {
    let text = text.trim();
    text.parse().unwrap_or_else(|_| {
        let found = if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
        let expected = match field {
            TrainField::L1 | TrainField::LearningRate => "a number such as 0.001",
            _ => "a whole number",
        };
        errors.insert(field, format!("{expected} is needed, not {found}"));
        stand_in
    })
}

/// Checks the parameters until no new field is wrong; a wrong field is replaced so that the next can be seen.
fn judge(params: &SaeParams, n_cells: usize, d_in: usize, errors: &mut FieldErrors) {
    let mut params = params.clone();
    while let Err(error) = params.check(n_cells, d_in) {
        let field = field_of(&error);
        let is_known = errors.contains_key(&field);
        errors.entry(field).or_insert_with(|| error.to_string());
        if is_known || !mend(&mut params, field, n_cells) {
            return;
        }
    }
}

fn mend(params: &mut SaeParams, field: TrainField, n_cells: usize) -> bool {
    let usual = usual(n_cells);
    match field {
        TrainField::Features => params.n_features = 1_000_000,
        TrainField::K => params.variant = Variant::TopK { k: 1, aux: USUAL_AUX },
        TrainField::L1 => params.variant = Variant::Vanilla { l1: 0.0, loss: LossConvention::AsCoded },
        TrainField::LearningRate => params.learning_rate = usual.learning_rate,
        TrainField::Batch => params.batch_size = usual.batch_size,
        TrainField::Epochs => params.n_epochs = usual.n_epochs,
        TrainField::Embedding | TrainField::Seed => return false,
    }
    true
}

fn field_of(error: &SaeParamsError) -> TrainField {
    match error {
        SaeParamsError::Features { .. } => TrainField::Features,
        SaeParamsError::K { .. } => TrainField::K,
        SaeParamsError::L1 { .. } => TrainField::L1,
        SaeParamsError::LearningRate { .. } => TrainField::LearningRate,
        SaeParamsError::Batch { .. } => TrainField::Batch,
        SaeParamsError::Epochs { .. } => TrainField::Epochs,
        SaeParamsError::NoInput | SaeParamsError::Range { .. } | SaeParamsError::PatienceWithoutHoldOut => {
            TrainField::Embedding
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_begins_with_valid_defaults() {
        assert_eq!(TrainForm::default().params(1000, 32), Ok(SaeParams::default()));
    }

    #[test]
    fn the_form_gives_back_what_it_was_made_of() {
        let variant = Variant::Vanilla { l1: 0.01, loss: LossConvention::AsPrinted };
        let params = SaeParams { variant, seed: u64::MAX, n_features: 64, ..SaeParams::default() };
        assert_eq!(TrainForm::from(&params).params(1000, 32), Ok(params));
    }

    #[test]
    fn the_usual_batch_gives_way_to_fewer_cells() {
        let form = TrainForm::default();
        assert_eq!(form.smaller_batch(120).as_deref(), Some("108"));
        assert_eq!((form.smaller_batch(0), form.smaller_batch(285)), (None, None));
        assert_eq!(TrainForm { batch_size: "200".into(), ..form }.smaller_batch(120), None);
    }

    #[test]
    fn all_mistakes_are_said_at_once() {
        let form = TrainForm {
            n_features: "many".into(),
            k: "0".into(),
            learning_rate: "2".into(),
            batch_size: "5000".into(),
            n_epochs: String::new(),
            ..TrainForm::default()
        };
        let errors = form.params(1000, 32).unwrap_err();
        let fields: Vec<TrainField> = errors.keys().copied().collect();
        let expected =
            [TrainField::Features, TrainField::K, TrainField::LearningRate, TrainField::Batch, TrainField::Epochs];
        assert_eq!(fields, expected);
        assert_eq!(errors[&TrainField::Features], "a whole number is needed, not \"many\"");
        assert!(errors[&TrainField::Batch].contains("900"));
    }

    #[test]
    fn fields_of_the_other_variant_are_not_judged() {
        let form = TrainForm { is_topk: false, k: "x".into(), ..TrainForm::default() };
        assert!(form.params(1000, 32).is_ok());
        assert!(TrainForm { l1: "-1".into(), ..form }.params(1000, 32).unwrap_err().contains_key(&TrainField::L1));
    }

    #[test]
    fn an_embedding_without_dimensions_is_refused() {
        let errors = TrainForm::default().params(1000, 0).unwrap_err();
        assert!(errors.contains_key(&TrainField::Embedding));
    }
}
