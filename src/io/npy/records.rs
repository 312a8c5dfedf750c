//! Structured arrays: one record a cell, with a field for its id and fields of numbers.
//!
//! Fields of floating-point numbers become the dimensions in their order, a field of several numbers as many; where
//! there is none, fields of integers and booleans do. Ids are the field of texts with a name ids go by, else the
//! first whose texts differ. What is left over is listed in a warning.

use super::header::{Field, Header, ItemType, TextType, refused};
use super::{ArrayContent, text_of};
use crate::data::{DenseMatrix, Observer};
use crate::io::reader::reserved;
use crate::io::scalar::Scalar;
use crate::io::tensor::{distinct_ids, is_id_name};
use crate::io::{ByteSource, ImportError};

/// Bytes read at once.
const BLOCK: usize = 4 << 20;

/// Reads a structured array.
///
/// # Errors
/// [`ImportError::NotEmbedding`] without fields of numbers or if the array is not 1-D, [`ImportError::Truncated`].
pub(super) fn read_records(
    name: &str,
    source: &dyn ByteSource,
    header: &Header,
    fields: &[Field],
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let n_rows = header.check_size(name, source)?;
    let width = header.item.width().unwrap_or_default();
    let numbers = number_fields(fields);
    let n_cols: usize = numbers.iter().map(|(field, ..)| field.n_items).sum();
    if header.shape.len() != 1 || n_rows == 0 || n_cols == 0 || width == 0 {
        let found = format!("a structured array of shape {:?} with the fields {}", header.shape, names(fields));
        return Err(refused(name, found, "save a 1-D array of records with fields of numbers"));
    }
    let texts = text_fields(fields);
    let mut ids: Vec<Vec<String>> = texts.iter().map(|_| Vec::new()).collect();
    let mut values = reserved(name, "the embedding", (n_rows as u64).saturating_mul(n_cols as u64))?;
    let n_at_once = (BLOCK / width).clamp(1, n_rows);
    let mut block = reserved(name, "the records", (n_at_once * width) as u64)?;
    for start in (0..n_rows).step_by(n_at_once) {
        super::look(name, start, n_rows, observer)?;
        block.resize(n_at_once.min(n_rows - start) * width, 0_u8);
        let offset = header.data_start + (start * width) as u64;
        let read = source.read_at(offset, &mut block);
        read.map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
        for (at, record) in block.chunks_exact(width).enumerate() {
            for (field, scalar, is_big_endian) in &numbers {
                let raw = &record[field.start..][..field.n_items * scalar.width()];
                values.extend(raw.chunks_exact(scalar.width()).map(|raw| scalar.decode(raw, *is_big_endian)));
            }
            for ((field, text), ids) in texts.iter().zip(&mut ids) {
                ids.push(text_of(name, &record[field.start..][..text.width], *text, start + at)?);
            }
        }
    }
    let ids = texts.iter().zip(ids).find_map(|((field, _), ids)| distinct_ids(ids).map(|ids| (&field.name, ids)));
    let (id_field, ids) = ids.unzip();
    warn_of_rest(name, fields, &numbers, id_field, observer);
    let values = DenseMatrix::new(n_rows, n_cols, values);
    let values = values.map_err(|source| super::data_error(name, source))?;
    Ok(ArrayContent { ids, values })
}

type NumberField<'a> = (&'a Field, Scalar, bool);

fn number_fields(fields: &[Field]) -> Vec<NumberField<'_>> {
    let mut all = Vec::new();
    for field in fields {
        if let ItemType::Number { scalar, is_big_endian } = field.item {
            all.push((field, scalar, is_big_endian));
        }
    }
    let is_float = |(_, scalar, _): &&NumberField<'_>| matches!(scalar, Scalar::Float(_));
    let floats: Vec<NumberField<'_>> = all.iter().filter(is_float).copied().collect();
    if floats.is_empty() { all } else { floats }
}

/// Fields of one text each, those named as ids first.
fn text_fields(fields: &[Field]) -> Vec<(&Field, TextType)> {
    let mut texts: Vec<(&Field, TextType)> = Vec::new();
    for field in fields {
        if let (ItemType::Text(text), 1) = (&field.item, field.n_items) {
            texts.push((field, *text));
        }
    }
    texts.sort_by_key(|(field, _)| !is_id_name(&field.name));
    texts
}

fn warn_of_rest(
    name: &str,
    fields: &[Field],
    numbers: &[NumberField<'_>],
    id_field: Option<&String>,
    observer: &dyn Observer,
) {
    let is_used = |field: &Field| {
        Some(&field.name) == id_field || field.name.is_empty() || numbers.iter().any(|(used, ..)| *used == field)
    };
    let rest: Vec<Field> = fields.iter().filter(|field| !is_used(field)).cloned().collect();
    if !rest.is_empty() {
        let rest = names(&rest);
        observer.warn(&format!("{name:?}: the fields {rest} are not part of the embedding and were set aside"));
    }
}

fn names(fields: &[Field]) -> String {
    crate::io::tensor::quoted_list(fields.iter().map(|field| field.name.as_str()))
}
