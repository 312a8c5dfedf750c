//! A steering result in words.

use crate::plot::format::{count, decimals, percent, signed, significant};
use crate::protocol::{GeneChange, SteerResult};
use crate::ui::card::GeneRow;

/// What the view says it is.
pub(super) const WHAT_IT_IS: &str = "A prediction of two models, not an experiment: the sparse autoencoder says where \
    the cells' embedding would be, and a linear decoder fitted to these cells says which genes go with it.";

/// What was done to how many cells.
pub(super) fn done(result: &SteerResult) -> String {
    format!(
        "Feature {} set to {} in {} cells (mean before: {}).",
        result.params.feature,
        significant(result.target_value, 3),
        count(result.rows.len()),
        significant(result.mean_before, 3)
    )
}

/// How far the cells moved, measured by how far cells lie from the centre anyway.
pub(super) fn shift(result: &SteerResult) -> String {
    let share = if result.typical_distance > 0.0 { result.mean_shift / result.typical_distance } else { f64::NAN };
    format!(
        "Mean shift {}: {} of a typical cell's distance from the centre ({}).",
        significant(result.mean_shift, 3),
        percent(share),
        significant(result.typical_distance, 3)
    )
}

/// Where the cells are nearest to: column, before, after, whether that changed.
pub(super) fn nearest(result: &SteerResult) -> Vec<(String, String, String, bool)> {
    let row = |(column, before, after): &(String, String, String)| {
        (column.clone(), before.clone(), after.clone(), before != after)
    };
    result.nearest_labels.iter().map(row).collect()
}

/// Genes as rows.
pub(super) fn changes(genes: &[GeneChange]) -> Vec<GeneRow> {
    let row = |gene: &GeneChange| GeneRow {
        gene: gene.gene,
        name: gene.name.clone(),
        numbers: vec![signed(gene.change, 3), decimals(gene.r2, 2)],
        details: format!("decoded {} before, {} after", significant(gene.before, 3), significant(gene.after, 3)),
    };
    genes.iter().map(row).collect()
}

/// How far the decoder can be trusted.
pub(super) fn trust(result: &SteerResult) -> String {
    let Some(median) = result.median_r2 else { return "No expression is open, so no genes are decoded.".to_owned() };
    format!(
        "R² says how much of a gene the decoder predicts in cells it has not seen (cross-validated); the median over all \
         genes is {}. Changes of genes with a low R² mean little.",
        decimals(median, 2)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CellSelection, FeatureId, GeneId};
    use crate::protocol::{F32Column, MapSource, SteerParams, SteerTarget};

    fn result() -> SteerResult {
        let target = SteerTarget::Value { value: 4.0 };
        SteerResult {
            params: SteerParams { feature: FeatureId(12), cells: CellSelection::All, target, keep_error: true },
            rows: vec![0, 1].into(),
            target_value: 4.0,
            mean_before: 0.125,
            mean_shift: 1.5,
            typical_distance: 6.0,
            map: MapSource::Pca("X_pca".to_owned()),
            before_x: F32Column::default(),
            before_y: F32Column::default(),
            after_x: F32Column::default(),
            after_y: F32Column::default(),
            genes_up: Vec::new(),
            genes_down: Vec::new(),
            median_r2: None,
            nearest_labels: vec![("condition".to_owned(), "control".to_owned(), "stimulated".to_owned())],
        }
    }

    #[test]
    fn a_result_reads_as_sentences() {
        let result = result();
        assert_eq!(done(&result), "Feature 12 set to 4 in 2 cells (mean before: 0.125).");
        assert_eq!(shift(&result), "Mean shift 1.5: 25.0\u{202f}% of a typical cell's distance from the centre (6).");
        assert!(nearest(&result)[0].3);
    }

    #[test]
    fn no_expression_means_no_trust_line() {
        assert!(trust(&result()).starts_with("No expression"));
    }

    #[test]
    fn changes_carry_their_sign() {
        let gene =
            GeneChange { gene: GeneId(0), name: "ISG15".into(), change: 1.234, before: 0.1, after: 1.334, r2: 0.9 };
        let row = &changes(&[gene])[0];
        assert_eq!(row.numbers, ["+1.23", "0.90"]);
    }
}
