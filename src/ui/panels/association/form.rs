//! What to measure features against: columns, nuisance columns, and how F1's threshold is chosen.

use std::collections::BTreeSet;

use crate::protocol::AssociationParams;

/// The form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LabelForm {
    /// Whether only ticked columns are measured.
    pub(super) is_chosen: bool,
    /// Columns that are not measured then.
    pub(super) left_out: BTreeSet<String>,
    /// Whether nuisance columns are those ticked, not those guessed by name.
    pub(super) is_own: bool,
    /// Columns ticked as nuisance.
    pub(super) nuisance: BTreeSet<String>,
    /// Column to split by; empty for none.
    pub(super) split: String,
}

impl LabelForm {
    /// How to measure.
    ///
    /// # Errors
    /// A sentence, if no column would be measured.
    pub(super) fn params(&self, known: &[String]) -> Result<AssociationParams, &'static str> {
        if known.is_empty() {
            return Err("There is no label column with categories. Add a .csv with one row per cell.");
        }
        let measured = |name: &&String| !self.is_chosen || !self.left_out.contains(*name);
        let columns: Vec<String> = known.iter().filter(measured).cloned().collect();
        if columns.is_empty() {
            return Err("Tick at least one column to measure against.");
        }
        let nuisance = columns.iter().filter(|name| self.nuisance.contains(*name)).cloned().collect();
        Ok(AssociationParams {
            columns: self.is_chosen.then_some(columns),
            nuisance_columns: self.is_own.then_some(nuisance),
            split_column: known.contains(&self.split).then(|| self.split.clone()),
        })
    }
}

/// Takes a name in or out.
pub(super) fn put(set: &mut BTreeSet<String>, name: &str, is_in: bool) {
    if is_in {
        set.insert(name.to_owned());
    } else {
        set.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        vec!["donor".into(), "type".into()]
    }

    #[test]
    fn untouched_it_measures_everything_and_guesses() {
        assert_eq!(LabelForm::default().params(&known()), Ok(AssociationParams::default()));
    }

    #[test]
    fn nuisance_columns_that_are_not_measured_do_not_count() {
        let mut form = LabelForm { is_chosen: true, is_own: true, split: "donor".into(), ..LabelForm::default() };
        put(&mut form.left_out, "donor", true);
        put(&mut form.nuisance, "donor", true);
        let params = form.params(&known()).unwrap();
        assert_eq!((params.columns, params.nuisance_columns), (Some(vec!["type".into()]), Some(Vec::new())));
        assert_eq!(params.split_column.as_deref(), Some("donor"));
        put(&mut form.left_out, "type", true);
        assert!(form.params(&known()).unwrap_err().starts_with("Tick at least one"));
        put(&mut form.left_out, "type", false);
        assert!(form.params(&known()).is_ok() && form.params(&[]).is_err());
    }
}
