//! Reading the values of arrays, in windows of whole storage chunks, so that a file is never copied whole.
//!
//! What is read is taken out of what a file of its size may give (`guard`). Values stay as they are, NaN too.

use hdf5_pure::{DType, Error};

use super::array::halves;
use super::{Archive, Array, Window};
use crate::io::ImportError;
use crate::io::reader::reserved;

/// Values read at once.
const WINDOW_VALUES: u64 = 1 << 20;

impl Archive {
    /// All numbers of an array as f64.
    pub(crate) fn numbers(&self, array: &Array) -> Result<Vec<f64>, ImportError> {
        self.all(array, |rows| match array.half_order() {
            Some(order) => Ok(halves(&array.raw(rows)?, order).map(f64::from).collect()),
            None => array.dataset.read_f64_rows(rows.start, rows.length),
        })
    }

    /// All numbers of an array as i64.
    pub(crate) fn integers(&self, array: &Array) -> Result<Vec<i64>, ImportError> {
        self.all(array, |rows| array.dataset.read_i64_rows(rows.start, rows.length))
    }

    /// All texts of an array.
    pub(crate) fn texts(&self, array: &Array) -> Result<Vec<String>, ImportError> {
        let mut texts = reserved(&self.name, &array.path, array.n_values())?;
        for window in self.windows(array)? {
            self.allowance.begin_step();
            self.spend_bytes(array, self.n_text_bytes(array, &window)?)?;
            let part = array.dataset.read_string_rows(window.start, window.length);
            texts.extend(self.complete(array, &window, part.map_err(|error| self.error(&array.path, error))?)?);
        }
        Ok(texts)
    }

    /// Bytes that texts take in memory; those of variable length say it before they are read.
    fn n_text_bytes(&self, array: &Array, rows: &Window) -> Result<u64, ImportError> {
        let n_values = rows.length.saturating_mul(array.row_length());
        let element = self.element_size(array)?;
        let n_inside = if array.dtype == DType::VariableLengthString {
            let references = array.raw(rows).map_err(|error| self.error(&array.path, error))?;
            let lengths = references.chunks_exact(element.max(4));
            lengths.map(|raw| u64::from(u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]))).sum()
        } else {
            n_values.saturating_mul(element as u64)
        };
        Ok(n_values.saturating_mul(size_of::<String>() as u64).saturating_add(n_inside))
    }

    /// Rows of an array as they are stored.
    pub(crate) fn bytes_in(&self, array: &Array, rows: &Window) -> Result<Vec<u8>, ImportError> {
        self.allowance.begin_step();
        let bytes = array.raw(rows).map_err(|error| self.error(&array.path, error))?;
        let expected = rows.length.saturating_mul(array.row_length()).saturating_mul(self.element_size(array)? as u64);
        if bytes.len() as u64 == expected {
            return Ok(bytes);
        }
        Err(self.layout(&array.path, &format!("gave {} bytes", bytes.len()), &format!("{expected}")))
    }

    /// Bytes of one value, at least 1.
    pub(crate) fn element_size(&self, array: &Array) -> Result<usize, ImportError> {
        let size = array.dataset.element_size().map_err(|error| self.error(&array.path, error))?;
        Ok(usize::try_from(size).unwrap_or(usize::MAX).max(1))
    }

    /// Reads window after window, so that only the result is held.
    fn all<T>(&self, array: &Array, read: impl Fn(&Window) -> Result<Vec<T>, Error>) -> Result<Vec<T>, ImportError> {
        self.spend(array, array.n_values())?;
        let mut values = reserved(&self.name, &array.path, array.n_values())?;
        for window in self.windows(array)? {
            self.allowance.begin_step();
            let part = read(&window).map_err(|error| self.error(&array.path, error))?;
            values.extend(self.complete(array, &window, part)?);
        }
        Ok(values)
    }

    /// Rows of an array as f32.
    pub(crate) fn floats_in(&self, array: &Array, rows: &Window) -> Result<Vec<f32>, ImportError> {
        self.allowance.begin_step();
        let read = match array.half_order() {
            Some(order) => array.raw(rows).map(|bytes| halves(&bytes, order).map(f32::from).collect()),
            None => array.dataset.read_f32_rows(rows.start, rows.length),
        };
        self.complete(array, rows, read.map_err(|error| self.error(&array.path, error))?)
    }

    /// Rows of an array of indices, each below `limit`.
    ///
    /// # Errors
    /// [`ImportError::Layout`] with the first index that is negative or not below `limit`.
    pub(crate) fn indices_in(&self, array: &Array, rows: &Window, limit: usize) -> Result<Vec<u32>, ImportError> {
        self.allowance.begin_step();
        if array.dtype == DType::I32 {
            let read = array.dataset.read_i32_rows(rows.start, rows.length);
            let values = self.complete(array, rows, read.map_err(|error| self.error(&array.path, error))?)?;
            // As an unsigned number what is negative lies above every limit.
            let most = values.iter().map(|&value| value as u32).max();
            if most.is_none_or(|most| (most as usize) < limit.min(1 << 31)) {
                return Ok(values.into_iter().map(|value| value as u32).collect());
            }
        }
        let read = array.dataset.read_i64_rows(rows.start, rows.length);
        let values = self.complete(array, rows, read.map_err(|error| self.error(&array.path, error))?)?;
        let is_inside = |value: i64| usize::try_from(value).is_ok_and(|value| value < limit);
        let Some(at) = values.iter().position(|&value| !is_inside(value)) else {
            return Ok(values.into_iter().map(|value| value as u32).collect());
        };
        let found = format!("holds {} at position {}", values[at], rows.start + at as u64);
        let expected = if limit == 0 { "no value".to_owned() } else { format!("0 to {}", limit - 1) };
        Err(self.layout(&array.path, &found, &expected))
    }

    fn complete<T>(&self, array: &Array, rows: &Window, values: Vec<T>) -> Result<Vec<T>, ImportError> {
        let expected = rows.length.saturating_mul(array.row_length());
        if values.len() as u64 == expected {
            return Ok(values);
        }
        let found = format!("gave {} values for rows {} to {}", values.len(), rows.start, rows.start + rows.length);
        Err(self.layout(&array.path, &found, &format!("{expected}")))
    }

    /// The windows an array is read in, whole storage chunks each.
    pub(crate) fn windows(&self, array: &Array) -> Result<Vec<Window>, ImportError> {
        // Without columns a row takes no byte, so a damaged file can claim any number of them.
        if array.n_values() == 0 {
            return Ok(Vec::new());
        }
        // One value that is no array counts as one row.
        let n_rows = array.shape.first().copied().unwrap_or(1);
        let chunk = array.dataset.chunk_shape().map_err(|error| self.error(&array.path, error))?;
        let chunk_rows = chunk.and_then(|shape| shape.first().copied()).unwrap_or(1).max(1);
        let width = (self.element_size(array)? as u64).div_ceil(8);
        let wanted = (WINDOW_VALUES / array.row_length().saturating_mul(width).max(1)).max(1);
        let step = (wanted / chunk_rows).max(1).saturating_mul(chunk_rows);
        let starts = (0..n_rows).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        Ok(starts.map(|start| Window { start, length: step.min(n_rows - start) }).collect())
    }
}
