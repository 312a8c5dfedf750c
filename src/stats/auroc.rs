//! Area under the ROC curve of a score against every category of a label, from scores that are mostly zero.
//!
//! AUROC = (R₁ − n₁(n₁+1)/2) / (n₁ n₀) with R₁ the sum of average ranks of the category's cells: the chance that a
//! cell of the category scores higher than one outside it, ties counted half (Hanley & McNeil 1982; the
//! Mann-Whitney U over n₁ n₀). The scores are sorted once and serve all label columns.
//!
//! Rules: cells that are not listed score exactly 0 and tie with each other. Cells without a label are left out,
//! on both sides. A category of no cell or of all labelled cells has NaN. Scores must not be NaN.

use crate::data::MISSING_CODE;

/// Labels to measure against: codes per cell and the size of each category.
#[derive(Clone, Debug)]
pub struct CodedLabels<'a> {
    codes: &'a [u32],
    sizes: Vec<u32>,
}

impl<'a> CodedLabels<'a> {
    /// Counts the cells of each category; codes at or above `n_categories` mean no label.
    #[must_use]
    pub fn new(codes: &'a [u32], n_categories: usize) -> Self {
        let mut sizes = vec![0; n_categories];
        for &code in codes {
            if let Some(size) = sizes.get_mut(code as usize) {
                *size += 1;
            }
        }
        Self { codes, sizes }
    }

    /// Cells per category.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Cells with a label.
    pub fn n_labelled(&self) -> usize {
        self.sizes.iter().map(|&size| size as usize).sum()
    }

    /// The category of a cell, if it has one.
    pub fn category(&self, cell: u32) -> Option<usize> {
        let code = self.codes[cell as usize];
        (code != MISSING_CODE && (code as usize) < self.sizes.len()).then_some(code as usize)
    }
}

/// Cells in ascending order of a score, ties grouped; buffers are reused from score to score.
#[derive(Clone, Debug, Default)]
pub struct ScoreOrder {
    scored: Vec<(f32, u32)>,
    /// End of each group of equal scores in `scored`.
    group_ends: Vec<usize>,
    /// Groups below zero: the unlisted cells come after them.
    n_groups_below_zero: usize,
}

impl ScoreOrder {
    /// Sorts the listed cells; all others score 0.
    pub fn sort_sparse(&mut self, cells: &[u32], scores: &[f32]) {
        self.sort(cells.iter().zip(scores).map(|(&cell, &score)| (score, cell)));
    }

    /// Sorts all cells, `scores[cell]`.
    pub fn sort_dense(&mut self, scores: impl Iterator<Item = f32>) {
        self.sort(scores.enumerate().map(|(cell, score)| (score, cell as u32)));
    }

    fn sort(&mut self, scored: impl Iterator<Item = (f32, u32)>) {
        self.scored.clear();
        // Listed zeros join the unlisted ones; adding 0 also turns −0 into 0.
        self.scored.extend(scored.filter(|&(score, _)| score != 0.0));
        self.scored.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.group_ends.clear();
        let mut end = 0;
        for group in self.scored.chunk_by(|a, b| a.0 == b.0) {
            end += group.len();
            self.group_ends.push(end);
        }
        let n_below = self.scored.partition_point(|&(score, _)| score < 0.0);
        self.n_groups_below_zero = self.group_ends.partition_point(|&end| end <= n_below);
    }

    /// AUROC of each category against all other labelled cells, 0 to 1; NaN where one side is empty.
    ///
    /// # Shapes
    /// The result is `[n_categories]`.
    #[must_use]
    pub fn aurocs(&self, labels: &CodedLabels<'_>) -> Vec<f64> {
        let n_labelled = labels.n_labelled();
        let mut twice_rank_sums = vec![0_u64; labels.sizes.len()];
        let mut n_listed = vec![0_u32; labels.sizes.len()];
        for &(_, cell) in &self.scored {
            if let Some(category) = labels.category(cell) {
                n_listed[category] += 1;
            }
        }
        let n_zero = n_labelled - n_listed.iter().map(|&n| n as usize).sum::<usize>();
        let mut n_before = 0_usize;
        let mut start = 0;
        for group in 0..=self.group_ends.len() {
            if group == self.n_groups_below_zero {
                let twice_rank = (2 * n_before + n_zero + 1) as u64;
                for (category, sum) in twice_rank_sums.iter_mut().enumerate() {
                    *sum += twice_rank * u64::from(labels.sizes[category] - n_listed[category]);
                }
                n_before += n_zero;
            }
            let Some(&end) = self.group_ends.get(group) else { break };
            n_before += self.add_group(start..end, n_before, labels, &mut twice_rank_sums);
            start = end;
        }
        let area = |(&twice_ranks, &n_in): (&u64, &u32)| auroc_of(twice_ranks, u64::from(n_in), n_labelled as u64);
        twice_rank_sums.iter().zip(&labels.sizes).map(area).collect()
    }

