//! Which tensors a format has, in which shape, and reading them as such.
//!
//! Sizes come from the biases, which can't be transposed: the first vector over features and the first over inputs. A
//! matrix of the other orientation is then told from one of another size. NaN and infinite values are refused with
//! their place.

use std::collections::BTreeMap;

use super::named::Stored;
use super::{NamedTensors, WeightsError};
use crate::data::DenseMatrix;

/// What a dimension of a tensor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    /// Input dimensions.
    In,
    /// Features.
    Sae,
    /// Anything.
    Any,
}

use Dim::{Any, In, Sae};

/// A tensor of a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    name: &'static str,
    dims: &'static [Dim],
    is_needed: bool,
}

impl Slot {
    /// `[d_in, d_sae]`
    pub(super) const fn in_by_sae(name: &'static str) -> Self {
        Self { name, dims: &[In, Sae], is_needed: true }
    }

    /// `[d_sae, d_in]`
    pub(super) const fn sae_by_in(name: &'static str) -> Self {
        Self { name, dims: &[Sae, In], is_needed: true }
    }

    /// `[d_sae]`
    pub(super) const fn per_feature(name: &'static str) -> Self {
        Self { name, dims: &[Sae], is_needed: true }
    }

    /// `[d_in]`
    pub(super) const fn per_input(name: &'static str) -> Self {
        Self { name, dims: &[In], is_needed: true }
    }

    /// A single number.
    pub(super) const fn number(name: &'static str) -> Self {
        Self { name, dims: &[], is_needed: true }
    }

    /// A list of numbers that is not needed.
    pub(super) const fn ignored(name: &'static str) -> Self {
        Self { name, dims: &[Any], is_needed: false }
    }

    /// The same, but it may be missing.
    pub(super) const fn optional(self) -> Self {
        Self { is_needed: false, ..self }
    }

    /// The same, but it must be there.
    pub(super) const fn required(self) -> Self {
        Self { is_needed: true, ..self }
    }

    fn describe(&self) -> String {
        format!("{:?} {}", self.name, shape_text(self.dims, None))
    }
}

/// The tensors of a format.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) format: String,
    pub(super) slots: Vec<Slot>,
}

/// The tensors of one file, each of the shape its layout says and finite.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) d_in: usize,
    pub(super) d_sae: usize,
    tensors: BTreeMap<&'static str, (Slot, Vec<f32>)>,
}

impl Layout {
    pub(super) fn new(format: impl Into<String>, slots: &[Slot]) -> Self {
        Self { format: format.into(), slots: slots.to_vec() }
    }

    /// Whether the file has every tensor that is needed and no other.
    pub(super) fn fits(&self, named: &NamedTensors) -> bool {
        self.slots.iter().all(|slot| !slot.is_needed || named.has(slot.name)) && self.stranger(named).is_none()
    }

    /// Takes the tensors out of a file.
    ///
    /// # Errors
    /// [`WeightsError`] for what is missing, not known, of another type, shape or orientation, or not finite.
    pub(super) fn read(&self, mut named: NamedTensors) -> Result<Parts, WeightsError> {
        self.check_names(&named)?;
        let (d_in, d_sae) = self.sizes(&named)?;
        let mut tensors = BTreeMap::new();
        for slot in &self.slots {
            if let Some(stored) = named.take(slot.name) {
                self.check_shape(named.file(), slot, &stored.shape, d_in, d_sae)?;
                tensors.insert(slot.name, (*slot, finite(named.file(), slot, stored)?));
            }
        }
        Ok(Parts { d_in, d_sae, tensors })
    }

