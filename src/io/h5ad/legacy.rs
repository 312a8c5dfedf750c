//! The tables of anndata before 0.7: one compound array, its first field the index, its categories elsewhere.
//!
//! A field of whole numbers has categories where `uns` (for the genes of `raw.X`, `raw.cat`) holds `NAME_categories`;
//! the layout is described by anndata's own reader of such files (`anndata.compat`, `_clean_uns`).

use super::archive::{Archive, Array, Node};
use super::compound::{FieldValues, read_fields};
use super::table::{codes_of, texts_of};
use super::values::Values;
use crate::io::ImportError;

/// A table in one compound array.
pub(crate) struct LegacyTable {
    fields: Vec<(String, FieldValues)>,
    /// The group that holds the categories.
    categories: &'static str,
}

impl LegacyTable {
    /// Reads all fields.
    pub(crate) fn read(archive: &Archive, array: &Array) -> Result<Self, ImportError> {
        let categories = if array.path == "raw.var" { "raw.cat" } else { "uns" };
        Ok(Self { fields: read_fields(archive, array)?, categories })
    }

    /// The first field, if it holds names.
    pub(crate) fn index(&self) -> Option<Vec<String>> {
        match &self.fields.first()?.1 {
            FieldValues::Texts(texts) => Some(texts.clone()),
            FieldValues::Integers(values) => Some(values.iter().map(i64::to_string).collect()),
            _ => None,
        }
    }

    /// The names of the other fields.
    pub(crate) fn column_names(&self) -> Vec<String> {
        self.fields.iter().skip(1).map(|(name, _)| name.clone()).collect()
    }

    /// The values of a field.
    ///
    /// # Errors
    /// [`ImportError::Layout`] at `path` for a field that is no column and for codes without category.
    pub(crate) fn values(&self, archive: &Archive, path: &str, name: &str) -> Result<Values, ImportError> {
        let field = self.fields.iter().find(|(known, _)| known == name);
        match field.map(|(_, values)| values) {
            Some(FieldValues::Texts(texts)) => Ok(Values::from_texts(texts)),
            Some(FieldValues::Booleans(values)) => Ok(Values::from_booleans(values.iter().copied())),
            Some(FieldValues::Numbers(values)) => Ok(Values::Numbers(values.clone())),
            Some(FieldValues::Integers(codes)) => self.integers(archive, path, name, codes),
            Some(FieldValues::Vectors { width, .. }) => {
                Err(archive.layout(path, &format!("has {width} numbers a row"), "one value per row"))
            }
            Some(FieldValues::Odd(found)) => {
                Err(archive.layout(path, &format!("has type {found}"), "texts, numbers or booleans"))
            }
            None => Err(archive.layout(path, "is missing", "a column")),
        }
    }

    fn integers(&self, archive: &Archive, path: &str, name: &str, codes: &[i64]) -> Result<Values, ImportError> {
        let place = format!("{}/{name}_categories", self.categories);
        let Some(Node::Array(categories)) = archive.node(&place)? else {
            return Ok(Values::Numbers(codes.iter().map(|&value| value as f64).collect()));
        };
        let categories = texts_of(archive, &categories)?;
        Ok((codes_of(archive, path, codes, categories.len())?, categories).into())
    }
}
