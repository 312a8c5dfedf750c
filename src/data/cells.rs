//! The cells of a data set: their ids and what is known of each (labels, covariates).

use std::collections::BTreeMap;

use super::DataError;

/// The code of a cell without a label in a categorical column.
pub const MISSING_CODE: u32 = u32::MAX;

/// A column of `obs`: one label or number per cell.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelColumn {
    /// The column's name in its file.
    pub name: String,
    /// Its values, `[n_cells]`.
    pub values: LabelValues,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelValues {
    /// Labels: `codes[cell]` is a position in `categories`, or [`MISSING_CODE`].
    Categorical {
        /// `[n_cells]`
        codes: Vec<u32>,
        /// Distinct labels, in the file's order.
        categories: Vec<String>,
    },
    /// Numbers, `[n_cells]`; NaN where missing.
    Numeric(Vec<f64>),
}

impl LabelColumn {
    /// Makes a categorical column from one text per cell, empty text meaning no label; categories are sorted.
    #[must_use]
    pub fn from_texts<S: AsRef<str>>(name: impl Into<String>, texts: &[S]) -> Self {
        let mut codes_by_text: BTreeMap<&str, u32> =
            texts.iter().map(AsRef::as_ref).filter(|text| !text.is_empty()).map(|text| (text, 0)).collect();
        for (code, (_, slot)) in codes_by_text.iter_mut().enumerate() {
            *slot = code as u32;
        }
        let codes =
            texts.iter().map(|text| codes_by_text.get(text.as_ref()).copied().unwrap_or(MISSING_CODE)).collect();
        let categories = codes_by_text.keys().map(|&text| text.to_owned()).collect();
        Self { name: name.into(), values: LabelValues::Categorical { codes, categories } }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        match &self.values {
            LabelValues::Categorical { codes, .. } => codes.len(),
            LabelValues::Numeric(values) => values.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The codes and categories, if the column is categorical.
    pub fn categorical(&self) -> Option<(&[u32], &[String])> {
        match &self.values {
            LabelValues::Categorical { codes, categories } => Some((codes, categories)),
            LabelValues::Numeric(_) => None,
        }
    }
}

/// The cells: how many, their ids where a file gave them, and their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellTable {
    n_cells: usize,
    ids: Option<Vec<String>>,
    columns: Vec<LabelColumn>,
    /// Where in `columns` a name stands: there may be as many as a table has room for.
    places: BTreeMap<String, usize>,
    colours: BTreeMap<String, Vec<String>>,
}

impl CellTable {
    /// Cells known only by their row.
    #[must_use]
    pub fn without_ids(n_cells: usize) -> Self {
        Self { n_cells, ..Self::default() }
    }

    /// Cells known by id.
    ///
    /// # Errors
    /// [`DataError::DuplicateCellId`] if an id occurs twice.
    pub fn with_ids(ids: Vec<String>) -> Result<Self, DataError> {
        let mut row_by_id = BTreeMap::new();
        for (second, id) in ids.iter().enumerate() {
            if let Some(first) = row_by_id.insert(id.as_str(), second) {
                return Err(DataError::DuplicateCellId { id: id.clone(), first, second });
            }
        }
        Ok(Self { n_cells: ids.len(), ids: Some(ids), ..Self::default() })
    }

    /// Adds a column, replacing one of the same name.
    ///
    /// # Errors
    /// [`DataError::CellCount`] if it has another number of cells.
    pub fn add_column(&mut self, column: LabelColumn) -> Result<(), DataError> {
        if column.len() != self.n_cells {
            let (expected, found) = (self.n_cells, column.len());
            return Err(DataError::CellCount { what: column.name, expected, found });
        }
        self.colours.remove(&column.name);
        if let Some(&at) = self.places.get(&column.name) {
            self.columns[at] = column;
        } else {
            self.places.insert(column.name.clone(), self.columns.len());
            self.columns.push(column);
        }
        Ok(())
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.n_cells
    }

    /// The ids, if any, `[n_cells]`.
    pub fn ids(&self) -> Option<&[String]> {
        self.ids.as_deref()
    }

    /// The id of a cell, or its 1-based row where there are no ids.
    pub fn name_of(&self, row: usize) -> String {
        self.ids.as_ref().map_or_else(|| format!("cell {}", row + 1), |ids| ids[row].clone())
    }

    /// Gives a categorical column the colours its file has for it, `#rrggbb` for each category; where the column is not
    /// there or has another number of categories they are not kept.
    pub fn set_colours(&mut self, column: &str, colours: Vec<String>) {
        let categories = self.column(column).and_then(LabelColumn::categorical).map(|(_, categories)| categories.len());
        if categories == Some(colours.len()) {
            self.colours.insert(column.to_owned(), colours);
        }
    }

    /// The colours a file has for the categories of a column.
    pub fn colours(&self, column: &str) -> Option<&[String]> {
        self.colours.get(column).map(Vec::as_slice)
    }

    /// All columns in file order.
    pub fn columns(&self) -> &[LabelColumn] {
        &self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&LabelColumn> {
        self.places.get(name).and_then(|&at| self.columns.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_sorted_categories_and_empty_is_missing() {
        let column = LabelColumn::from_texts("type", &["b", "", "a", "b"]);
        let (codes, categories) = column.categorical().unwrap();
        assert_eq!(codes, [1, MISSING_CODE, 0, 1]);
        assert_eq!(categories, ["a", "b"]);
    }

    #[test]
    fn duplicate_ids_are_refused_with_both_rows() {
        let ids = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
        let error = CellTable::with_ids(ids).unwrap_err();
        assert_eq!(error, DataError::DuplicateCellId { id: "a".to_owned(), first: 0, second: 2 });
    }

    #[test]
    fn colours_stay_until_their_column_is_replaced() {
        let mut cells = CellTable::without_ids(2);
        cells.add_column(LabelColumn::from_texts("type", &["B", "T"])).unwrap();
        let colours = ["#000000", "#ffffff"].map(str::to_owned);
        cells.set_colours("type", colours.to_vec());
        assert_eq!(cells.colours("type"), Some(&colours[..]));
        cells.add_column(LabelColumn::from_texts("type", &["NK", "T"])).unwrap();
        assert_eq!(cells.colours("type"), None);
        cells.set_colours("type", colours[..1].to_vec());
        assert_eq!(cells.colours("type"), None);
    }

    #[test]
    fn a_column_of_another_length_is_refused() {
        let mut cells = CellTable::without_ids(2);
        assert!(cells.add_column(LabelColumn::from_texts("x", &["a"])).is_err());
    }
}
