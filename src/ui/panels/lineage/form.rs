//! A path of categories in an order a person gives, and what follows it. Pure.

use crate::plot::format::{count, decimals, signed};
use crate::protocol::{LabelInfo, LabelKind, LineageQuery, LineageTable};
use crate::ui::widgets::{SortedColumn, SortedRows, SortedValues};

/// The form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PathForm {
    /// The label column.
    pub(super) column: String,
    /// Its categories in the order given, each with whether it is a step.
    pub(super) steps: Vec<(String, bool)>,
}

impl PathForm {
    /// The form of a column: no step yet, categories in the file's order.
    pub(super) fn of(labels: &[LabelInfo], column: &str) -> Self {
        let kind = labels.iter().find(|label| label.name == column).map(|label| &label.kind);
        let Some(LabelKind::Categorical { categories, .. }) = kind else { return Self::default() };
        let steps = categories.iter().filter(|(_, n)| *n > 0).map(|(name, _)| (name.clone(), false)).collect();
        Self { column: column.to_owned(), steps }
    }

    /// Moves a category up or down by one; where it is then, if it could be moved.
    pub(super) fn shift(&mut self, at: usize, is_up: bool) -> Option<usize> {
        let other = if is_up { at.checked_sub(1) } else { Some(at + 1) };
        let other = other.filter(|other| at.max(*other) < self.steps.len())?;
        self.steps.swap(at, other);
        Some(other)
    }

    /// The path.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub(super) fn query(&self) -> Result<LineageQuery, &'static str> {
        let path: Vec<String> =
            self.steps.iter().filter(|(_, is_step)| *is_step).map(|(name, _)| name.clone()).collect();
        if path.len() < 2 {
            return Err("Tick at least two categories; they are followed from the top down.");
        }
        if path.len() == self.steps.len() {
            return Err("Leave at least one category out: its cells are what the path is compared with.");
        }
        Ok(LineageQuery { column: self.column.clone(), path })
    }
}

/// The line over the table: the rule and the counts.
pub(super) fn method(found: &LineageTable) -> String {
    let n_rising = found.rise.iter().filter(|rise| **rise > 0.0).count();
    let n_falling = found.features.len() - n_rising;
    let chance =
        if found.query.path.len() == 2 { " · of two steps, half of all features go up by chance" } else { "" };
    format!(
        "{} · means strictly rise or fall, and their mean is above all other labelled cells' · {} rise and {} fall of {} \
         live features · descriptive, no test{chance}",
        found.query.path.join(" → "),
        count(n_rising),
        count(n_falling),
        count(found.n_live)
    )
}

/// The table's rows.
pub(super) fn rows(found: &LineageTable) -> SortedRows {
    let three: fn(f64) -> String = |value| decimals(value, 3);
    let column = |head: &str, hint, values: Vec<f64>, write| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Numbers(values, write),
    };
    let direction = |rise: &f64| if *rise > 0.0 { "rises" } else { "falls" }.to_owned();
    let n_steps = found.query.path.len();
    let mut columns = vec![
        SortedColumn {
            head: "Direction".to_owned(),
            hint: "Along the path, from its first category to its last",
            values: SortedValues::Texts(found.rise.iter().map(direction).collect()),
        },
        SortedColumn {
            head: "Change".to_owned(),
            hint: "Mean of the last category minus mean of the first, sorted by its size",
            values: SortedValues::Sizes(found.rise.to_vec(), |value| signed(value, 3)),
        },
    ];
    columns.extend(found.query.path.iter().enumerate().map(|(step, name)| {
        let means = found.means.chunks(n_steps).map(|means| means[step]).collect();
        column(name, "Mean activation in this category", means, three)
    }));
    columns.push(column("Path", "Mean activation over all cells of the path", found.mean_lineage.to_vec(), three));
    columns.push(column("Others", "Mean activation over all other labelled cells", found.mean_others.to_vec(), three));
    SortedRows { id_head: "Feature", ids: found.features.to_vec(), columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> PathForm {
        let categories = ["HSC", "MEP", "Ery", "none"].map(|name| (name.to_owned(), usize::from(name != "none")));
        let kind = LabelKind::Categorical { categories: categories.to_vec(), n_missing: 0 };
        PathForm::of(&[LabelInfo { name: "type".to_owned(), kind }], "type")
    }

    #[test]
    fn ticked_categories_are_followed_from_the_top_down() {
        let mut form = form();
        assert_eq!(form.steps.len(), 3);
        assert!(form.query().unwrap_err().starts_with("Tick at least two"));
        form.steps[0].1 = true;
        form.steps[2].1 = true;
        assert_eq!((form.shift(2, true), form.shift(0, true), form.shift(2, false)), (Some(1), None, None));
        assert_eq!(form.query().unwrap().path, ["HSC", "Ery"]);
        form.steps[2].1 = true;
        assert!(form.query().unwrap_err().starts_with("Leave at least one"));
    }

    #[test]
    fn rises_and_falls_are_counted_and_listed_with_every_step() {
        let query = LineageQuery { column: "type".into(), path: vec!["HSC".into(), "MEP".into()] };
        let found = LineageTable {
            query,
            n_live: 9,
            features: vec![3, 5].into(),
            rise: vec![1.5, -0.5].into(),
            mean_lineage: vec![1.0, 1.0].into(),
            mean_others: vec![0.0, 0.5].into(),
            means: vec![0.5, 2.0, 1.0, 0.5].into(),
        };
        let line = method(&found);
        assert!(line.starts_with("HSC → MEP") && line.contains("1 rise and 1 fall of 9") && line.contains("half"));
        let rows = rows(&found);
        assert_eq!(rows.columns[3].head, "MEP");
        assert!(matches!(&rows.columns[3].values, SortedValues::Numbers(values, _) if values == &[2.0, 0.5]));
        assert!(matches!(&rows.columns[0].values, SortedValues::Texts(texts) if texts == &["rises", "falls"]));
    }
}
