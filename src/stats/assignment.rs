//! The assignment of rows to columns with the largest sum of scores, exactly.
//!
//! Method: shortest augmenting paths with dual prices (the Hungarian method as Jonker & Volgenant 1987 and Crouse 2016
//! arrange it, SciPy's `linear_sum_assignment`): rows enter one by one, each along the cheapest path of exchanges.
//! O(n² m) for n ≤ m. Every row (or column, if they are fewer) gets exactly one partner, bad scores included.
//!
//! Ties: several assignments can have the largest sum; which one is found depends on the scores alone. Scores must be
//! finite.

/// The column of each row in an assignment with the largest sum of scores, `[n_rows]`; `None` where there are more rows
/// than columns and the row is left over.
///
/// # Shapes
/// `scores` is `[n_rows, n_columns]`, row after row.
///
/// # Panics
/// If the scores are not of that shape or not finite: the caller's bug.
///
/// # Example
/// ```
/// use featurescope::stats::max_assignment;
/// // Taking row 0's best column would cost row 1 more than row 0 gains.
/// assert_eq!(max_assignment(&[0.9, 0.8, 0.9, 0.1], 2, 2), [Some(1), Some(0)]);
/// ```
#[must_use]
pub fn max_assignment(scores: &[f64], n_rows: usize, n_columns: usize) -> Vec<Option<u32>> {
    assert_eq!(scores.len(), n_rows * n_columns, "scores are [n_rows, n_columns]");
    assert!(scores.iter().all(|score| score.is_finite()), "scores to assign by are finite");
    if n_rows <= n_columns {
        return Paths::new(n_rows, n_columns, |row, column| -scores[row * n_columns + column]).columns_of_rows();
    }
    let rows = Paths::new(n_columns, n_rows, |column, row| -scores[row * n_columns + column]).columns_of_rows();
    let mut columns = vec![None; n_rows];
    for (column, row) in rows.into_iter().enumerate() {
        if let Some(row) = row {
            columns[row as usize] = Some(column as u32);
        }
    }
    columns
}

/// Place 0 of the columns (and row 0) stands for "not yet assigned"; rows and columns count from 1.
struct Paths {
    n_rows: usize,
    row_prices: Vec<f64>,
    column_prices: Vec<f64>,
    row_of_column: Vec<usize>,
    /// The column before on the path that is being built.
    previous: Vec<usize>,
    lengths: Vec<f64>,
    is_settled: Vec<bool>,
}

impl Paths {
    fn new(n_rows: usize, n_columns: usize, cost: impl Fn(usize, usize) -> f64) -> Self {
        let mut paths = Self {
            n_rows,
            row_prices: vec![0.0; n_rows + 1],
            column_prices: vec![0.0; n_columns + 1],
            row_of_column: vec![0; n_columns + 1],
            previous: vec![0; n_columns + 1],
            lengths: vec![0.0; n_columns + 1],
            is_settled: vec![false; n_columns + 1],
        };
        for row in 1..=n_rows {
            let end = paths.shortest(row, &cost);
            paths.exchange(end);
        }
        paths
    }

    /// The free column at the end of the shortest path from a new row.
    fn shortest(&mut self, row: usize, cost: &impl Fn(usize, usize) -> f64) -> usize {
        self.row_of_column[0] = row;
        self.lengths.fill(f64::INFINITY);
        self.is_settled.fill(false);
        let mut at = 0;
        while self.row_of_column[at] != 0 {
            self.is_settled[at] = true;
            at = self.settle_next(at, cost);
        }
        at
    }

    /// Goes on from a settled column over its row to the nearest column that is not settled, and moves prices along.
    fn settle_next(&mut self, at: usize, cost: &impl Fn(usize, usize) -> f64) -> usize {
        let row = self.row_of_column[at];
        let (mut nearest, mut shortest) = (0, f64::INFINITY);
        for column in 1..self.lengths.len() {
            if self.is_settled[column] {
                continue;
            }
            let length = cost(row - 1, column - 1) - self.row_prices[row] - self.column_prices[column];
            if length < self.lengths[column] {
                self.lengths[column] = length;
                self.previous[column] = at;
            }
            if self.lengths[column] < shortest {
                (nearest, shortest) = (column, self.lengths[column]);
            }
        }
        self.move_prices(shortest);
        nearest
    }

    fn move_prices(&mut self, by: f64) {
        for column in 0..self.lengths.len() {
            if self.is_settled[column] {
                self.row_prices[self.row_of_column[column]] += by;
                self.column_prices[column] -= by;
            } else {
                self.lengths[column] -= by;
            }
        }
    }

    /// Every column on the path takes over the row of the one before.
    fn exchange(&mut self, end: usize) {
        let mut at = end;
        while at != 0 {
            let before = self.previous[at];
            self.row_of_column[at] = self.row_of_column[before];
            at = before;
        }
    }

    fn columns_of_rows(&self) -> Vec<Option<u32>> {
        let mut columns = vec![None; self.n_rows];
        for (column, &row) in self.row_of_column.iter().enumerate().skip(1) {
            if row > 0 {
                columns[row - 1] = Some(column as u32 - 1);
            }
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest sum over all ways to assign, by trying them.
    fn largest_sum(scores: &[f64], n_columns: usize, row: usize, free: u32) -> f64 {
        let Some(scores_of_row) = scores.chunks(n_columns).nth(row) else { return 0.0 };
        let with =
            |column: usize| scores_of_row[column] + largest_sum(scores, n_columns, row + 1, free & !(1 << column));
        (0..n_columns).filter(|column| free & (1 << column) != 0).map(with).fold(f64::NEG_INFINITY, f64::max)
    }

    fn sum(scores: &[f64], n_columns: usize, columns: &[Option<u32>]) -> f64 {
        let score =
            |(row, column): (usize, &Option<u32>)| column.map(|column| scores[row * n_columns + column as usize]);
        columns.iter().enumerate().filter_map(score).sum()
    }

    proptest::proptest! {
        #[test]
        fn no_assignment_is_better(n_rows in 1_usize..6, extra in 0_usize..3, values in proptest::collection::vec(-9_i8..9, 40)) {
            let n_columns = n_rows + extra;
            let scores: Vec<f64> = values[..n_rows * n_columns].iter().map(|&value| f64::from(value)).collect();
            let columns = max_assignment(&scores, n_rows, n_columns);
            let mut used: Vec<u32> = columns.iter().map(|column| column.unwrap()).collect();
            used.sort_unstable();
            used.dedup();
            proptest::prop_assert_eq!(used.len(), n_rows);
            let best = largest_sum(&scores, n_columns, 0, u32::MAX);
            proptest::prop_assert_eq!(sum(&scores, n_columns, &columns), best);
            // Rows and columns exchanged: the same sum, the rows too many left over.
            let turned: Vec<f64> = (0..scores.len()).map(|at| scores[at % n_rows * n_columns + at / n_rows]).collect();
            let rows = max_assignment(&turned, n_columns, n_rows);
            proptest::prop_assert_eq!(rows.iter().flatten().count(), n_rows);
            proptest::prop_assert_eq!(sum(&turned, n_rows, &rows), best);
        }
    }

    #[test]
    fn nothing_is_assigned_to_nothing() {
        assert_eq!(max_assignment(&[], 0, 3), []);
        assert_eq!(max_assignment(&[], 2, 0), [None, None]);
    }
}
