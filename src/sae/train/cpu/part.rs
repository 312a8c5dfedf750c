//! What the shards of a step tell each other, and picking active features from what all of them offer.

use super::codes::Codes;
use crate::sae::select::{self, Entry, Largest};

/// What one shard tells the others between two phases of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Part {
    /// Candidates for activations of every cell, then, if it has dead features, those among them: `[n_cells]` each.
    /// Only where a variant picks the largest.
    pub(crate) counts: Vec<u32>,
    /// After encoding the candidates' values, after decoding its share of reconstructions, `[n_cells, d_in]` each,
    /// after differentiating its share of what reaches the input's bias, `[d_in]`.
    pub(crate) values: Vec<f32>,
    /// After encoding the number of positive pre-activations and of dead features; after decoding the number of
    /// activations and the sum that is penalised; after differentiating the squared norm of its gradient and the
    /// number of features not dead.
    pub(crate) sums: [f64; 2],
}

impl Part {
    /// Adds the candidates in `codes`.
    pub(super) fn offer(&mut self, codes: &Codes) {
        for cell in 0..codes.n_cells() {
            let before = self.values.len();
            self.values.extend(codes.cell(cell).map(|entry| entry.1));
            self.counts.push((self.values.len() - before) as u32);
        }
    }
}

/// The sum of a number over shards.
pub(super) fn total(parts: &[Part], at: usize) -> f64 {
    parts.iter().map(|part| part.sums[at]).sum()
}

/// Goes through what all shards offer, cell by cell.
#[derive(Clone, Debug)]
pub(super) struct Offers<'data> {
    left: Vec<(&'data [u32], &'data [f32])>,
    /// The shard that asks.
    own: usize,
}

impl<'data> Offers<'data> {
    pub(super) fn new(parts: &'data [Part], own: usize) -> Self {
        Self { left: parts.iter().map(|part| (&*part.counts, &*part.values)).collect(), own }
    }

    /// Appends the next cell's values of all shards, features ascending; where the own ones stand.
    fn next(&mut self, values: &mut Vec<f32>) -> std::ops::Range<usize> {
        let mut own = 0..0;
        for (shard, (counts, left)) in self.left.iter_mut().enumerate() {
            let start = values.len();
            if let Some((&count, rest)) = counts.split_first() {
                let (here, later) = left.split_at((count as usize).min(left.len()));
                values.extend_from_slice(here);
                (*counts, *left) = (rest, later);
            }
            if shard == self.own {
                own = start..values.len();
            }
        }
        own
    }
}

/// Memory for picking.
#[derive(Clone, Debug, Default)]
pub(super) struct Picking {
    row: Vec<Entry>,
    values: Vec<f32>,
    own: Vec<std::ops::Range<usize>>,
    over_batch: Largest,
    kept: Codes,
}

impl Picking {
    /// Leaves in `codes`, the own candidates, what is among the `k` largest of each cell in all shards.
    pub(super) fn by_cell(&mut self, codes: &mut Codes, offers: &mut Offers<'_>, k: usize) {
        self.kept.clear();
        for cell in 0..codes.n_cells() {
            self.values.clear();
            let own = offers.next(&mut self.values);
            select::largest(&self.values, k, &mut self.row);
            let mut picked = self.row.iter().map(|entry| entry.0 as usize).filter(|at| own.contains(at)).peekable();
            for (at, (feature, value)) in codes.cell(cell).enumerate() {
                if picked.next_if_eq(&(own.start + at)).is_some() {
                    self.kept.push(feature, value);
                }
            }
            self.kept.end_cell();
        }
        std::mem::swap(codes, &mut self.kept);
    }

    /// Leaves in `codes` what is among the `k` largest of the whole batch in all shards; the smallest picked anywhere.
    pub(super) fn by_batch(&mut self, codes: &mut Codes, offers: &mut Offers<'_>, k: usize) -> Option<f32> {
        self.values.clear();
        self.own.clear();
        for _ in 0..codes.n_cells() {
            let own = offers.next(&mut self.values);
            self.own.push(own);
        }
        self.over_batch.start(k);
        self.over_batch.offer(&self.values, 0);
        let picked = self.over_batch.finish();
        let mut places = picked.iter().map(|entry| entry.0 as usize).peekable();
        self.kept.clear();
        for (cell, own) in self.own.iter().enumerate() {
            while places.next_if(|at| *at < own.start).is_some() {}
            for (at, (feature, value)) in codes.cell(cell).enumerate() {
                if places.next_if_eq(&(own.start + at)).is_some() {
                    self.kept.push(feature, value);
                }
            }
            self.kept.end_cell();
        }
        std::mem::swap(codes, &mut self.kept);
        picked.iter().map(|entry| entry.1).min_by(f32::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(cells: &[&[(u32, f32)]]) -> Codes {
        let mut codes = Codes::default();
        codes.clear();
        for cell in cells {
            cell.iter().for_each(|&(feature, value)| codes.push(feature, value));
            codes.end_cell();
        }
        codes
    }

    fn of(codes: &Codes) -> Vec<Vec<(u32, f32)>> {
        (0..codes.n_cells()).map(|cell| codes.cell(cell).collect()).collect()
    }

    fn shards() -> [Codes; 2] {
        [
            codes(&[&[(0, 3.0), (2, 1.0)], &[], &[(1, 2.0), (2, 2.0)]]),
            codes(&[&[(0, 1.0), (1, 4.0)], &[(2, 9.0)], &[(0, 2.0), (2, 5.0)]]),
        ]
    }

    fn parts() -> [Part; 2] {
        shards().map(|codes| {
            let mut part = Part::default();
            part.offer(&codes);
            part
        })
    }

    #[test]
    fn the_largest_of_each_cell_are_kept_and_ties_go_to_the_lower_shard() {
        let (parts, mut picking) = (parts(), Picking::default());
        let kept = [0, 1].map(|own| {
            let mut codes = shards()[own].clone();
            picking.by_cell(&mut codes, &mut Offers::new(&parts, own), 3);
            of(&codes)
        });
        assert_eq!(kept[0], [vec![(0, 3.0), (2, 1.0)], vec![], vec![(1, 2.0), (2, 2.0)]]);
        assert_eq!(kept[1], [vec![(1, 4.0)], vec![(2, 9.0)], vec![(2, 5.0)]]);
    }

    #[test]
    fn the_largest_of_the_batch_are_kept_and_ties_go_to_the_earlier_cell() {
        let (parts, mut picking) = (parts(), Picking::default());
        let kept = [0, 1].map(|own| {
            let mut codes = shards()[own].clone();
            let smallest = picking.by_batch(&mut codes, &mut Offers::new(&parts, own), 5);
            (of(&codes), smallest)
        });
        assert_eq!(kept[0], (vec![vec![(0, 3.0)], vec![], vec![(1, 2.0)]], Some(2.0)));
        assert_eq!(kept[1], (vec![vec![(1, 4.0)], vec![(2, 9.0)], vec![(2, 5.0)]], Some(2.0)));
    }
}
