//! The tables (`obs`, `var`) of an AnnData file: their index and their columns.
//!
//! Encodings read: string, number and boolean arrays, `categorical`, `nullable-integer`, `nullable-boolean`,
//! `nullable-string-array` (as index too), the categories of anndata 0.7 (`__categories`), and compound arrays. Missing numbers are
//! NaN, missing labels have no category; a column of few distinct numbers holds labels, as in a CSV. A column in
//! another encoding is left out and the person is told.

use std::collections::BTreeSet;

use super::archive::{Archive, Array, Folder, Node, found_encoding};
use super::left_out::LeftOut;
use super::legacy::LegacyTable;
use super::values::{Labels, Values};
use crate::data::{GeneColumn, LabelColumn, MISSING_CODE, Observer, shortened};
use crate::io::ImportError;

/// A table of the file.
pub(crate) struct Table<'a> {
    archive: &'a Archive,
    path: String,
    store: Store,
}

enum Store {
    Folder(Folder),
    /// Before anndata 0.7.
    Legacy(LegacyTable),
}

impl<'a> Table<'a> {
    /// Finds a table.
    ///
    /// # Errors
    /// [`ImportError::Unrecognised`] if there is none: then the file is not AnnData.
    pub(crate) fn open(archive: &'a Archive, path: &str) -> Result<Self, ImportError> {
        let store = match archive.node(path)? {
            Some(Node::Folder(folder)) => Store::Folder(folder),
            Some(Node::Array(array)) if array.is_compound() => Store::Legacy(LegacyTable::read(archive, &array)?),
            Some(Node::Array(array)) => {
                return Err(archive.layout(path, &format!("is an array of {}", array.dtype), "a group"));
            }
            None => {
                return Err(ImportError::Unrecognised {
                    file: archive.name().to_owned(),
                    found: format!("is HDF5 without {path:?} (it has {:?})", archive.top_members()?),
                    hint: "loom and Seurat files must be read in Python or R and written as .h5ad".to_owned(),
                });
            }
        };
        Ok(Self { archive, path: path.to_owned(), store })
    }

    /// The names of the rows, if the table has an index.
    pub(crate) fn index(&self) -> Result<Option<Vec<String>>, ImportError> {
        let folder = match &self.store {
            Store::Folder(folder) => folder,
            Store::Legacy(table) => return Ok(table.index()),
        };
        match self.archive.node(&self.path_of(&index_key(folder)))? {
            Some(Node::Array(array)) => texts_of(self.archive, &array).map(Some),
            Some(Node::Folder(folder)) => self.index_group(&folder).map(Some),
            None => Ok(None),
        }
    }

    /// An index that is a group; a missing name is empty.
    fn index_group(&self, folder: &Folder) -> Result<Vec<String>, ImportError> {
        let path = &folder.path;
        match folder.text_attr("encoding-type") {
            Some("categorical") => {
                let (codes, categories) = self.categorical(path)?;
                let text = |code: u32| categories.get(code as usize).cloned().unwrap_or_default();
                Ok(codes.into_iter().map(text).collect())
            }
            Some(kind) if kind.starts_with("nullable-") => {
                let mut names = texts_of(self.archive, &self.archive.array(&format!("{path}/values"))?)?;
                for row in self.masked(path)? {
                    names.get_mut(row).map(String::clear);
                }
                Ok(names)
            }
            other => Err(self.archive.layout(path, &found_encoding(other), "names")),
        }
    }

    /// All columns with `n_rows` values, in the table's order; others are left out with a warning.
    pub(crate) fn columns(&self, n_rows: usize, observer: &dyn Observer) -> Result<Vec<LabelColumn>, ImportError> {
        let mut columns = Vec::new();
        let mut left_out = LeftOut::new(observer);
        for name in self.column_names()? {
            self.archive.check_cancelled(observer)?;
            match self.column(&name, n_rows) {
                Ok(column) => columns.push(column),
                Err(error) => left_out.tell(&format!("Column {:?} of {}", shortened(&name), self.path), &error),
            }
        }
        left_out.finish();
        Ok(columns)
    }

