//! Two groups of cells to compare: categories, or the cells that are chosen on the map. And what came of it. Pure.

use crate::plot::format::{count, decimals, p_value_of_log10, percent, signed};
use crate::protocol::{CompareQuery, Comparison, LabelInfo};
use crate::ui::steer::{CellGroup, category_groups};
use crate::ui::widgets::{SortedColumn, SortedRows, SortedValues};

/// Key of all cells that are not in A.
pub(super) const REST: &str = "rest";

/// The form: A, and B where it is not all the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CompareForm {
    pub(super) first: Option<CellGroup>,
    pub(super) second: Option<CellGroup>,
}

impl CompareForm {
    /// The question; `None` without A.
    pub(super) fn query(&self) -> Option<CompareQuery> {
        let first = self.first.as_ref()?.cells.clone();
        Some(CompareQuery { first, second: self.second.as_ref().map(|group| group.cells.clone()) })
    }

    /// Names of both groups with their cells; `None` for all the rest.
    pub(super) fn names(&self) -> (String, Option<String>) {
        let name = |group: &Option<CellGroup>| group.as_ref().map(|group| group.name.clone());
        (name(&self.first).unwrap_or_default(), name(&self.second))
    }
}

/// What a list offers: the group that was taken from the map first, if there is one, then every category.
pub(super) fn options(labels: &[LabelInfo], taken: Option<&CellGroup>) -> Vec<(String, String)> {
    let categories = category_groups(labels);
    let is_category = |group: &&CellGroup| categories.iter().any(|known| known.key == group.key);
    let own = taken.filter(|group| !is_category(group)).cloned();
    own.into_iter().chain(categories).map(|group| (group.key, group.name)).collect()
}

/// The group of a category's key.
pub(super) fn of_key(labels: &[LabelInfo], key: &str) -> Option<CellGroup> {
    category_groups(labels).into_iter().find(|group| group.key == key)
}

/// The line over the table: test, family, groups.
pub(super) fn method((first, second): &(String, Option<String>), found: &Comparison) -> String {
    let second = second.clone().unwrap_or_else(|| format!("all other cells ({})", count(found.n_second)));
    format!(
        "A: {first} · B: {second} · Welch's t, two-sided · Benjamini–Hochberg over {} tests · the unit is the cell, not \
         the donor",
        count(found.n_tests)
    )
}

/// The table's rows.
pub(super) fn rows(found: &Comparison) -> SortedRows {
    let column = |head: &str, hint, values: &[f64], write: fn(f64) -> String| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Numbers(values.to_vec(), write),
    };
    let three = |value: f64| decimals(value, 3);
    let difference: Vec<f64> = found.mean_first.iter().zip(found.mean_second.iter()).map(|(a, b)| a - b).collect();
    SortedRows {
        id_head: "Feature",
        ids: found.features.to_vec(),
        columns: vec![
            column("Mean A", "Mean activation in A, inactive cells counted as 0", &found.mean_first, three),
            column("Mean B", "Mean activation in B, inactive cells counted as 0", &found.mean_second, three),
            column("A − B", "Difference of the means", &difference, |value| signed(value, 3)),
            column("Active A", "Share of A's cells in which the feature is active", &found.fraction_first, percent),
            column("Active B", "Share of B's cells in which the feature is active", &found.fraction_second, percent),
            column("t", "Welch's t, positive where A is higher", &found.t, |value| signed(value, 3)),
            SortedColumn {
                head: "d".to_owned(),
                hint: "Cohen's d of the same sign, sorted by its size: .2 is small, .8 large",
                values: SortedValues::Sizes(found.cohens_d.to_vec(), |value| signed(value, 2)),
            },
            column("log10 p", "log10 of the two-sided p", &found.log10_p, |value| decimals(value, 1)),
            column("Adjusted p", "Benjamini–Hochberg over live features", &found.log10_padj, p_value_of_log10),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::CellSelection;
    use crate::protocol::LabelKind;

    fn labels() -> Vec<LabelInfo> {
        let categories = vec![("control".to_owned(), 6359), ("stimulated".to_owned(), 7217)];
        vec![LabelInfo { name: "condition".to_owned(), kind: LabelKind::Categorical { categories, n_missing: 0 } }]
    }

    #[test]
    fn without_b_all_other_cells_are_meant() {
        let first = of_key(&labels(), "label:condition:stimulated");
        // Thousands are set apart from five digits on.
        let form = CompareForm { first, second: None };
        assert_eq!(form.query().unwrap().second, None);
        assert_eq!(form.names(), ("condition: stimulated (7217)".into(), None));
        assert_eq!(CompareForm::default().query(), None);
    }

    #[test]
    fn cells_from_the_map_stand_before_the_categories() {
        let (key, name) = ("map".to_owned(), "Lasso".to_owned());
        let taken = CellGroup { key, name, cells: CellSelection::Rows(vec![1]) };
        let keys = |taken| options(&labels(), taken).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(Some(&taken)), ["map", "label:condition:control", "label:condition:stimulated"]);
        assert_eq!(keys(of_key(&labels(), "label:condition:control").as_ref()).len(), 2);
    }

    #[test]
    fn the_rows_have_every_number_in_words() {
        let column = |value: f64| vec![value].into();
        let query = CompareQuery { first: CellSelection::All, second: None };
        let found = Comparison {
            query,
            n_first: 7217,
            n_second: 6359,
            n_tests: 487,
            features: vec![12].into(),
            mean_first: column(2.5),
            mean_second: column(1.0),
            fraction_first: column(0.5),
            fraction_second: column(0.25),
            t: column(123.456),
            cohens_d: column(-1.234),
            log10_p: column(-412.34),
            log10_padj: column(-400.0),
        };
        let rows = rows(&found);
        assert_eq!((rows.ids.len(), rows.columns.len()), (1, 9));
        let text = |at: usize| match &rows.columns[at].values {
            SortedValues::Numbers(values, write) | SortedValues::Sizes(values, write) => write(values[0]),
            SortedValues::Texts(texts) => texts[0].clone(),
        };
        assert_eq!((text(2), text(6), text(8)), ("+1.5".into(), "\u{2212}1.2".into(), "1e-400".into()));
        let line = method(&("x".into(), None), &found);
        assert!(line.contains("over 487 tests") && line.contains("B: all other cells (6359)"), "{line}");
    }
}
