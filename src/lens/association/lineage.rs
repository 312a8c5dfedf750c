//! Features that rise along an ordered path of cell types.
//!
//! arXiv 2410.11468 keeps features whose "mean in lineage > others; > first type; strictly increasing along the path".
//! Read literally: (1) the mean activation over all cells of the path's types is above the mean over all other labelled
//! cells; (2) it is above the mean of the path's first type; (3) the types' means increase strictly from step to step.
//! Where (3) holds, (2) follows, and so does its other reading, that the last type is above the first: so the reading
//! changes nothing. Means weigh cells equally, not types. The rule is descriptive: no test stands behind it, and with
//! two steps half of all features without any relation pass (3).
//!
//! Rules: cells without a label are left out; inactive cells are 0; equal means are not an increase. Sums are f64, a
//! step's own sum never comes from a difference.

use super::error::{AssociationError, categorical, check_cells};
use crate::data::{CellTable, FeatureId, SparseActivations};
use crate::stats::CodedLabels;

/// An ordered path of categories of one column; made once, asked for every feature.
#[derive(Clone, Debug)]
pub struct Lineage<'a> {
    cells: &'a CellTable,
    labels: CodedLabels<'a>,
    path: Vec<usize>,
    n_cells_in: f64,
    n_cells_out: f64,
}

/// A feature along a lineage.
#[derive(Clone, Debug, PartialEq)]
pub struct LineageFeature {
    /// The feature.
    pub feature: FeatureId,
    /// Mean activation of every step, `[n_steps]`, in the path's order.
    pub means: Vec<f64>,
    /// Mean over all cells of the path.
    pub mean_lineage: f64,
    /// Mean over all other labelled cells.
    pub mean_others: f64,
}

impl LineageFeature {
    /// Mean of the last step minus mean of the first, in units of activation.
    pub fn rise(&self) -> f64 {
        match (self.means.first(), self.means.last()) {
            (Some(first), Some(last)) => last - first,
            _ => f64::NAN,
        }
    }

    /// Whether all three conditions hold.
    pub fn follows(&self) -> bool {
        let is_above_first = self.means.first().is_some_and(|&first| self.mean_lineage > first);
        self.mean_lineage > self.mean_others && is_above_first && self.means.is_sorted_by(|a, b| a < b)
    }
}

impl<'a> Lineage<'a> {
    /// Finds the path in the table.
    ///
    /// # Errors
    /// If the column is unknown or numeric, or has more categories than [`crate::lens::MAX_CATEGORIES`]; if the path
    /// has fewer than two steps, names a category twice, unknown or without cells, or takes in every labelled cell.
    pub fn new<S: AsRef<str>>(cells: &'a CellTable, column: &str, path: &[S]) -> Result<Self, AssociationError> {
        let (_, codes, categories) = categorical(cells, column)?;
        let labels = CodedLabels::new(codes, categories.len());
        if path.len() < 2 {
            return Err(AssociationError::ShortPath { found: path.len() });
        }
        let mut steps = Vec::with_capacity(path.len());
        for category in path.iter().map(AsRef::as_ref) {
            let step = step_of(category, column, categories, &labels)?;
            if steps.contains(&step) {
                return Err(AssociationError::RepeatedCategory { category: category.to_owned() });
            }
            steps.push(step);
        }
        let n_cells_in: usize = steps.iter().map(|&step| labels.sizes()[step] as usize).sum();
        let n_cells_out = labels.n_labelled() - n_cells_in;
        if n_cells_out == 0 {
            return Err(AssociationError::NoOtherCells { column: column.to_owned() });
        }
        Ok(Self { cells, labels, path: steps, n_cells_in: n_cells_in as f64, n_cells_out: n_cells_out as f64 })
    }

    /// One feature along the path, whether it follows it or not.
    ///
    /// # Panics
    /// If the feature or one of its cells is outside activations or table.
    #[must_use]
    pub fn of_feature(&self, activations: &SparseActivations, feature: FeatureId) -> LineageFeature {
        let (cells, values) = activations.feature(feature);
        let mut sums = vec![0.0_f64; self.labels.sizes().len()];
        for (&cell, &value) in cells.iter().zip(values) {
            if let Some(category) = self.labels.category(cell) {
                sums[category] += f64::from(value);
            }
        }
        let sums_in: Vec<f64> = self.path.iter().map(|&step| std::mem::take(&mut sums[step])).collect();
        let mean = |(&sum, &step): (&f64, &usize)| sum / f64::from(self.labels.sizes()[step]);
        LineageFeature {
            feature,
            means: sums_in.iter().zip(&self.path).map(mean).collect(),
            mean_lineage: sums_in.iter().sum::<f64>() / self.n_cells_in,
            mean_others: sums.iter().sum::<f64>() / self.n_cells_out,
        }
    }

