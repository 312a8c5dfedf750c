//! Categories of a label column as `--compare` and `--lineage` name them: `COLUMN:A,B`.
//!
//! The column ends at the first colon. Names with a comma stand in double quotes, as in a CSV file.

use std::str::FromStr;

use crate::data::{CellSelection, LabelChoice};
use crate::protocol::{CompareQuery, DatasetSummary, LabelKind, LineageQuery};

/// A label column and some of its categories, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) column: String,
    pub(super) categories: Vec<String>,
}

impl FromStr for Groups {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected COLUMN:A,B such as condition:stimulated,control".to_owned();
        let (column, names) = text.split_once(':').ok_or_else(expected)?;
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(names.as_bytes());
        let record = reader.records().next().and_then(Result::ok).ok_or_else(expected)?;
        let categories: Vec<String> = record.iter().map(str::to_owned).collect();
        let is_named = !column.is_empty() && categories.iter().all(|name| !name.is_empty());
        if is_named { Ok(Self { column: column.to_owned(), categories }) } else { Err(expected()) }
    }
}

impl Groups {
    /// The first category against the second, or against all other cells.
    pub(super) fn comparison(&self) -> CompareQuery {
        let of = |category: &String| {
            let (column, category) = (self.column.clone(), category.clone());
            CellSelection::Labels(vec![LabelChoice { column, category }])
        };
        let mut groups = self.categories.iter().map(of);
        CompareQuery { first: groups.next().unwrap_or(CellSelection::Rows(Vec::new())), second: groups.next() }
    }

    /// The categories as a path.
    pub(super) fn path(&self) -> LineageQuery {
        LineageQuery { column: self.column.clone(), path: self.categories.clone() }
    }

    /// What the data do not have of these, as a sentence.
    pub(super) fn missing_in(&self, dataset: &DatasetSummary) -> Option<String> {
        let Self { column, categories } = self;
        let kind = dataset.labels.iter().find(|label| label.name == *column).map(|label| &label.kind);
        let Some(LabelKind::Categorical { categories: known, .. }) = kind else {
            let has_categories = |kind: &LabelKind| matches!(kind, LabelKind::Categorical { .. });
            let names: Vec<&str> = dataset
                .labels
                .iter()
                .filter(|label| has_categories(&label.kind))
                .map(|label| label.name.as_str())
                .collect();
            return Some(format!("there is no label column {column:?} with categories; there are {names:?}"));
        };
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        let unknown = categories.iter().find(|name| !names.contains(&name.as_str()))?;
        Some(format!("column {column:?} has no category {unknown:?}; it has {names:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_commas_outside_of_quotes() {
        let groups: Groups = "type:B cells,\"T, naive\"".parse().unwrap();
        assert_eq!((groups.column.as_str(), groups.path().path), ("type", vec!["B cells".into(), "T, naive".into()]));
        assert!(groups.comparison().second.is_some());
        assert_eq!("type:B".parse::<Groups>().unwrap().comparison().second, None);
    }

    #[test]
    fn what_names_no_groups_is_refused() {
        for text in ["type", "type:", ":a,b", "type:a,,b"] {
            assert!(text.parse::<Groups>().unwrap_err().starts_with("expected COLUMN:A,B"), "{text}");
        }
    }
}
