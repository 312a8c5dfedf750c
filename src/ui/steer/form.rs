//! The steering form: what a person chose and typed, and what is wrong with it.
//!
//! Groups of cells are chosen by a key: all cells, the cells chosen on the page, or one category of a label.

use crate::data::{CellSelection, FeatureId, LabelChoice};
use crate::plot::format::count;
use crate::protocol::{LabelInfo, LabelKind, SteerParams, SteerTarget};

/// How the new activation is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TargetKind {
    /// As a number.
    Value,
    /// As a percentile over all cells.
    Percentile,
    /// As the mean of other cells.
    #[default]
    Group,
}

impl TargetKind {
    /// Kinds with key, name and explanation, in the order they are offered.
    pub(super) const OPTIONS: [(&'static str, &'static str, &'static str); 3] = [
        ("group", "Group mean", "The mean activation of other cells, zeros included, times a factor"),
        ("percentile", "Percentile", "A percentile of the activation over all cells, zeros included"),
        ("value", "Value", "An activation; 0 switches the feature off"),
    ];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Percentile => "percentile",
            Self::Group => "group",
        }
    }

    pub(super) fn of_key(key: &str) -> Self {
        match key {
            "value" => Self::Value,
            "percentile" => Self::Percentile,
            _ => Self::Group,
        }
    }
}

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SteerForm {
    /// Key of the cells that are steered.
    pub(super) cells: String,
    pub(super) target: TargetKind,
    pub(super) value: String,
    pub(super) percentile: String,
    /// Key of the cells whose mean is set.
    pub(super) group: String,
    pub(super) factor: String,
    pub(super) keep_error: bool,
}

impl Default for SteerForm {
    fn default() -> Self {
        Self {
            cells: ALL_KEY.to_owned(),
            target: TargetKind::default(),
            value: "0".to_owned(),
            percentile: "99".to_owned(),
            group: String::new(),
            factor: "1".to_owned(),
            keep_error: true,
        }
    }
}

/// A group of cells to choose from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CellGroup {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) cells: CellSelection,
}

const ALL_KEY: &str = "all";
const CHOSEN_KEY: &str = "chosen";

/// A group for each category of each label.
pub(crate) fn category_groups(labels: &[LabelInfo]) -> Vec<CellGroup> {
    let of = |label: &LabelInfo| {
        let LabelKind::Categorical { categories, .. } = &label.kind else { return Vec::new() };
        categories.iter().map(|(category, n_cells)| category_group(&label.name, category, *n_cells)).collect()
    };
    labels.iter().flat_map(of).collect()
}

/// The groups: the chosen cells first if there are any, then all cells, then each category.
pub(super) fn groups(labels: &[LabelInfo], selection: &CellSelection) -> Vec<CellGroup> {
    let chosen = (*selection != CellSelection::All).then(|| CellGroup {
        key: CHOSEN_KEY.to_owned(),
        name: "Chosen cells".to_owned(),
        cells: selection.clone(),
    });
    let all = CellGroup { key: ALL_KEY.to_owned(), name: "All cells".to_owned(), cells: CellSelection::All };
    chosen.into_iter().chain([all]).chain(category_groups(labels)).collect()
}

fn category_group(column: &str, category: &str, n_cells: usize) -> CellGroup {
    let choice = LabelChoice { column: column.to_owned(), category: category.to_owned() };
    CellGroup {
        key: format!("label:{column}:{category}"),
        name: format!("{column}: {category} ({})", count(n_cells)),
        cells: CellSelection::Labels(vec![choice]),
    }
}

/// What is wrong, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FormErrors {
    pub(super) value: Option<String>,
    pub(super) percentile: Option<String>,
    pub(super) group: Option<String>,
    pub(super) factor: Option<String>,
}