    /// The columns of texts with `n_rows` values, in the table's order, and those of Entrez ids, which are numbers.
    ///
    /// # Errors
    /// What listing the columns can give; a column that can't be read is left out.
    pub(crate) fn text_columns(&self, n_rows: usize) -> Result<Vec<GeneColumn>, ImportError> {
        let mut columns = Vec::new();
        for name in self.column_names()? {
            let values = self.values(&name).ok().and_then(|values| values.into_texts(&name));
            if let Some(values) = values.filter(|values| values.len() == n_rows) {
                columns.push(GeneColumn { name, values });
            }
        }
        Ok(columns)
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The names of the columns, in the table's order.
    ///
    /// # Errors
    /// What listing a group can give.
    pub(crate) fn column_names(&self) -> Result<Vec<String>, ImportError> {
        let folder = match &self.store {
            Store::Folder(folder) => folder,
            Store::Legacy(table) => return Ok(table.column_names()),
        };
        if let Some(names) = folder.texts_attr("column-order") {
            // A name that stands a thousand times is read once.
            let mut seen = BTreeSet::new();
            return Ok(names.iter().filter(|name| seen.insert(name.as_str())).cloned().collect());
        }
        let index = index_key(folder);
        let names = self.archive.members(folder)?;
        Ok(names.into_iter().filter(|name| *name != index && name != "__categories").collect())
    }

    fn column(&self, name: &str, n_rows: usize) -> Result<LabelColumn, ImportError> {
        let column = LabelColumn { name: name.to_owned(), values: self.values(name)?.into() };
        if column.len() == n_rows {
            return Ok(column);
        }
        let found = format!("has {} values", column.len());
        Err(self.archive.layout(&self.path_of(name), &found, &format!("{n_rows}")))
    }

    /// The values of a column.
    ///
    /// # Errors
    /// [`ImportError::Layout`] for a column in an encoding that is not read, and what reading can give.
    pub(crate) fn values(&self, name: &str) -> Result<Values, ImportError> {
        let path = self.path_of(name);
        if let Store::Legacy(table) = &self.store {
            return table.values(self.archive, &path, name);
        }
        match self.archive.node(&path)? {
            Some(Node::Array(array)) => self.plain(name, &array),
            Some(Node::Folder(folder)) => match folder.text_attr("encoding-type") {
                Some("categorical") => self.categorical(&path).map(Values::from),
                Some(kind) if kind.starts_with("nullable-") => self.nullable(&path),
                other => Err(self.archive.layout(&path, &found_encoding(other), "a column")),
            },
            None => Err(self.archive.layout(&path, "is missing", "a column")),
        }
    }

    /// An array; codes into `__categories` if anndata 0.7 wrote it.
    fn plain(&self, name: &str, array: &Array) -> Result<Values, ImportError> {
        let categories = self.path_of(&format!("__categories/{name}"));
        if array.has_attr("categories") && self.archive.node(&categories)?.is_some() {
            return self.labels(array, &categories).map(Values::from);
        }
        values_of(self.archive, array)
    }

    fn categorical(&self, path: &str) -> Result<Labels, ImportError> {
        self.labels(&self.archive.array(&format!("{path}/codes"))?, &format!("{path}/categories"))
    }

    fn labels(&self, codes: &Array, categories: &str) -> Result<Labels, ImportError> {
        let categories = match self.archive.node(categories)? {
            Some(Node::Array(array)) => texts_of(self.archive, &array)?,
            Some(Node::Folder(_)) => texts_of(self.archive, &self.archive.array(&format!("{categories}/values"))?)?,
            None => return Err(self.archive.layout(categories, "is missing", "the categories")),
        };
        let values = self.archive.integers(codes)?;
        Ok((codes_of(self.archive, &codes.path, &values, categories.len())?, categories))
    }

    fn nullable(&self, path: &str) -> Result<Values, ImportError> {
        let mut values = values_of(self.archive, &self.archive.array(&format!("{path}/values"))?)?;
        for row in self.masked(path)? {
            values.forget(row);
        }
        Ok(values)
    }

    /// The rows a nullable array says are missing.
    fn masked(&self, path: &str) -> Result<Vec<usize>, ImportError> {
        let mask = self.archive.integers(&self.archive.array(&format!("{path}/mask"))?)?;
        Ok(mask.iter().enumerate().filter(|(_, masked)| **masked != 0).map(|(row, _)| row).collect())
    }
}

/// The key of a table's index.
fn index_key(folder: &Folder) -> String {
    folder.text_attr("_index").unwrap_or("_index").to_owned()
}

/// Codes as they are kept; a negative one means missing.
///
/// # Errors
/// [`ImportError::Layout`] at `path` for a code that no category has.
pub(crate) fn codes_of(
    archive: &Archive,
    path: &str,
    codes: &[i64],
    n_categories: usize,
) -> Result<Vec<u32>, ImportError> {
    let code = |&code: &i64| match u32::try_from(code) {
        Ok(code) if (code as usize) < n_categories => Ok(code),
        Err(_) if code < 0 => Ok(MISSING_CODE),
        _ => {
            let expected = format!("codes below {n_categories}, the number of categories");
            Err(archive.layout(path, &format!("has code {code}"), &expected))
        }
    };
    codes.iter().map(code).collect()
}

fn values_of(archive: &Archive, array: &Array) -> Result<Values, ImportError> {
    check_one_per_row(archive, array)?;
    if array.is_bool() {
        return Ok(Values::from_booleans(archive.integers(array)?.into_iter().map(|value| value != 0)));
    }
    if array.is_text() {
        return Ok(Values::from_texts(&archive.texts(array)?));
    }
    if array.is_numeric() {
        return archive.numbers(array).map(Values::Numbers);
    }
    Err(archive.layout(&array.path, &format!("has type {}", array.type_name()), "texts, numbers or booleans"))
}

fn check_one_per_row(archive: &Archive, array: &Array) -> Result<(), ImportError> {
    // A list of one may be written as a single value.
    if array.shape.len() <= 1 {
        return Ok(());
    }
    Err(archive.layout(&array.path, &format!("has shape {:?}", array.shape), "one value per row"))
}

/// An array of names: texts as they are, numbers and booleans written out.
pub(crate) fn texts_of(archive: &Archive, array: &Array) -> Result<Vec<String>, ImportError> {
    check_one_per_row(archive, array)?;
    if array.is_text() {
        return archive.texts(array);
    }
    if array.is_bool() {
        let text = |value: i64| if value == 0 { "False".to_owned() } else { "True".to_owned() };
        return Ok(archive.integers(array)?.into_iter().map(text).collect());
    }
    if array.is_numeric() {
        return Ok(archive.numbers(array)?.into_iter().map(|value| value.to_string()).collect());
    }
    Err(archive.layout(&array.path, &format!("has type {}", array.type_name()), "texts"))
}
