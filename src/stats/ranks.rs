//! Ranks, 1 for the smallest.
//!
//! Two rules for ties: [`average_ranks`] gives equal values the mean of their positions (SciPy `rankdata`);
//! [`ordinal_ranks_into`] keeps 1..=n and ranks equal values in their given order (a stable sort). NaN: no average
//! rank and not counted; last, in their given order, among ordinal ranks. −0 and 0 are equal.

use std::cmp::Ordering;

/// Average ranks; NaN for NaN.
#[must_use]
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
    order.sort_by(|&a, &b| nan_last(values[a], values[b]));
    let mut ranks = vec![f64::NAN; values.len()];
    let mut n_before = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = (2 * n_before + ties.len() + 1) as f64 / 2.0;
        for &at in ties {
            ranks[at] = rank;
        }
        n_before += ties.len();
    }
    ranks
}

/// Writes ordinal ranks 1..=n to `ranks`, using `order` as room to sort in.
pub fn ordinal_ranks_into(values: &[f64], order: &mut Vec<u32>, ranks: &mut Vec<u32>) {
    order.clear();
    order.extend(0..values.len() as u32);
    order.sort_unstable_by(|&a, &b| nan_last(values[a as usize], values[b as usize]).then(a.cmp(&b)));
    ranks.clear();
    ranks.resize(values.len(), 0);
    for (rank, &at) in (1_u32..).zip(order.iter()) {
        ranks[at as usize] = rank;
    }
}

pub(crate) fn nan_last(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle;

    #[test]
    fn ties_share_their_mean_rank_and_nan_has_none() {
        let ranks = average_ranks(&[2.0, f64::NAN, 1.0, 2.0, 0.0]);
        assert_eq!((ranks[0], ranks[2], ranks[3], ranks[4]), (3.5, 2.0, 3.5, 1.0));
        assert!(ranks[1].is_nan());
    }

    #[test]
    fn oracle_sample_has_the_u_of_r() {
        let (x, y) = oracle::sample();
        let ranks = average_ranks(&[x.as_slice(), y.as_slice()].concat());
        assert_eq!(ranks[..150].iter().sum::<f64>() - 150.0 * 151.0 / 2.0, 19_400.0);
    }

    #[test]
    fn ordinal_ranks_keep_the_order_of_equals() {
        let (mut order, mut ranks) = (Vec::new(), Vec::new());
        ordinal_ranks_into(&[1.0, 0.0, f64::NAN, -0.0, 1.0], &mut order, &mut ranks);
        assert_eq!(ranks, [3, 1, 5, 2, 4]);
        assert_eq!(order, [1, 3, 0, 4, 2]);
    }
}
