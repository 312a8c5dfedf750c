//! The analysis form: what a person chose and typed, and what is wrong with it.
//!
//! Every field that counts is judged, so that all mistakes are said at once, each beside its field. A value is judged
//! by [`AnalysisParams::check`] with all other values as usual, so the form refuses with the engine's own sentences.
//! Fields of choices that are not made do not matter.

mod choices;

use std::collections::BTreeMap;
use std::str::FromStr;

pub use choices::{FOLD_CHANGES, MODES, NEGATIVES, NegativeKind, POSITIVES, PositiveKind, TESTS, UNIVERSES, VALUES};

use crate::protocol::{
    AnalysisMode, AnalysisParams, ExpressionValues, FoldChangeFormula, GeneTest, Negatives, Positives, SoundParams,
    Universe,
};

/// A field of the form with a text, or the choice of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnalysisField {
    /// Percentile of positive cells.
    Percentile,
    /// Number of positive cells.
    Top,
    /// Number of negative cells.
    Sample,
    /// Label column negative cells are matched in.
    Column,
    /// Seed of random groups.
    Seed,
    /// Fewest cells of a group.
    MinCells,
    /// Threshold for adjusted p-values.
    Alpha,
    /// Smallest |log2 fold change|.
    MinChange,
    /// Smallest set.
    MinSize,
    /// Largest set.
    MaxSize,
}

impl AnalysisField {
    /// Whether the field is among the choices that are shown on demand.
    #[must_use]
    pub fn is_extra(self) -> bool {
        matches!(self, Self::MinCells | Self::Alpha | Self::MinChange | Self::MinSize | Self::MaxSize)
    }
}

/// What is wrong, by field.
pub type FieldErrors = BTreeMap<AnalysisField, String>;

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisForm {
    /// Mode.
    pub mode: AnalysisMode,
    /// Expression that is compared.
    pub values: ExpressionValues,
    /// Positive cells.
    pub positives: PositiveKind,
    /// Negative cells.
    pub negatives: NegativeKind,
    /// The label column a person chose to match in; empty for the first.
    pub column: String,
    /// The test that selects genes.
    pub test: GeneTest,
    /// Formula of fold changes.
    pub fold_change: FoldChangeFormula,
    /// Whether the universe holds annotated genes only.
    pub is_annotated: bool,
    /// Texts of the fields with one, as typed.
    texts: BTreeMap<AnalysisField, String>,
}

impl Default for AnalysisForm {
    fn default() -> Self {
        let AnalysisParams { mode, values, min_set_size, max_set_size, sound } = AnalysisParams::default();
        let texts = [
            (AnalysisField::Percentile, "99".to_owned()),
            (AnalysisField::Top, "100".to_owned()),
            (AnalysisField::Sample, "1000".to_owned()),
            (AnalysisField::Seed, sound.seed.to_string()),
            (AnalysisField::MinCells, sound.min_cells.to_string()),
            (AnalysisField::Alpha, sound.alpha.to_string()),
            (AnalysisField::MinChange, sound.min_log2_fold_change.to_string()),
            (AnalysisField::MinSize, min_set_size.to_string()),
            (AnalysisField::MaxSize, max_set_size.to_string()),
        ];
        Self {
            mode,
            values,
            positives: PositiveKind::default(),
            negatives: NegativeKind::default(),
            column: String::new(),
            test: sound.primary(),
            fold_change: sound.fold_change,
            is_annotated: false,
            texts: texts.into(),
        }
    }
}

impl AnalysisForm {
    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: AnalysisField) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    /// Takes what was typed.
    pub fn type_in(&mut self, field: AnalysisField, text: String) {
        self.texts.insert(field, text);
    }

    /// The column to match in: the chosen one if it is open, else the first.
    #[must_use]
    pub fn column_of<'a>(&self, columns: &'a [String]) -> Option<&'a String> {
        columns.iter().find(|column| **column == self.column).or_else(|| columns.first())
    }

    /// The parameters, if every field that counts is right; `columns` are the open label columns with categories.
    ///
    /// # Errors
    /// A sentence for each field that is wrong.
    pub fn params(&self, columns: &[String]) -> Result<AnalysisParams, FieldErrors> {
        let mut reader = Reader { form: self, errors: FieldErrors::new() };
        let mut params = AnalysisParams { mode: self.mode, values: self.values, ..AnalysisParams::default() };
        (params.min_set_size, params.max_set_size) = reader.sizes();
        if self.mode == AnalysisMode::Sound {
            params.sound = reader.sound(columns);
        }
        if reader.errors.is_empty() { Ok(params) } else { Err(reader.errors) }
    }
}

