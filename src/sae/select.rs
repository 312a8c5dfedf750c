//! The active features of one cell, picked from its pre-activations.
//!
//! Exact: the k largest positive values, and among equal values at the edge the lowest features. Zero, negative and
//! NaN pre-activations are inactive, so a cell can have fewer than k active features.

/// A position or feature, and its value.
pub(crate) type Entry = (u32, f32);

/// Replaces `active` by all positive entries, ascending by feature.
pub(crate) fn positives(pre_activations: &[f32], active: &mut Vec<Entry>) {
    active.clear();
    let entries = pre_activations.iter().enumerate().filter(|(_, value)| **value > 0.0);
    active.extend(entries.map(|(feature, &value)| (feature as u32, value)));
}

/// Replaces `active` by the entries above both 0 and their feature's threshold, ascending by feature.
pub(crate) fn above(pre_activations: &[f32], thresholds: &[f32], active: &mut Vec<Entry>) {
    active.clear();
    let entries = pre_activations.iter().zip(thresholds).enumerate();
    let entries = entries.filter(|(_, (value, threshold))| **value > threshold.max(0.0));
    active.extend(entries.map(|(feature, (&value, _))| (feature as u32, value)));
}

/// Replaces `active` by the `k` largest positive entries, ascending by feature.
pub(crate) fn largest(pre_activations: &[f32], k: usize, active: &mut Vec<Entry>) {
    let mut search = Largest::with(std::mem::take(active), k);
    search.offer(pre_activations, 0);
    search.finish();
    *active = search.candidates;
}

/// The `k` largest positive of all values offered, and among equal ones at the edge those with the lowest positions.
///
/// Remembers a few times k candidates and from time to time forgets all but the best k of them; what does not exceed
/// the k-th best so far can't come in any more, equal values included, for they come later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Largest {
    candidates: Vec<Entry>,
    k: usize,
    floor: f32,
}

/// Values looked at together: a block without a candidate costs one comparison.
const BLOCK: usize = 16;

impl Largest {
    fn with(mut candidates: Vec<Entry>, k: usize) -> Self {
        candidates.clear();
        Self { candidates, k, floor: if k == 0 { f32::INFINITY } else { 0.0 } }
    }

    /// Forgets what was offered before.
    pub(crate) fn start(&mut self, k: usize) {
        *self = Self::with(std::mem::take(&mut self.candidates), k);
    }

    /// Looks at values at positions `first..`; positions ascend from call to call.
    pub(crate) fn offer(&mut self, values: &[f32], first: u32) {
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        let mut position = first;
        for block in blocks {
            let most = block.iter().fold(f32::NEG_INFINITY, |most, &value| if value > most { value } else { most });
            if most > self.floor {
                self.look(block, position);
            }
            position += BLOCK as u32;
        }
        self.look(rest, position);
    }

    fn look(&mut self, values: &[f32], first: u32) {
        for (offset, &value) in values.iter().enumerate() {
            if value > self.floor {
                self.candidates.push((first + offset as u32, value));
                if self.candidates.len() == (4 * self.k).max(64) {
                    self.keep_best();
                }
            }
        }
    }

    /// Forgets all but the best k of more than k candidates.
    fn keep_best(&mut self) {
        let last = self.candidates.select_nth_unstable_by(self.k - 1, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.floor = last.1.1;
        self.candidates.truncate(self.k);
    }

    /// The entries picked, ascending by position.
    pub(crate) fn finish(&mut self) -> &[Entry] {
        if self.candidates.len() > self.k {
            self.keep_best();
        }
        self.candidates.sort_unstable_by_key(|entry| entry.0);
        &self.candidates
    }
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
