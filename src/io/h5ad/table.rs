//! The tables (`obs`, `var`) of an AnnData file: their index and their columns.
//!
//! Encodings read: string, number and boolean arrays, `categorical`, `nullable-integer`, `nullable-boolean`,
//! `nullable-string-array` (as index too), and the categories of anndata 0.7 (`__categories`). Missing numbers are
//! NaN, missing labels have no category; a column of few distinct numbers holds labels, as in a CSV. A column in
//! another encoding is left out and the person is told.

use std::collections::BTreeSet;

use hdf5_pure::DType;

use super::archive::{Archive, Array, Folder, Node, found_encoding};
use crate::data::{LabelColumn, LabelValues, MISSING_CODE, Observer};
use crate::io::ImportError;
use crate::io::gmt::shortened;
use crate::io::labels::number_values;

/// Columns left out of which each is told with its reason.
const MAX_TOLD: usize = 20;

/// A table of the file.
pub(crate) struct Table<'a> {
    archive: &'a Archive,
    folder: Folder,
}

impl<'a> Table<'a> {
    /// Finds a table.
    ///
    /// # Errors
    /// [`ImportError::LegacyLayout`] for a compound array, [`ImportError::Unrecognised`] if there is none: then the
    /// file is not AnnData.
    pub(crate) fn open(archive: &'a Archive, path: &str) -> Result<Self, ImportError> {
        match archive.node(path)? {
            Some(Node::Folder(folder)) => Ok(Self { archive, folder }),
            Some(Node::Array(array)) if matches!(array.dtype, DType::Compound(_)) => {
                Err(ImportError::LegacyLayout { file: archive.name().to_owned(), place: path.to_owned() })
            }
            Some(Node::Array(array)) => {
                Err(archive.layout(path, &format!("is an array of {}", array.dtype), "a group"))
            }
            None => Err(ImportError::Unrecognised {
                file: archive.name().to_owned(),
                found: format!("is HDF5 without {path:?} (it has {:?})", archive.top_members()?),
                hint: "10x .h5, loom and Seurat files must be read in Python or R and written as .h5ad".to_owned(),
            }),
        }
    }

    /// The names of the rows, if the table has an index.
    pub(crate) fn index(&self) -> Result<Option<Vec<String>>, ImportError> {
        let key = self.index_key();
        match self.archive.node(&self.path_of(&key))? {
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
        let mut left_out = LeftOut::default();
        for name in self.column_names()? {
            self.archive.check_cancelled(observer)?;
            match self.column(&name, n_rows) {
                Ok(column) => columns.push(column),
                Err(error) => left_out.tell(&self.folder.path, &name, &error, observer),
            }
        }
        left_out.finish(&self.folder.path, observer);
        Ok(columns)
    }

    fn index_key(&self) -> String {
        self.folder.text_attr("_index").unwrap_or("_index").to_owned()
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.path)
    }

    fn column_names(&self) -> Result<Vec<String>, ImportError> {
        if let Some(names) = self.folder.texts_attr("column-order") {
            // A name that stands a thousand times is read once.
            let mut seen = BTreeSet::new();
            return Ok(names.iter().filter(|name| seen.insert(name.as_str())).cloned().collect());
        }
        let index = self.index_key();
        let names = self.archive.members(&self.folder)?;
        Ok(names.into_iter().filter(|name| *name != index && name != "__categories").collect())
    }

