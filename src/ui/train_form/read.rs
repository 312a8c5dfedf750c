//! From texts to settings, and what is wrong on the way.

use super::{FieldErrors, TrainForm};
use crate::protocol::{SaeField, SaeParams, SaeParamsError};

/// Fields with a text.
pub(super) const TYPED: [SaeField; 22] = [
    SaeField::Features,
    SaeField::K,
    SaeField::Percent,
    SaeField::L1,
    SaeField::L0,
    SaeField::L0Weight,
    SaeField::Bandwidth,
    SaeField::Threshold,
    SaeField::Prefixes,
    SaeField::Aux,
    SaeField::LearningRate,
    SaeField::Batch,
    SaeField::Epochs,
    SaeField::Seed,
    SaeField::Clip,
    SaeField::WarmUp,
    SaeField::Decay,
    SaeField::SparsityWarmUp,
    SaeField::KAnneal,
    SaeField::DeadEpochs,
    SaeField::HoldOut,
    SaeField::Patience,
];

/// A number's field, as a person reads it; empty where there is none.
pub(super) fn text_of(params: &SaeParams, field: SaeField) -> String {
    if field == SaeField::Seed {
        return params.seed.to_string();
    }
    let shown = |value: f64| if field.is_share() { (value * 1e10).round() / 1e8 } else { value };
    params.number(field).map(|value| shown(value).to_string()).unwrap_or_default()
}

fn is_count(field: SaeField) -> bool {
    use SaeField::{Batch, Epochs, Features, K, Patience, Prefixes, Seed};
    matches!(field, Features | K | Prefixes | Batch | Epochs | Seed | Patience)
}

fn is_optional(field: SaeField) -> bool {
    matches!(field, SaeField::Clip | SaeField::Patience)
}

impl TrainForm {
    /// The parameters, if every field is right for the data.
    ///
    /// # Errors
    /// A sentence for each field that is wrong.
    pub fn params(&self) -> Result<SaeParams, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut params = self.usual();
        for field in TYPED.into_iter().filter(|field| self.has(*field)) {
            self.read(field, &mut params, &mut errors);
        }
        self.judge(&params, &mut errors);
        if errors.is_empty() { Ok(params) } else { Err(errors) }
    }

    /// Reads a text; where it is no number, the usual value stands in and the error is noted.
    fn read(&self, field: SaeField, params: &mut SaeParams, errors: &mut FieldErrors) {
        let text = self.text(field).trim();
        let expected = if is_count(field) { "a whole number" } else { "a number" };
        let found = || if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
        if field == SaeField::Seed {
            match text.parse() {
                Ok(seed) => params.seed = seed,
                Err(_) => drop(errors.insert(field, format!("{expected} is needed, not {}", found()))),
            }
        } else if text.is_empty() && is_optional(field) {
            params.set_number(field, None);
        } else if params.number(field).is_some() || is_optional(field) {
            let value = if is_count(field) { text.parse::<u32>().ok().map(f64::from) } else { text.parse().ok() };
            let Some(value) = value else {
                errors.insert(field, format!("{expected} is needed, not {}", found()));
                return;
            };
            params.set_number(field, Some(if field.is_share() { value / 100.0 } else { value }));
        }
    }

    /// Checks the parameters until no new field is wrong; a wrong field is replaced so that the next can be seen.
    fn judge(&self, params: &SaeParams, errors: &mut FieldErrors) {
        let (mut params, shape) = (params.clone(), &self.shape);
        while let Err(error) = params.check(shape.n_cells, shape.d_in) {
            let field = error.field();
            let is_known = errors.contains_key(&field);
            errors.entry(field).or_insert_with(|| in_the_forms_words(&error));
            if is_known || !self.mend(&mut params, field) {
                return;
            }
        }
    }

    /// Puts a valid value in place of a wrong one.
    fn mend(&self, params: &mut SaeParams, field: SaeField) -> bool {
        let valid = match field {
            // Right for any k.
            SaeField::Features => Some(1e6),
            SaeField::K | SaeField::Batch | SaeField::L0 | SaeField::Epochs => Some(1.0),
            SaeField::HoldOut => Some(0.1),
            SaeField::Seed | SaeField::Inputs => return false,
            field => self.usual().number(field).filter(|value| *value >= 0.0),
        };
        params.set_number(field, valid)
    }
}

/// Shares are typed in percent and told in percent.
fn in_the_forms_words(error: &SaeParamsError) -> String {
    match *error {
        SaeParamsError::Range { field, found, least, most } if field.is_share() => {
            let percent = |share: f64| (share * 1e10).round() / 1e8;
            format!("{} to {} % is possible, not {}", percent(least), percent(most), percent(found))
        }
        _ => error.to_string(),
    }
}
