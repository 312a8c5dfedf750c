//! The demo's list of files, and its preview: a map and labels in a few bytes a cell.
//!
//! The preview is columns one after the other, little endian: coordinates as 16-bit steps between a column's `min`
//! and `max`, labels as one byte (255: no label).

use serde::Deserialize;

use crate::data::MISSING_CODE;
use crate::protocol::{CellColor, MapSource};
use crate::ui::state::{CellColoring, ColoringValues, MapPoints, Preview, Shared};

/// The role of the file that is not opened but drawn.
pub(super) const PREVIEW_ROLE: &str = "preview";

const NO_LABEL: u8 = u8::MAX;

#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    name: String,
    description: String,
    pub(super) files: Vec<DemoFile>,
    pub(super) preview: PreviewLayout,
}

#[derive(Debug, Deserialize)]
pub(super) struct DemoFile {
    pub(super) path: String,
    pub(super) role: String,
    pub(super) size: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct PreviewLayout {
    pub(super) path: String,
    n_cells: usize,
    map: String,
    columns: Vec<Column>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    offset: usize,
    #[serde(flatten)]
    values: ColumnValues,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "dtype", rename_all = "lowercase")]
enum ColumnValues {
    U16 { min: f64, max: f64 },
    U8 { categories: Vec<String> },
}

impl Manifest {
    /// # Errors
    /// A sentence, if the text is not a manifest.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("The demo's list of files can't be read: {error}."))
    }

    /// The preview from its file's bytes, coloured by the label with the most categories.
    ///
    /// # Errors
    /// A sentence, if a column is missing or the file is too short.
    pub(super) fn preview(&self, bytes: &[u8]) -> Result<Preview, String> {
        let layout = &self.preview;
        let (x, y) = (layout.coordinates("x", bytes)?, layout.coordinates("y", bytes)?);
        let source = MapSource::Embedding(layout.map.clone());
        let points = Shared::new(MapPoints { source, x: x.into(), y: y.into() });
        let coloring = Shared::new(layout.richest_label(bytes)?);
        Ok(Preview { name: self.name.clone(), description: self.description.clone(), points, coloring })
    }
}

impl PreviewLayout {
    fn coordinates(&self, name: &str, bytes: &[u8]) -> Result<Vec<f32>, String> {
        let column = self.columns.iter().find(|column| column.name == name);
        let Some(Column { offset, values: ColumnValues::U16 { min, max }, .. }) = column else {
            return Err(format!("The demo's preview has no coordinates {name:?}."));
        };
        let steps = self.slice(bytes, *offset, 2)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let position = |step: u16| min + f64::from(step) / f64::from(u16::MAX) * (max - min);
        Ok(steps.map(|step| position(step) as f32).collect())
    }

    fn richest_label(&self, bytes: &[u8]) -> Result<CellColoring, String> {
        let labels = self.columns.iter().filter_map(|column| match &column.values {
            ColumnValues::U8 { categories } => Some((column, categories)),
            ColumnValues::U16 { .. } => None,
        });
        let richest = labels.max_by_key(|(_, categories)| categories.len());
        let (column, categories) = richest.ok_or("The demo's preview has no labels.")?;
        let codes = self.slice(bytes, column.offset, 1)?.iter();
        let codes = codes.map(|&code| if code == NO_LABEL { MISSING_CODE } else { u32::from(code) });
        let (codes, categories) = (codes.collect::<Vec<_>>().into(), categories.clone());
        let values = ColoringValues::Categories { codes, categories, colors: Vec::new() };
        Ok(CellColoring { color: CellColor::Label(column.name.clone()), values })
    }

    fn slice<'a>(&self, bytes: &'a [u8], offset: usize, width: usize) -> Result<&'a [u8], String> {
        let end = offset + self.n_cells * width;
        let too_short = || format!("The demo's preview has {} bytes, expected at least {end}.", bytes.len());
        bytes.get(offset..end).ok_or_else(too_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"name": "demo", "description": "two cells", "files": [
        {"path": "a.h5ad", "role": "expression", "size": 10, "sha256": "0"}],
        "preview": {"path": "preview.bin", "byte_order": "little", "n_cells": 2, "map": "X_umap", "columns": [
        {"name": "x", "dtype": "u16", "offset": 0, "min": -1.0, "max": 1.0},
        {"name": "y", "dtype": "u16", "offset": 4, "min": 0.0, "max": 1.0},
        {"name": "type", "dtype": "u8", "offset": 8, "categories": ["B", "T"]}]}}"#;

    #[test]
    fn the_preview_is_read_from_its_columns() {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let preview = manifest.preview(&[0, 0, 255, 255, 0, 0, 255, 255, 1, 255]).unwrap();
        assert_eq!((&preview.points.x[..], &preview.points.y[..]), (&[-1.0, 1.0][..], &[0.0, 1.0][..]));
        let ColoringValues::Categories { codes, categories, .. } = &preview.coloring.values else {
            panic!("no categories")
        };
        assert_eq!((&codes[..], categories.len()), (&[1, MISSING_CODE][..], 2));
    }

    #[test]
    fn a_short_preview_is_refused() {
        let error = Manifest::parse(MANIFEST).unwrap().preview(&[0; 9]).unwrap_err();
        assert!(error.contains("9 bytes, expected at least 10"), "{error}");
    }

    #[test]
    fn something_else_than_a_manifest_is_refused() {
        assert!(Manifest::parse("<html>").unwrap_err().contains("can't be read"));
    }
}