    fn column(&self, name: &str, n_rows: usize) -> Result<LabelColumn, ImportError> {
        let path = self.path_of(name);
        let values = match self.archive.node(&path)? {
            Some(Node::Array(array)) => self.plain(name, &array)?,
            Some(Node::Folder(folder)) => match folder.text_attr("encoding-type") {
                Some("categorical") => self.categorical(&path).map(Values::from)?,
                Some(kind) if kind.starts_with("nullable-") => self.nullable(&path)?,
                other => return Err(self.archive.layout(&path, &found_encoding(other), "a column")),
            },
            None => return Err(self.archive.layout(&path, "is missing", "a column")),
        };
        let column = LabelColumn { name: name.to_owned(), values: values.into() };
        if column.len() == n_rows {
            return Ok(column);
        }
        Err(self.archive.layout(&path, &format!("has {} values", column.len()), &format!("{n_rows}")))
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
        let n_categories = categories.len();
        let code = |code: i64| match u32::try_from(code) {
            Ok(code) if (code as usize) < n_categories => Ok(code),
            Err(_) => Ok(MISSING_CODE),
            Ok(code) => {
                let expected = format!("codes below {n_categories}, the number of categories");
                Err(self.archive.layout(&codes.path, &format!("has code {code}"), &expected))
            }
        };
        let codes = self.archive.integers(codes)?.into_iter().map(code).collect::<Result<_, _>>()?;
        Ok((codes, categories))
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

/// Tells of columns that could not be read, one by one as long as a person would read it.
#[derive(Default)]
struct LeftOut(usize);

impl LeftOut {
    fn tell(&mut self, table: &str, name: &str, error: &ImportError, observer: &dyn Observer) {
        self.0 += 1;
        if self.0 <= MAX_TOLD {
            observer.warn(&format!("Column {:?} of {table} was left out: {error}", shortened(name)));
        }
    }

    fn finish(&self, table: &str, observer: &dyn Observer) {
        if self.0 > MAX_TOLD {
            observer.warn(&format!("{} more columns of {table} were left out for such reasons.", self.0 - MAX_TOLD));
        }
    }
}

/// Codes and categories.
type Labels = (Vec<u32>, Vec<String>);

/// The values of a column on their way in.
enum Values {
    Numbers(Vec<f64>),
    Labels { codes: Vec<u32>, categories: Vec<String> },
}

impl Values {
    fn forget(&mut self, row: usize) {
        match self {
            Self::Numbers(values) => {
                if let Some(value) = values.get_mut(row) {
                    *value = f64::NAN;
                }
            }
            Self::Labels { codes, .. } => {
                if let Some(code) = codes.get_mut(row) {
                    *code = MISSING_CODE;
                }
            }
        }
    }
}

impl From<Labels> for Values {
    fn from((codes, categories): Labels) -> Self {
        Self::Labels { codes, categories }
    }
}

impl From<Values> for LabelValues {
    fn from(values: Values) -> Self {
        match values {
            Values::Numbers(values) => number_values(values),
            Values::Labels { codes, categories } => Self::Categorical { codes, categories },
        }
    }
}

fn values_of(archive: &Archive, array: &Array) -> Result<Values, ImportError> {
    check_one_per_row(archive, array)?;
    if array.is_bool() {
        let codes = archive.integers(array)?.into_iter().map(|value| u32::from(value != 0)).collect();
        return Ok(Values::Labels { codes, categories: vec!["False".to_owned(), "True".to_owned()] });
    }
    if array.is_text() {
        let column = LabelColumn::from_texts("", &archive.texts(array)?);
        return Ok(match column.values {
            LabelValues::Categorical { codes, categories } => Values::Labels { codes, categories },
            LabelValues::Numeric(values) => Values::Numbers(values),
        });
    }
    if array.is_numeric() {
        return archive.numbers(array).map(Values::Numbers);
    }
    Err(archive.layout(&array.path, &format!("has type {}", array.type_name()), "texts, numbers or booleans"))
}

fn check_one_per_row(archive: &Archive, array: &Array) -> Result<(), ImportError> {
    if array.shape.len() == 1 {
        return Ok(());
    }
    Err(archive.layout(&array.path, &format!("has shape {:?}", array.shape), "one value per row"))
}

/// An array of names: texts as they are, numbers and booleans written out.
fn texts_of(archive: &Archive, array: &Array) -> Result<Vec<String>, ImportError> {
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
