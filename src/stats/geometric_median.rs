//! The point with the smallest sum of distances to the rows of a matrix.
//!
//! Weiszfeld's steps, y ← Σ x/‖x − y‖ / Σ 1/‖x − y‖, with the correction of Vardi & Zhang (2000) where y meets a row:
//! with R = Σ (x − y)/‖x − y‖ over the other rows and m rows at y, the step is shortened by max(0, 1 − m/‖R‖), so that
//! y stays if m ≥ ‖R‖ (then it is the median) and gets away otherwise. Starts at the mean, ends when a step is
//! below 10⁻¹³ of the mean distance to the mean, or after 1000 steps. Unlike the mean it is not drawn by a few far
//! rows, which is why dictionaries are started with it as decoder bias. All in f64.
//!
//! Rules: no rows give NaN; a NaN in a column spreads. Where rows lie on a line and their number is even, every point
//! between the middle two is a median: the one the steps from the mean come to is given.

use crate::data::DenseMatrix;

const MAX_STEPS: usize = 1000;
/// Of the mean distance to the mean.
const TOLERANCE: f64 = 1e-13;

/// The geometric median of the rows, `[d]`.
///
/// # Shapes
/// `data` is `[n, d]`.
///
/// # Example
/// ```
/// use featurescope::{data::DenseMatrix, stats::geometric_median};
/// let points = DenseMatrix::new(5, 1, vec![1.0, 2.0, 3.0, 4.0, 1000.0])?;
/// assert!((geometric_median(&points)[0] - 3.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn geometric_median(data: &DenseMatrix) -> Vec<f64> {
    let mut median: Vec<f64> = super::moments::column_means(data).iter().copied().collect();
    if data.n_rows() == 0 {
        return vec![f64::NAN; data.n_cols()];
    }
    let total: f64 = (0..data.n_rows()).map(|row| distance(data.row(row), &median)).sum();
    let smallest_step = TOLERANCE * total / data.n_rows() as f64;
    for _ in 0..MAX_STEPS {
        let step = Step::at(data, &median).taken();
        let length = step.iter().map(|part| part * part).sum::<f64>().sqrt();
        median.iter_mut().zip(&step).for_each(|(value, part)| *value += part);
        if length.is_nan() || length <= smallest_step {
            break;
        }
    }
    median
}

fn distance(row: &[f32], point: &[f64]) -> f64 {
    row.iter().zip(point).map(|(&x, y)| (f64::from(x) - y).powi(2)).sum::<f64>().sqrt()
}

/// Sums over the rows at a point y.
struct Step {
    /// R = Σ (x − y)/‖x − y‖ over rows elsewhere.
    pull: Vec<f64>,
    /// Σ 1/‖x − y‖ over rows elsewhere.
    weight: f64,
    /// Rows at y.
    n_here: f64,
}

impl Step {
    fn at(data: &DenseMatrix, point: &[f64]) -> Self {
        let mut sums = Self { pull: vec![0.0; point.len()], weight: 0.0, n_here: 0.0 };
        for row in 0..data.n_rows() {
            let weight = distance(data.row(row), point).recip();
            if weight.is_infinite() {
                sums.n_here += 1.0;
                continue;
            }
            sums.weight += weight;
            for ((sum, &x), y) in sums.pull.iter_mut().zip(data.row(row)).zip(point) {
                *sum += weight * (f64::from(x) - y);
            }
        }
        sums
    }

    /// The step from y, 0 where y is the median.
    fn taken(mut self) -> Vec<f64> {
        let strength = self.pull.iter().map(|part| part * part).sum::<f64>().sqrt();
        let share = if strength == 0.0 { 0.0 } else { (1.0 - self.n_here / strength).max(0.0) };
        self.pull.iter_mut().for_each(|part| *part *= if share == 0.0 { 0.0 } else { share / self.weight });
        self.pull
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_point_does_not_move_the_median_but_the_mean() {
        let points = DenseMatrix::new(5, 2, vec![-1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, -1.0, 900.0, 900.0]).unwrap();
        assert!(geometric_median(&points).iter().all(|value| (0.0..1.0).contains(value)));
    }

    #[test]
    fn a_start_on_a_point_gets_away_from_it() {
        // The mean is the point (0, 0), where Weiszfeld's own step divides by zero; two points stand at (−1, 0).
        let points = DenseMatrix::new(4, 2, vec![0.0, 0.0, -1.0, 0.0, -1.0, 0.0, 2.0, 0.0]).unwrap();
        let median = geometric_median(&points);
        let sum = |x: f64| x.abs() + 2.0 * (x + 1.0).abs() + (x - 2.0).abs();
        assert!(sum(median[0]) <= sum(-0.5) + 1e-9 && median[1] == 0.0);
    }

    #[test]
    fn the_triangle_of_120_degrees_is_left_for_its_corner() {
        // An angle above 120° at the middle point makes that point the median (Fermat).
        let points = DenseMatrix::new(3, 2, vec![0.0, 0.0, 4.0, 1.0, -4.0, 1.0]).unwrap();
        assert!(geometric_median(&points).iter().all(|value| value.abs() < 1e-6));
    }

    #[test]
    fn one_point_is_its_median_and_none_has_none() {
        assert_eq!(geometric_median(&DenseMatrix::new(1, 2, vec![3.0, -4.0]).unwrap()), [3.0, -4.0]);
        assert!(geometric_median(&DenseMatrix::zeros(0, 2)).iter().all(|value| value.is_nan()));
        assert!(geometric_median(&DenseMatrix::new(2, 1, vec![f32::NAN, 1.0]).unwrap())[0].is_nan());
    }
}