/// Reads the texts and notes what is wrong; where something is, a stand-in is read.
struct Reader<'a> {
    form: &'a AnalysisForm,
    errors: FieldErrors,
}

impl Reader<'_> {
    fn sound(&mut self, columns: &[String]) -> SoundParams {
        let (form, other) = (self.form, |test: &GeneTest| TESTS.iter().find(|named| named.value != *test));
        let tests = [form.test].into_iter().chain(other(&form.test).map(|named| named.value)).collect();
        SoundParams {
            positives: self.positives(),
            negatives: self.negatives(columns),
            min_cells: self.judged(AnalysisField::MinCells, |sound, n| sound.min_cells = n),
            tests,
            fold_change: form.fold_change,
            universe: if form.is_annotated { Universe::Annotated } else { Universe::Measured },
            alpha: self.judged(AnalysisField::Alpha, |sound, alpha| sound.alpha = alpha),
            min_log2_fold_change: self
                .judged(AnalysisField::MinChange, |sound, least| sound.min_log2_fold_change = least),
            seed: if form.negatives == NegativeKind::Rest { 0 } else { self.judged(AnalysisField::Seed, |_, _| ()) },
        }
    }

    fn positives(&mut self) -> Positives {
        let percentile = |sound: &mut SoundParams, q| sound.positives = Positives::Percentile(q);
        match self.form.positives {
            PositiveKind::Active => Positives::Active,
            PositiveKind::Percentile => Positives::Percentile(self.judged(AnalysisField::Percentile, percentile)),
            PositiveKind::Top => {
                Positives::Top(self.judged(AnalysisField::Top, |sound, n| sound.positives = Positives::Top(n)))
            }
        }
    }

    fn negatives(&mut self, columns: &[String]) -> Negatives {
        match self.form.negatives {
            NegativeKind::Rest => Negatives::Rest,
            NegativeKind::Sample => {
                let sample = |sound: &mut SoundParams, n| sound.negatives = Negatives::Sample(n);
                Negatives::Sample(self.judged(AnalysisField::Sample, sample))
            }
            NegativeKind::Matched => {
                let column = self.form.column_of(columns).cloned();
                if column.is_none() {
                    let text = "no label column with categories is open; add one, or compare with other cells";
                    self.errors.insert(AnalysisField::Column, text.to_owned());
                }
                Negatives::Matched(column.unwrap_or_default())
            }
        }
    }

    /// The sizes of sets; what is wrong with both together is said at the largest.
    fn sizes(&mut self) -> (usize, usize) {
        let (min, max) = (self.number(AnalysisField::MinSize), self.number(AnalysisField::MaxSize));
        let (Some(min_set_size), Some(max_set_size)) = (min, max) else { return Default::default() };
        if let Err(error) = (AnalysisParams { min_set_size, max_set_size, ..AnalysisParams::default() }).check() {
            let field = if min_set_size == 0 { AnalysisField::MinSize } else { AnalysisField::MaxSize };
            self.errors.insert(field, error.to_string());
        }
        (min_set_size, max_set_size)
    }

    /// A number that is right where `put` puts it, all else being as usual.
    fn judged<T: FromStr + Default + Copy>(&mut self, field: AnalysisField, put: impl Fn(&mut SoundParams, T)) -> T {
        let Some(value) = self.number(field) else { return T::default() };
        let mut usual = AnalysisParams::default();
        put(&mut usual.sound, value);
        if let Err(error) = usual.check() {
            self.errors.insert(field, error.to_string());
        }
        value
    }

    fn number<T: FromStr>(&mut self, field: AnalysisField) -> Option<T> {
        let text = self.form.text(field).trim();
        let number = text.parse().ok();
        if number.is_none() {
            let expected = match field {
                AnalysisField::Percentile | AnalysisField::Alpha | AnalysisField::MinChange => "a number such as 0.05",
                _ => "a whole number",
            };
            let found = if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
            self.errors.insert(field, format!("{expected} is needed, not {found}"));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(texts: &[(AnalysisField, &str)]) -> AnalysisForm {
        let mut form = AnalysisForm::default();
        for (field, text) in texts {
            form.type_in(*field, (*text).to_owned());
        }
        form
    }

    fn wrong(form: &AnalysisForm) -> Vec<(AnalysisField, String)> {
        form.params(&[]).unwrap_err().into_iter().collect()
    }

    #[test]
    fn the_form_begins_with_the_engines_defaults() {
        assert_eq!(AnalysisForm::default().params(&[]), Ok(AnalysisParams::default()));
    }

    #[test]
    fn both_tests_are_asked_for_the_selecting_one_first() {
        let form = AnalysisForm { test: GeneTest::Welch, ..AnalysisForm::default() };
        assert_eq!(form.params(&[]).unwrap().sound.tests, [GeneTest::Welch, GeneTest::Wilcoxon]);
    }

    #[test]
    fn choices_and_texts_become_parameters() {
        let mut form = form(&[(AnalysisField::Percentile, " 99.5 "), (AnalysisField::Seed, "7")]);
        form.positives = PositiveKind::Percentile;
        form.negatives = NegativeKind::Matched;
        form.is_annotated = true;
        let columns = ["type".to_owned(), "donor".to_owned()];
        let sound = form.params(&columns).unwrap().sound;
        assert_eq!(sound.positives, Positives::Percentile(99.5));
        assert_eq!((sound.negatives, sound.seed), (Negatives::Matched("type".to_owned()), 7));
        assert_eq!(sound.universe, Universe::Annotated);
        form.column = "donor".to_owned();
        assert_eq!(form.params(&columns).unwrap().sound.negatives, Negatives::Matched("donor".to_owned()));
        (form.positives, form.negatives) = (PositiveKind::Top, NegativeKind::Sample);
        let sound = form.params(&[]).unwrap().sound;
        assert_eq!((sound.positives, sound.negatives), (Positives::Top(100), Negatives::Sample(1000)));
    }

    #[test]
    fn each_mistake_is_said_at_its_field_in_the_engines_words() {
        let mut all_wrong = form(&[
            (AnalysisField::Percentile, "100"),
            (AnalysisField::Sample, "0"),
            (AnalysisField::MinCells, "0"),
            (AnalysisField::Alpha, "0.9"),
            (AnalysisField::MinChange, "-1"),
            (AnalysisField::MinSize, "9"),
            (AnalysisField::MaxSize, "5"),
            (AnalysisField::Seed, "x"),
        ]);
        all_wrong.positives = PositiveKind::Percentile;
        all_wrong.negatives = NegativeKind::Sample;
        let wrong = wrong(&all_wrong);
        let fields: Vec<AnalysisField> = wrong.iter().map(|(field, _)| *field).collect();
        let expected = [
            AnalysisField::Percentile,
            AnalysisField::Sample,
            AnalysisField::Seed,
            AnalysisField::MinCells,
            AnalysisField::Alpha,
            AnalysisField::MinChange,
            AnalysisField::MaxSize,
        ];
        assert_eq!(fields, expected);
        assert!(wrong[0].1.starts_with("positive cells above percentile 100 were asked for"), "{}", wrong[0].1);
        assert_eq!(wrong[2].1, "a whole number is needed, not \"x\"");
    }

    #[test]
    fn matching_needs_a_column() {
        let form = AnalysisForm { negatives: NegativeKind::Matched, ..AnalysisForm::default() };
        assert_eq!(wrong(&form)[0].0, AnalysisField::Column);
    }

    #[test]
    fn fields_of_choices_not_made_do_not_matter() {
        let mut form = form(&[(AnalysisField::Percentile, "x"), (AnalysisField::Top, ""), (AnalysisField::Seed, "x")]);
        form.positives = PositiveKind::Active;
        assert_eq!(form.params(&[]).unwrap().sound.positives, Positives::Active);
        form.type_in(AnalysisField::Alpha, "x".to_owned());
        assert_eq!(wrong(&form).len(), 1);
        form.mode = AnalysisMode::Paper;
        assert!(form.params(&[]).is_ok());
    }

    #[test]
    fn an_empty_size_is_wrong_by_itself() {
        assert_eq!(wrong(&form(&[(AnalysisField::MaxSize, "")]))[0].1, "a whole number is needed, not nothing");
        assert_eq!(wrong(&form(&[(AnalysisField::MinSize, "0")]))[0].0, AnalysisField::MinSize);
    }
}
