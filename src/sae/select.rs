//! The active features of one cell, picked from its pre-activations.
//!
//! Exact: the k largest positive values, and among equal values at the edge the lowest features. Zero, negative and
//! NaN pre-activations are inactive, so a cell can have fewer than k active features.

/// Replaces `active` by all positive entries, ascending by feature.
pub(crate) fn positives(pre_activations: &[f32], active: &mut Vec<(u32, f32)>) {
    active.clear();
    let entries = pre_activations.iter().enumerate().filter(|(_, value)| **value > 0.0);
    active.extend(entries.map(|(feature, &value)| (feature as u32, value)));
}

/// Replaces `active` by the entries above both 0 and their feature's threshold, ascending by feature.
pub(crate) fn above(pre_activations: &[f32], thresholds: &[f32], active: &mut Vec<(u32, f32)>) {
    active.clear();
    let entries = pre_activations.iter().zip(thresholds).enumerate();
    let entries = entries.filter(|(_, (value, threshold))| **value > threshold.max(0.0));
    active.extend(entries.map(|(feature, (&value, _))| (feature as u32, value)));
}

/// Replaces `active` by the `k` largest positive entries, ascending by feature.
///
/// One pass that remembers a few times k candidates and from time to time forgets all but the best k of them; what
/// does not exceed the k-th best so far can't come in any more, equal values included, for they come later.
pub(crate) fn largest(pre_activations: &[f32], k: usize, active: &mut Vec<(u32, f32)>) {
    active.clear();
    let (n_remembered, mut floor) = ((4 * k).max(64), 0.0);
    for (feature, &value) in pre_activations.iter().enumerate() {
        if value > floor {
            active.push((feature as u32, value));
            if active.len() == n_remembered {
                floor = keep_best(active, k);
            }
        }
    }
    if active.len() > k {
        keep_best(active, k);
    }
    active.sort_unstable_by_key(|pair| pair.0);
}

/// Keeps the best `k` of more than `k` candidates and returns the smallest value kept.
fn keep_best(candidates: &mut Vec<(u32, f32)>, k: usize) -> f32 {
    if k == 0 {
        candidates.clear();
        return f32::INFINITY;
    }
    let (_, last, _) = candidates.select_nth_unstable_by(k - 1, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let floor = last.1;
    candidates.truncate(k);
    floor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pre: &[f32], k: usize) -> Vec<(u32, f32)> {
        let mut active = vec![(7, 7.0)];
        largest(pre, k, &mut active);
        active
    }

    #[test]
    fn ties_at_the_edge_go_to_the_lowest_feature() {
        assert_eq!(kept(&[1.0, 2.0, 1.0, 1.0], 2), [(0, 1.0), (1, 2.0)]);
        assert_eq!(kept(&[3.0; 6], 3), [(0, 3.0), (1, 3.0), (2, 3.0)]);
    }

    #[test]
    fn k_of_one_keeps_the_maximum_and_k_of_all_keeps_every_positive() {
        assert_eq!(kept(&[0.5, 0.25, 2.0, -4.0], 1), [(2, 2.0)]);
        assert_eq!(kept(&[0.5, 0.25, 2.0, -4.0], 4), [(0, 0.5), (1, 0.25), (2, 2.0)]);
    }

    #[test]
    fn a_row_without_positive_values_keeps_nothing() {
        assert_eq!(kept(&[-1.0, -0.0, 0.0, f32::NAN], 2), []);
    }

    proptest::proptest! {
        #[test]
        fn the_same_as_a_full_stable_sort(row in proptest::collection::vec(-3_i8..40, 1..400), k in 0_usize..30) {
            let pre: Vec<f32> = row.iter().map(|&v| f32::from(v)).collect();
            let mut sorted: Vec<(u32, f32)> = pre.iter().enumerate().map(|(i, &v)| (i as u32, v)).collect();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
            let mut expected: Vec<(u32, f32)> = sorted.into_iter().filter(|p| p.1 > 0.0).take(k).collect();
            expected.sort_by_key(|p| p.0);
            proptest::prop_assert_eq!(kept(&pre, k), expected);
        }
    }
}