    fn stranger<'a>(&self, named: &'a NamedTensors) -> Option<&'a str> {
        named.names().find(|name| self.slots.iter().all(|slot| slot.name != *name))
    }

    fn needed(&self) -> String {
        let needed = self.slots.iter().filter(|slot| slot.is_needed);
        needed.map(Slot::describe).collect::<Vec<_>>().join(", ")
    }

    fn check_names(&self, named: &NamedTensors) -> Result<(), WeightsError> {
        let (file, format, needed) = (named.file().to_owned(), self.format.clone(), self.needed());
        if let Some(slot) = self.slots.iter().find(|slot| slot.is_needed && !named.has(slot.name)) {
            return Err(WeightsError::Missing { file, tensor: slot.name, format, found: named.described(), needed });
        }
        match self.stranger(named) {
            Some(name) => {
                let tensor = format!("{name:?} {:?}", named.shape(name).unwrap_or_default());
                Err(WeightsError::Unexpected { file, tensor, format, needed })
            }
            None => Ok(()),
        }
    }

    /// Inputs and features, by the first vector over each.
    fn sizes(&self, named: &NamedTensors) -> Result<(usize, usize), WeightsError> {
        let size_of = |dim: Dim| {
            let slot = self.slots.iter().find(|slot| slot.is_needed && slot.dims == [dim]);
            let Some(slot) = slot else { return Ok(0) };
            match named.shape(slot.name) {
                Some(&[size]) => Ok(size),
                found => Err(shape_error(named.file(), slot, found.unwrap_or_default(), None)),
            }
        };
        Ok((size_of(In)?, size_of(Sae)?))
    }

    fn check_shape(
        &self,
        file: &str,
        slot: &Slot,
        found: &[usize],
        d_in: usize,
        d_sae: usize,
    ) -> Result<(), WeightsError> {
        let expected = expected_shape(slot.dims, found, d_in, d_sae);
        // A single number may stand alone or in a list of one.
        if found == expected || (slot.dims.is_empty() && found == [1]) {
            return Ok(());
        }
        let is_transposed = found.len() == 2 && expected.iter().rev().eq(found);
        if is_transposed {
            return Err(WeightsError::Transposed {
                file: file.to_owned(),
                tensor: slot.name,
                found: found.to_vec(),
                expected: shape_text(slot.dims, Some((d_in, d_sae))),
                format: self.format.clone(),
            });
        }
        Err(shape_error(file, slot, found, Some((d_in, d_sae))))
    }
}

impl Parts {
    /// A matrix as `[d_in, d_sae]`.
    pub(super) fn in_by_sae(&mut self, name: &'static str) -> DenseMatrix {
        self.oriented(name, In)
    }

    /// A matrix as `[d_sae, d_in]`.
    pub(super) fn sae_by_in(&mut self, name: &'static str) -> DenseMatrix {
        self.oriented(name, Sae)
    }

    fn oriented(&mut self, name: &'static str, rows: Dim) -> DenseMatrix {
        let (slot, values) = self.tensors.remove(name).unwrap_or((Slot::in_by_sae(name), Vec::new()));
        let (n_rows, n_cols) = if slot.dims == [In, Sae] { (self.d_in, self.d_sae) } else { (self.d_sae, self.d_in) };
        let mut matrix = DenseMatrix::zeros(n_rows, n_cols);
        for (row, values) in values.chunks_exact(n_cols.max(1)).enumerate() {
            matrix.row_mut(row).copy_from_slice(values);
        }
        if slot.dims.first() == Some(&rows) { matrix } else { matrix.transposed() }
    }

    /// A list of numbers.
    pub(super) fn vector(&mut self, name: &'static str) -> Vec<f32> {
        self.tensors.remove(name).map(|(_, values)| values).unwrap_or_default()
    }

    /// A single number, if it is there.
    pub(super) fn number(&self, name: &'static str) -> Option<f32> {
        self.tensors.get(name).and_then(|(_, values)| values.first().copied())
    }
}

fn expected_shape(dims: &[Dim], found: &[usize], d_in: usize, d_sae: usize) -> Vec<usize> {
    let size = |(at, dim): (usize, &Dim)| match dim {
        In => d_in,
        Sae => d_sae,
        Any => found.get(at).copied().unwrap_or(0),
    };
    dims.iter().enumerate().map(size).collect()
}

fn shape_error(file: &str, slot: &Slot, found: &[usize], sizes: Option<(usize, usize)>) -> WeightsError {
    let expected = shape_text(slot.dims, sizes);
    WeightsError::Shape { file: file.to_owned(), tensor: slot.name, found: found.to_vec(), expected }
}