    /// All features that follow the path, the largest rise first, of equals the first feature.
    ///
    /// # Errors
    /// [`AssociationError::CellCount`] if the activations are of other cells.
    ///
    /// # Examples
    /// ```
    /// use featurescope::data::{CellTable, DenseMatrix, LabelColumn, SparseActivations, SparseMatrix};
    /// use featurescope::lens::association::Lineage;
    ///
    /// let mut cells = CellTable::without_ids(4);
    /// cells.add_column(LabelColumn::from_texts("type", &["HSC", "MEP", "Ery", "B"])).unwrap();
    /// let by_cell = DenseMatrix::new(4, 2, vec![0.5, 3.0, 1.0, 2.0, 4.0, 1.0, 0.0, 0.0]).unwrap();
    /// let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&by_cell));
    /// let found = Lineage::new(&cells, "type", &["HSC", "MEP", "Ery"]).unwrap().search(&activations).unwrap();
    /// assert_eq!((found.len(), found[0].feature.0, found[0].rise()), (1, 0, 3.5));
    /// ```
    pub fn search(&self, activations: &SparseActivations) -> Result<Vec<LineageFeature>, AssociationError> {
        check_cells(self.cells, activations)?;
        let of = |feature| self.of_feature(activations, FeatureId::from_index(feature));
        let mut found: Vec<LineageFeature> =
            (0..activations.n_features()).map(of).filter(LineageFeature::follows).collect();
        found.sort_by(|a, b| b.rise().total_cmp(&a.rise()).then(a.feature.cmp(&b.feature)));
        Ok(found)
    }
}

fn step_of(
    category: &str,
    column: &str,
    categories: &[String],
    labels: &CodedLabels<'_>,
) -> Result<usize, AssociationError> {
    let Some(step) = categories.iter().position(|known| known == category) else {
        let (column, category) = (column.to_owned(), category.to_owned());
        return Err(AssociationError::UnknownCategory { column, category, known: categories.to_vec() });
    };
    if labels.sizes()[step] == 0 {
        return Err(AssociationError::EmptyCategory { column: column.to_owned(), category: category.to_owned() });
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, LabelColumn, LabelValues, SparseMatrix};

    fn cells() -> CellTable {
        let mut cells = CellTable::without_ids(8);
        let types = ["a", "a", "b", "b", "c", "c", "other", ""];
        cells.add_column(LabelColumn::from_texts("type", &types)).unwrap();
        cells
    }

    fn activations(by_feature: &[[f32; 8]]) -> SparseActivations {
        let dense = DenseMatrix::new(by_feature.len(), 8, by_feature.concat()).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense).transposed())
    }

    #[test]
    fn only_strict_increase_above_the_others_is_found_largest_rise_first() {
        let cells = cells();
        let activations = activations(&[
            [0., 1., 1., 1., 1., 3., 0., 9.],  // follows, rise 1.5
            [0., 0., 1., 3., 2., 2., 0., 0.],  // b equals c
            [0., 0., 1., 1., 2., 2., 1.0, 0.], // mean 1 is not above the others' 1
            [0., 0., 1., 1., 8., 8., 0., 0.],  // follows, rise 8
            [0.; 8],                           // dead
            [3., 3., 2., 2., 1., 1., 0., 0.],  // falls
            [0., 1., 1., 1., 1., 3., 0., 0.],  // as the first
        ]);
        let lineage = Lineage::new(&cells, "type", &["a", "b", "c"]).unwrap();
        let found = lineage.search(&activations).unwrap();
        assert_eq!(found.iter().map(|row| row.feature.0).collect::<Vec<_>>(), [3, 0, 6]);
        assert_eq!((found[1].means.as_slice(), found[1].rise()), (&[0.5, 1.0, 2.0][..], 1.5));
        assert_eq!((found[1].mean_lineage, found[1].mean_others), (7.0 / 6.0, 0.0));
        let backwards = Lineage::new(&cells, "type", &["c", "b", "a"]).unwrap();
        assert_eq!(backwards.search(&activations).unwrap()[0].feature.0, 5);
    }

    #[test]
    fn paths_that_make_no_sense_are_refused() {
        let mut cells = cells();
        let values = LabelValues::Categorical { codes: vec![0; 8], categories: vec!["x".into(), "y".into()] };
        cells.add_column(LabelColumn { name: "odd".to_owned(), values }).unwrap();
        let refused = |column: &str, path: &[&str]| Lineage::new(&cells, column, path).unwrap_err();
        assert_eq!(refused("type", &["a"]), AssociationError::ShortPath { found: 1 });
        assert_eq!(refused("type", &["a", "a"]), AssociationError::RepeatedCategory { category: "a".into() });
        assert!(matches!(refused("type", &["a", "z"]), AssociationError::UnknownCategory { .. }));
        assert!(matches!(refused("odd", &["x", "y"]), AssociationError::EmptyCategory { .. }));
        assert!(matches!(refused("none", &["a", "b"]), AssociationError::UnknownColumn { .. }));
        assert_eq!(
            refused("type", &["other", "a", "b", "c"]),
            AssociationError::NoOtherCells { column: "type".into() }
        );
        let short = SparseActivations::from_cells(SparseMatrix::from_dense(&DenseMatrix::new(1, 1, vec![1.]).unwrap()));
        let error = Lineage::new(&cells, "type", &["a", "b"]).unwrap().search(&short).unwrap_err();
        assert_eq!(error, AssociationError::CellCount { expected: 8, found: 1 });
    }
}