impl SteerForm {
    /// The experiment.
    ///
    /// # Errors
    /// A sentence for each field that can't be used.
    pub(super) fn params(&self, feature: FeatureId, groups: &[CellGroup]) -> Result<SteerParams, FormErrors> {
        let find = |key: &str| groups.iter().find(|group| group.key == key).map(|group| group.cells.clone());
        let target = match self.target {
            TargetKind::Value => {
                let at_least_zero = |value: &f64| *value >= 0.0;
                let value = number(&self.value, at_least_zero, "a number of 0 or more")
                    .map_err(|text| FormErrors { value: Some(text), ..FormErrors::default() })?;
                SteerTarget::Value { value }
            }
            TargetKind::Percentile => {
                let is_share = |value: &f64| (0.0..=100.0).contains(value);
                let percentile = number(&self.percentile, is_share, "a number from 0 to 100")
                    .map_err(|text| FormErrors { percentile: Some(text), ..FormErrors::default() })?;
                SteerTarget::Percentile { percentile }
            }
            TargetKind::Group => self.group_target(find(&self.group))?,
        };
        // Chosen cells that are no longer chosen leave all cells.
        let cells = find(&self.cells).unwrap_or(CellSelection::All);
        Ok(SteerParams { feature, cells, target, keep_error: self.keep_error })
    }

    fn group_target(&self, group: Option<CellSelection>) -> Result<SteerTarget, FormErrors> {
        let factor = number(&self.factor, |factor| *factor >= 0.0, "a number of 0 or more, such as 1 or 1.5");
        match (group, factor) {
            (Some(group), Ok(factor)) => Ok(SteerTarget::GroupMean { group, factor }),
            (group, factor) => Err(FormErrors {
                group: group.is_none().then(|| "Choose the cells whose mean is set.".to_owned()),
                factor: factor.err(),
                ..FormErrors::default()
            }),
        }
    }
}

fn number(text: &str, is_allowed: impl Fn(&f64) -> bool, expected: &str) -> Result<f64, String> {
    let value: Option<f64> = text.trim().parse().ok().filter(|value: &f64| value.is_finite());
    value.filter(is_allowed).ok_or_else(|| format!("Expected {expected}, found {text:?}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<LabelInfo> {
        let categories = vec![("control".to_owned(), 6359), ("stimulated".to_owned(), 7217)];
        vec![LabelInfo { name: "condition".to_owned(), kind: LabelKind::Categorical { categories, n_missing: 0 } }]
    }

    fn params(change: impl FnOnce(&mut SteerForm)) -> Result<SteerParams, FormErrors> {
        let mut form = SteerForm::default();
        change(&mut form);
        form.params(FeatureId(7), &groups(&labels(), &CellSelection::Rows(vec![1, 2])))
    }

    #[test]
    fn chosen_cells_come_first_and_only_if_there_are_any() {
        let names = |selection| groups(&labels(), &selection).into_iter().map(|group| group.key).collect::<Vec<_>>();
        assert_eq!(names(CellSelection::Rows(vec![0]))[..2], ["chosen", "all"]);
        assert_eq!(names(CellSelection::All)[0], "all");
    }

    #[test]
    fn a_group_mean_takes_a_category() {
        let found = params(|form| {
            form.cells = CHOSEN_KEY.to_owned();
            form.group = "label:condition:stimulated".to_owned();
            form.factor = "1.5".to_owned();
        });
        let choice = LabelChoice { column: "condition".to_owned(), category: "stimulated".to_owned() };
        let target = SteerTarget::GroupMean { group: CellSelection::Labels(vec![choice]), factor: 1.5 };
        let cells = CellSelection::Rows(vec![1, 2]);
        assert_eq!(found, Ok(SteerParams { feature: FeatureId(7), cells, target, keep_error: true }));
    }

    #[test]
    fn each_mistake_is_said_at_its_field() {
        assert!(params(|_| ()).unwrap_err().group.is_some());
        let factor = params(|form| form.factor = "x".to_owned()).unwrap_err();
        assert!(factor.factor.is_some() && factor.group.is_some());
        let value = params(|form| (form.target, form.value) = (TargetKind::Value, "-1".to_owned()));
        assert_eq!(value.unwrap_err().value.as_deref(), Some("Expected a number of 0 or more, found \"-1\"."));
        let percentile = params(|form| (form.target, form.percentile) = (TargetKind::Percentile, "101".to_owned()));
        assert!(percentile.unwrap_err().percentile.is_some());
    }

    #[test]
    fn other_fields_do_not_matter() {
        let zero = params(|form| (form.target, form.factor) = (TargetKind::Value, "nonsense".to_owned())).unwrap();
        assert_eq!(zero.target, SteerTarget::Value { value: 0.0 });
    }
}
