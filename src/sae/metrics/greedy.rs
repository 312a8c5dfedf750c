//! Matching where an exact one is too slow: from the most similar pair down.
//!
//! Every free row names its eight most similar free columns; all named pairs are taken from the most similar down while
//! both sides are free. Rows whose columns were all taken name again, three times at most; as soon as few enough are
//! left, those are matched exactly, else each takes its best free column in turn. The similarities are computed again
//! in each round, a block of rows at a time. Ties: the lower row, then the lower column.
//!
//! Bound: no matching exceeds the sum over rows of their largest similarity (if every row gets a partner), nor that
//! over columns.

use super::cosines::SignRule;
use super::matching::{Similarities, exact, fits_exact};

const N_NAMED: usize = 8;
const N_ROUNDS: usize = 3;
const BLOCK: usize = 64;

struct Named {
    row: usize,
    column: usize,
    similarity: f64,
}

pub(super) struct Greedy<'a, S> {
    similarities: &'a S,
    sign: SignRule,
    of_rows: Vec<Option<(usize, f64)>>,
    is_free: Vec<bool>,
    row_best: Vec<f64>,
    column_best: Vec<f64>,
}

impl<'a, S: Similarities> Greedy<'a, S> {
    pub(super) fn new(similarities: &'a S, sign: SignRule) -> Self {
        let (n_rows, n_columns) = similarities.shape();
        Self {
            similarities,
            sign,
            of_rows: vec![None; n_rows],
            is_free: vec![true; n_columns],
            row_best: vec![f64::NEG_INFINITY; n_rows],
            column_best: vec![f64::NEG_INFINITY; n_columns],
        }
    }

    /// Column and similarity of each row, and an upper bound of the mean.
    pub(super) fn pairs(mut self) -> (Vec<Option<(usize, f64)>>, f64) {
        for _ in 0..N_ROUNDS {
            let named = self.name();
            self.take(named);
            let (rows, columns) = (self.free_rows(), self.free_columns());
            if fits_exact(rows.len(), columns.len()) {
                let rest = exact(self.similarities, &rows, &columns, self.sign);
                rows.iter().zip(rest).for_each(|(&row, pair)| self.of_rows[row] = pair);
                break;
            }
        }
        self.take_in_turn();
        let bound = self.upper_bound();
        (self.of_rows, bound)
    }

    fn free_rows(&self) -> Vec<usize> {
        (0..self.of_rows.len()).filter(|&row| self.of_rows[row].is_none()).collect()
    }

    fn free_columns(&self) -> Vec<usize> {
        (0..self.is_free.len()).filter(|&column| self.is_free[column]).collect()
    }

    /// The best free columns of every free row.
    fn name(&mut self) -> Vec<Named> {
        let mut named = Vec::new();
        for rows in self.free_rows().chunks(BLOCK) {
            let values = self.similarities.rows(rows);
            for (&row, values) in rows.iter().zip(values.chunks(self.is_free.len().max(1))) {
                self.note_best(row, values);
                self.name_for(row, values, &mut named);
            }
        }
        named
    }

    fn note_best(&mut self, row: usize, values: &[f64]) {
        for (best, &value) in self.column_best.iter_mut().zip(values) {
            let strength = self.sign.strength(value);
            *best = best.max(strength);
            self.row_best[row] = self.row_best[row].max(strength);
        }
    }

    fn name_for(&self, row: usize, values: &[f64], named: &mut Vec<Named>) {
        let start = named.len();
        let mut floor = f64::NEG_INFINITY;
        for (column, &similarity) in values.iter().enumerate() {
            if !self.is_free[column] || self.sign.strength(similarity) <= floor {
                continue;
            }
            named.push(Named { row, column, similarity });
            if named.len() - start > 4 * N_NAMED {
                self.sort(&mut named[start..]);
                named.truncate(start + N_NAMED);
                floor = self.sign.strength(named[start + N_NAMED - 1].similarity);
            }
        }
        self.sort(&mut named[start..]);
        named.truncate(start + N_NAMED);
    }

    fn sort(&self, named: &mut [Named]) {
        let strength = |pair: &Named| self.sign.strength(pair.similarity);
        named.sort_by(|a, b| strength(b).total_cmp(&strength(a)).then(a.row.cmp(&b.row)).then(a.column.cmp(&b.column)));
    }