/// A shape in words, and in numbers where they are known: `[d_in, d_sae] = [8, 16]`.
fn shape_text(dims: &[Dim], sizes: Option<(usize, usize)>) -> String {
    let joined = |text: &dyn Fn(&Dim) -> String| format!("[{}]", dims.iter().map(text).collect::<Vec<_>>().join(", "));
    let names = joined(&|dim| match dim {
        In => "d_in".to_owned(),
        Sae => "d_sae".to_owned(),
        Any => "n".to_owned(),
    });
    let Some((d_in, d_sae)) = sizes.filter(|_| !dims.is_empty() && !dims.contains(&Any)) else { return names };
    let numbers = joined(&|dim| if *dim == In { d_in.to_string() } else { d_sae.to_string() });
    format!("{names} = {numbers}")
}

fn finite(file: &str, slot: &Slot, stored: Stored) -> Result<Vec<f32>, WeightsError> {
    let (file, tensor) = (file.to_owned(), slot.name);
    let values = stored.values.map_err(|found| WeightsError::Dtype { file: file.clone(), tensor, found })?;
    let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(values) };
    let n_cols = stored.shape.last().copied().unwrap_or(1).max(1);
    let (row, column, value) = (at / n_cols, at % n_cols, values[at]);
    Err(WeightsError::NotFinite { file, tensor: tensor.to_owned(), row, column, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: [Slot; 5] = [
        Slot::sae_by_in("E"),
        Slot::per_feature("e"),
        Slot::in_by_sae("D"),
        Slot::per_input("d"),
        Slot::number("k").optional(),
    ];

    fn named(change: impl Fn(&mut NamedTensors)) -> NamedTensors {
        let mut named = NamedTensors::new("f.pt");
        let counted = |n: usize| (0..n).map(|at| at as f32).collect::<Vec<f32>>();
        named.insert("E", vec![3, 2], counted(6));
        named.insert("e", vec![3], counted(3));
        named.insert("D", vec![2, 3], counted(6));
        named.insert("d", vec![2], counted(2));
        change(&mut named);
        named
    }

    fn read(change: impl Fn(&mut NamedTensors)) -> Result<Parts, WeightsError> {
        Layout::new("the test format", &SLOTS).read(named(change))
    }

    #[test]
    fn matrices_come_in_the_orientation_asked_for() {
        let mut parts = read(|named| named.insert("k", vec![], vec![4.0])).unwrap();
        assert_eq!((parts.d_in, parts.d_sae, parts.number("k")), (2, 3, Some(4.0)));
        assert_eq!(parts.in_by_sae("E").values(), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        assert_eq!(parts.sae_by_in("D").row(1), [1.0, 4.0]);
    }

    #[test]
    fn a_transposed_matrix_is_said_to_be_one_and_another_shape_is_not() {
        let text = |shape: Vec<usize>, n: usize| {
            read(|named| named.insert("E", shape.clone(), vec![0.0; n])).unwrap_err().to_string()
        };
        let transposed = text(vec![2, 3], 6);
        assert!(transposed.contains("is transposed: its shape is [2, 3]"), "{transposed}");
        assert!(transposed.contains("stores [d_sae, d_in] = [3, 2]"), "{transposed}");
        let other = text(vec![4, 2], 8);
        assert!(other.contains("shape [4, 2], expected [d_sae, d_in] = [3, 2]"), "{other}");
    }

    #[test]
    fn what_is_missing_too_much_or_not_finite_is_named() {
        let missing = read(|named| drop(named.take("d"))).unwrap_err().to_string();
        assert!(missing.contains("no tensor \"d\"") && missing.contains("\"D\" [2, 3]"), "{missing}");
        assert!(missing.contains("needs \"E\" [d_sae, d_in], \"e\" [d_sae]"), "{missing}");
        let extra = read(|named| named.insert("skip", vec![1], vec![0.0])).unwrap_err().to_string();
        assert!(extra.contains("\"skip\" [1]"), "{extra}");
        let nan = read(|named| named.insert("D", vec![2, 3], vec![0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0]));
        assert!(matches!(nan, Err(WeightsError::NotFinite { row: 1, column: 1, .. })), "{nan:?}");
    }
}
