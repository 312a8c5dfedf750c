//! What an intervention does: how far cells move, which label they end up near, which genes follow.
//!
//! Everything is f64. The nearest label is the category whose centre (mean of the embedding over its cells) has the
//! smallest mean squared distance to the steered cells; of equal ones the first in the file's order. Genes follow
//! through a linear decoder, so a gene's mean change is its coefficients times the mean shift; decoded values are
//! not clipped at 0. A gene that does not change is in neither list; equal changes keep the genes' order.

use crate::data::{CellTable, DenseMatrix, GeneId, MISSING_CODE};
use crate::stats::Ridge;

/// How one gene follows.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneEffect {
    /// The gene.
    pub gene: GeneId,
    /// Mean change over the steered cells in the decoder's units.
    pub change: f64,
    /// Mean decoded value before.
    pub before: f64,
    /// Mean decoded value after.
    pub after: f64,
    /// Cross-validated R² of the decoder for this gene.
    pub r2: f64,
}

/// The label whose centre the steered cells are nearest to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearestLabel {
    /// The categorical column.
    pub column: String,
    /// The nearest category before.
    pub before: String,
    /// The nearest category after.
    pub after: String,
}

/// Column means, `[d]`, of the rows given, or of all.
fn centre<'a>(rows: impl Iterator<Item = &'a [f32]>, d: usize) -> Option<Vec<f64>> {
    let mut sum = vec![0.0; d];
    let mut n = 0_usize;
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(slot, &value)| *slot += f64::from(value));
        n += 1;
    }
    (n > 0).then(|| sum.into_iter().map(|value| value / n as f64).collect())
}

fn rows_of(matrix: &DenseMatrix) -> impl Iterator<Item = &[f32]> {
    (0..matrix.n_rows()).map(|row| matrix.row(row))
}

/// The mean of all rows, `[d]`; zeros without rows.
pub(super) fn mean_row(matrix: &DenseMatrix) -> Vec<f64> {
    centre(rows_of(matrix), matrix.n_cols()).unwrap_or_else(|| vec![0.0; matrix.n_cols()])
}

/// Mean Euclidean distance between rows of equal position.
pub(super) fn mean_shift(before: &DenseMatrix, after: &DenseMatrix) -> f64 {
    let lengths = rows_of(before).zip(rows_of(after)).map(|(from, to)| {
        let squares = from.iter().zip(to).map(|(&a, &b)| (f64::from(b) - f64::from(a)).powi(2));
        squares.sum::<f64>().sqrt()
    });
    lengths.sum::<f64>() / before.n_rows().max(1) as f64
}

/// Median Euclidean distance of a row to the mean of all rows.
pub(super) fn typical_distance(embedding: &DenseMatrix) -> f64 {
    let middle = mean_row(embedding);
    let mut distances: Vec<f64> = rows_of(embedding)
        .map(|row| row.iter().zip(&middle).map(|(&x, m)| (f64::from(x) - m).powi(2)).sum::<f64>().sqrt())
        .collect();
    distances.sort_by(f64::total_cmp);
    let n = distances.len();
    if n == 0 { 0.0 } else { f64::midpoint(distances[(n - 1) / 2], distances[n / 2]) }
}

/// The nearest category before and after for every categorical column that has labelled cells.
pub(super) fn nearest_labels(
    cells: &CellTable,
    embedding: &DenseMatrix,
    before: &[f64],
    after: &[f64],
) -> Vec<NearestLabel> {
    let mut nearest_by_column = Vec::new();
    for column in cells.columns() {
        let Some((codes, categories)) = column.categorical() else { continue };
        let centres = category_centres(codes, categories.len(), embedding);
        if let (Some(from), Some(to)) = (nearest(&centres, before), nearest(&centres, after)) {
            nearest_by_column.push(NearestLabel {
                column: column.name.clone(),
                before: categories[from].clone(),
                after: categories[to].clone(),
            });
        }
    }
    nearest_by_column
}

fn category_centres(codes: &[u32], n_categories: usize, embedding: &DenseMatrix) -> Vec<Option<Vec<f64>>> {
    let mut rows_by_category = vec![Vec::new(); n_categories];
    for (row, &code) in codes.iter().enumerate() {
        if code != MISSING_CODE {
            rows_by_category[code as usize].push(row);
        }
    }
    let centre_of = |rows: &Vec<usize>| centre(rows.iter().map(|&row| embedding.row(row)), embedding.n_cols());
    rows_by_category.iter().map(centre_of).collect()
}

/// The centre nearest to `point`: also the one with the smallest mean squared distance to the cells `point` is the
/// mean of, as their spread adds the same to every centre.
fn nearest(centres: &[Option<Vec<f64>>], point: &[f64]) -> Option<usize> {
    let squared = |centre: &[f64]| centre.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let with_distance = centres.iter().enumerate().filter_map(|(at, centre)| Some((at, squared(centre.as_deref()?))));
    with_distance.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// The `limit` genes that rise most and the `limit` that fall most between two mean rows, `[d]`.
pub(super) fn gene_effects(
    decoder: &Ridge,
    before: &[f64],
    after: &[f64],
    limit: usize,
) -> (Vec<GeneEffect>, Vec<GeneEffect>) {
    let shift: Vec<f64> = after.iter().zip(before).map(|(to, from)| to - from).collect();
    let mut changes: Vec<(usize, f64)> = (0..decoder.n_targets())
        .map(|gene| {
            let weights = decoder.coefficients(gene).iter();
            (gene, weights.zip(&shift).map(|(&weight, step)| f64::from(weight) * step).sum())
        })
        .collect();
    changes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let effect = |&(gene, change): &(usize, f64)| {
        let value = decoder.predict(gene, before);
        let r2 = decoder.r2()[gene];
        GeneEffect { gene: GeneId::from_index(gene), change, before: value, after: value + change, r2 }
    };
    let up = changes.iter().take_while(|(_, change)| *change > 0.0).take(limit).map(effect).collect();
    changes.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let down = changes.iter().take_while(|(_, change)| *change < 0.0).take(limit).map(effect).collect();
    (up, down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::LabelColumn;

    #[test]
    fn the_nearest_label_moves_with_the_cells_and_empty_categories_are_passed_over() {
        let mut cells = CellTable::without_ids(4);
        cells.add_column(LabelColumn::from_texts("type", &["a", "a", "b", ""])).unwrap();
        cells.add_column(LabelColumn::from_texts("none", &["", "", "", ""])).unwrap();
        let embedding = DenseMatrix::new(4, 1, vec![0.0, 2.0, 10.0, 100.0]).unwrap();
        let found = nearest_labels(&cells, &embedding, &[2.0], &[9.0]);
        let expected = NearestLabel { column: "type".into(), before: "a".into(), after: "b".into() };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn shift_and_scale_are_euclidean() {
        let before = DenseMatrix::new(2, 2, vec![0.0, 0.0, 1.0, 1.0]).unwrap();
        let after = DenseMatrix::new(2, 2, vec![3.0, 4.0, 1.0, 2.0]).unwrap();
        assert_eq!(mean_shift(&before, &after), 3.0);
        let line = DenseMatrix::new(4, 1, vec![0.0, 1.0, 3.0, 8.0]).unwrap();
        assert_eq!(typical_distance(&line), 2.5);
    }
}