    fn take(&mut self, mut named: Vec<Named>) {
        self.sort(&mut named);
        for pair in named {
            if self.of_rows[pair.row].is_none() && self.is_free[pair.column] {
                self.of_rows[pair.row] = Some((pair.column, pair.similarity));
                self.is_free[pair.column] = false;
            }
        }
    }

    /// Gives each row that is left its best free column.
    fn take_in_turn(&mut self) {
        for rows in self.free_rows().chunks(BLOCK) {
            if !self.is_free.contains(&true) {
                return;
            }
            let values = self.similarities.rows(rows);
            for (&row, values) in rows.iter().zip(values.chunks(self.is_free.len())) {
                let mut named = Vec::new();
                self.name_for(row, values, &mut named);
                named.truncate(1);
                self.take(named);
            }
        }
    }

    fn upper_bound(&self) -> f64 {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (n_rows, n_columns) = (self.row_best.len(), self.column_best.len());
        let by_rows = if n_rows <= n_columns { mean(&self.row_best) } else { f64::INFINITY };
        let by_columns = if n_columns <= n_rows { mean(&self.column_best) } else { f64::INFINITY };
        by_rows.min(by_columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Table(usize, Vec<f64>);

    impl Similarities for Table {
        fn shape(&self) -> (usize, usize) {
            (self.1.len() / self.0, self.0)
        }

        fn rows(&self, rows: &[usize]) -> Vec<f64> {
            rows.iter().flat_map(|&row| self.1[row * self.0..(row + 1) * self.0].to_vec()).collect()
        }
    }

    fn table(n_rows: usize, n_columns: usize) -> Table {
        let value = |at: usize| ((at * 7919 + at * at % 613) % 2003) as f64 / 2003.0 * 2.0 - 1.0;
        Table(n_columns, (0..n_rows * n_columns).map(value).collect())
    }

    fn check(source: &Table, pairs: &[Option<(usize, f64)>], bound: f64, sign: SignRule) {
        let (n_rows, n_columns) = source.shape();
        let mut columns: Vec<usize> = pairs.iter().flatten().map(|pair| pair.0).collect();
        columns.sort_unstable();
        columns.dedup();
        assert_eq!(columns.len(), n_rows.min(n_columns));
        for (row, pair) in pairs.iter().enumerate() {
            assert!(pair.is_none_or(|(column, similarity)| similarity == source.1[row * n_columns + column]));
        }
        let mean = pairs.iter().flatten().map(|pair| sign.strength(pair.1)).sum::<f64>() / columns.len() as f64;
        let best: Vec<usize> = (0..n_rows).collect();
        let best = exact(source, &best, &(0..n_columns).collect::<Vec<_>>(), sign);
        let best = best.iter().flatten().map(|pair| sign.strength(pair.1)).sum::<f64>() / columns.len() as f64;
        assert!(mean <= best + 1e-12 && best <= bound + 1e-12, "{mean} {best} {bound}");
        assert!(mean > 0.9 * best, "greedy is near the best here: {mean} {best}");
    }

    #[test]
    fn rows_that_run_out_of_columns_still_get_one_and_the_bound_holds() {
        for (n_rows, n_columns) in [(150, 150), (100, 180), (180, 100)] {
            for sign in [SignRule::Signed, SignRule::Absolute] {
                let source = table(n_rows, n_columns);
                let mut greedy = Greedy::new(&source, sign);
                let named = greedy.name();
                greedy.take(named);
                greedy.take_in_turn();
                let bound = greedy.upper_bound();
                check(&source, &greedy.of_rows, bound, sign);
                let (pairs, bound) = Greedy::new(&source, sign).pairs();
                check(&source, &pairs, bound, sign);
            }
        }
    }

    #[test]
    fn the_most_similar_pair_goes_first() {
        let source = Table(2, vec![0.9, 0.8, 0.95, 0.1]);
        let mut greedy = Greedy::new(&source, SignRule::Signed);
        let named = greedy.name();
        greedy.take(named);
        assert_eq!(greedy.of_rows, [Some((1, 0.8)), Some((0, 0.95))]);
    }
}