    fn add_group(
        &self,
        group: std::ops::Range<usize>,
        n_before: usize,
        labels: &CodedLabels<'_>,
        twice_rank_sums: &mut [u64],
    ) -> usize {
        let members = self.scored[group].iter().filter_map(|&(_, cell)| labels.category(cell));
        let n_members = members.clone().count();
        let twice_rank = (2 * n_before + n_members + 1) as u64;
        for category in members {
            twice_rank_sums[category] += twice_rank;
        }
        n_members
    }
}

fn auroc_of(twice_rank_sum: u64, n_in: u64, n_labelled: u64) -> f64 {
    let n_out = n_labelled - n_in;
    if n_in == 0 || n_out == 0 {
        return f64::NAN;
    }
    (twice_rank_sum - n_in * (n_in + 1)) as f64 / (2 * n_in * n_out) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_pairs(scores: &[f32], codes: &[u32], category: u32) -> f64 {
        let of = |inside: bool| {
            let wanted = move |&(_, &code): &(&f32, &u32)| code != MISSING_CODE && (code == category) == inside;
            scores.iter().zip(codes).filter(wanted).map(|(&score, _)| score).collect::<Vec<f32>>()
        };
        let (inside, outside) = (of(true), of(false));
        let wins: f64 = inside
            .iter()
            .flat_map(|a| outside.iter().map(move |b| if a > b { 1.0 } else { f64::from(u8::from(a == b)) / 2.0 }))
            .sum();
        wins / (inside.len() * outside.len()) as f64
    }

    #[test]
    fn perfect_separation_is_one_and_all_zero_is_half() {
        let labels = CodedLabels::new(&[0, 0, 1, 1], 2);
        let mut order = ScoreOrder::default();
        order.sort_sparse(&[2, 3], &[1.0, 2.0]);
        assert_eq!(order.aurocs(&labels), [0.0, 1.0]);
        order.sort_sparse(&[], &[]);
        assert_eq!(order.aurocs(&labels), [0.5, 0.5]);
    }

    #[test]
    fn a_category_without_cells_or_without_others_is_nan() {
        let mut order = ScoreOrder::default();
        order.sort_sparse(&[0], &[1.0]);
        assert!(order.aurocs(&CodedLabels::new(&[0, 0], 2)).iter().all(|auroc| auroc.is_nan()));
    }

    proptest! {
        #[test]
        fn equals_counting_all_pairs(
            cells in prop::collection::vec((-2_i8..4, prop::sample::select(vec![0, 1, 2, MISSING_CODE])), 1..40)
        ) {
            let scores: Vec<f32> = cells.iter().map(|&(score, _)| f32::from(score) / 2.0).collect();
            let codes: Vec<u32> = cells.iter().map(|&(_, code)| code).collect();
            let labels = CodedLabels::new(&codes, 3);
            let listed: Vec<u32> = (0..scores.len() as u32).filter(|&cell| scores[cell as usize] != 0.0).collect();
            let values: Vec<f32> = listed.iter().map(|&cell| scores[cell as usize]).collect();
            let (mut sparse, mut dense) = (ScoreOrder::default(), ScoreOrder::default());
            sparse.sort_sparse(&listed, &values);
            dense.sort_dense(scores.iter().copied());
            for (category, auroc) in sparse.aurocs(&labels).into_iter().enumerate() {
                let expected = by_pairs(&scores, &codes, category as u32);
                prop_assert!(auroc == expected || (auroc.is_nan() && expected.is_nan()) || (auroc - expected).abs() < 1e-12);
                let from_dense = dense.aurocs(&labels)[category];
                prop_assert!(from_dense == auroc || (from_dense.is_nan() && auroc.is_nan()));
            }
        }
    }
}
