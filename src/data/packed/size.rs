//! How many bytes a packed matrix will take, told before it is filled.
//!
//! Gaps are bounded: they and their entries fill a row, so at most one in 128 places of the whole matrix can end a gap
//! that takes a second byte, one in 16,384 a third, one in 2,097,152 a fourth. What values take depends on them: counts are
//! measured on a sample, other values take four bytes. The room that growing rows hold in reserve is counted as full.
//! Zeros of the sample are left out; an empty sample counts as values that are no counts.

use super::row::{GROWTH, is_count};

/// Bytes of a value that is no count.
const FLOAT_BYTES: f64 = 4.0;
/// Bytes that a row takes before it has a value, with the reserve of the last growth.
const ROW_BYTES: u64 = GROWTH as u64 + 64;

/// The most bytes that a matrix of `n_values` takes while it is filled, if its values are like those of the sample.
///
/// # Shapes
/// The matrix is `[n_major, n_minor]`; `sample` has any number of its values.
///
/// # Example
/// ```
/// use featurescope::data::packed_size;
/// // Two bytes a count and a quarter in reserve.
/// let bytes = packed_size((100, 100), 10_000, &[1.0, 3.0]);
/// assert!((25_000..50_000).contains(&bytes));
/// ```
#[must_use]
pub fn packed_size((n_major, n_minor): (usize, usize), n_values: u64, sample: &[f32]) -> u64 {
    let n_places = (n_major as u64).saturating_mul(n_minor as u64);
    let gaps =
        [7, 14, 21].map(|bits| n_values.min(n_places >> bits)).iter().fold(n_values, |sum, &n| sum.saturating_add(n));
    let values = (n_values as f64 * value_bytes(sample)).ceil() as u64;
    let filled = gaps.saturating_add(values);
    filled.saturating_add(filled / 4).saturating_add((n_major as u64).saturating_mul(ROW_BYTES))
}

/// The mean of what the values of a sample take, each 1 to 4 bytes.
fn value_bytes(sample: &[f32]) -> f64 {
    let (mut n, mut n_bytes) = (0_u64, 0_u64);
    for &value in sample.iter().filter(|&&value| value != 0.0) {
        if !is_count(value) {
            return FLOAT_BYTES;
        }
        n += 1;
        n_bytes += u64::from((32 - (value as u32).leading_zeros()).div_ceil(7));
    }
    if n == 0 { FLOAT_BYTES } else { n_bytes as f64 / n as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::PackedMatrix;

    /// A matrix with a value in every `step`th place, filled cell by cell as files are read; its bytes and the estimate.
    fn filled(n_major: usize, n_minor: usize, step: usize, value: impl Fn(usize) -> f32) -> (u64, u64) {
        let mut matrix = PackedMatrix::empty(n_major, n_minor).unwrap();
        let mut sample = Vec::new();
        for place in (0..n_major * n_minor).step_by(step) {
            let (minor, major) = (place / n_major, place % n_major);
            matrix.push(major, minor as u32, value(place)).unwrap();
            sample.push(value(place));
        }
        let estimate = packed_size((n_major, n_minor), matrix.n_nonzero() as u64, &sample);
        (matrix.n_bytes(), estimate)
    }

    #[test]
    fn the_estimate_is_an_upper_bound_and_not_far_off() {
        let small = |place: usize| (1 + place % 3) as f32;
        let large = |place: usize| (1 + place % 300_000) as f32;
        let odd = |place: usize| place as f32 + 0.5;
        let found = [
            filled(50, 2000, 1, small),
            filled(50, 2000, 7, small),
            filled(3, 200_000, 501, small),
            filled(50, 2000, 3, large),
            filled(50, 2000, 3, odd),
            filled(7, 50_000, 1301, odd),
        ];
        for (bytes, estimate) in found {
            assert!(bytes <= estimate && estimate <= 2 * bytes + 10_000, "{found:?}");
        }
    }

    #[test]
    fn an_absurd_number_of_values_is_a_large_estimate() {
        assert_eq!(packed_size((usize::MAX, 2), u64::MAX, &[]), u64::MAX);
    }

    #[test]
    fn lengths_of_counts_are_those_of_the_packing() {
        assert!((value_bytes(&[127.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!((value_bytes(&[128.0, 16_383.0]) - 2.0).abs() < 1e-12);
        assert!((value_bytes(&[16_384.0, 1.0]) - 2.0).abs() < 1e-12);
        assert!((value_bytes(&[16_777_216.0]) - 4.0).abs() < 1e-12);
        assert!((value_bytes(&[1.0, -1.0]) - 4.0).abs() < 1e-12);
    }
}
