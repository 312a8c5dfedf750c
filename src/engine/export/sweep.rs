//! `sweep`: the rows of the last sweep, tidy: a row a run or baseline, a column a setting or measure.
//!
//! Numbers a row does not have are missing (empty in CSV), texts are empty. `configuration` counts from 0, `run` from
//! 1 as on the page.

use super::groups::one_batch;
use crate::engine::EngineError;
use crate::engine::session::Inner;
use crate::lens::tables::{Column, ColumnValues, Table, TableError};
use crate::protocol::{
    ExportedFile, SaeParams, SweepFit, SweepOutcome, SweepRow, SweepScores, TableFormat, variant_name,
};
use crate::sae::Sparsity;

/// The table as a file.
///
/// # Errors
/// [`EngineError::NoSweep`], and where the table can't be written.
pub(super) fn table(inner: &Inner, format: TableFormat) -> Result<ExportedFile, EngineError> {
    let state = inner.state.borrow();
    let sweep = state.sweep.as_ref().ok_or(EngineError::NoSweep)?;
    one_batch("sweep", format, &rows_table(&sweep.summary.rows)?)
}

fn rows_table(rows: &[SweepRow]) -> Result<Table, TableError> {
    let texts = |of: &dyn Fn(&SweepRow) -> String| ColumnValues::Text(rows.iter().map(of).collect());
    let numbers = |of: &dyn Fn(&SweepRow) -> Option<f64>| {
        ColumnValues::F64(rows.iter().map(|row| of(row).unwrap_or(f64::NAN)).collect())
    };
    let setting = |of: fn(&SaeParams) -> f64| numbers(&|row| row.params.as_ref().map(of));
    let score = |of: fn(&SweepScores) -> f64| numbers(&|row| row.scores().map(of));
    let held_out = |of: fn(&SweepFit) -> f64| numbers(&|row| row.scores()?.held_out.as_ref().map(of));
    let seeds = |of: fn(&crate::protocol::SeedScores) -> f64| numbers(&|row| row.scores()?.seeds.as_ref().map(of));
    let variant = |row: &SweepRow| row.params.as_ref().map(|params| params.variant);
    let sparsity = |row: &SweepRow| variant(row).map(|at| Sparsity::of(at).name().to_owned()).unwrap_or_default();
    let reason = |row: &SweepRow| match &row.outcome {
        SweepOutcome::Done(_) => String::new(),
        SweepOutcome::Failed { reason } => reason.clone(),
    };
    Table::new(
        "sweep",
        vec![
            Column::new("run", ColumnValues::U32(rows.iter().map(|row| row.run + 1).collect())),
            Column::new("kind", texts(&|row| row.kind.name().to_owned())),
            Column::new("label", texts(&|row| row.label.clone())),
            Column::new("configuration", numbers(&|row| row.configuration.map(f64::from))),
            Column::new("variant", texts(&|row| variant(row).map(variant_name).unwrap_or_default().to_owned())),
            Column::new("n_features", ColumnValues::U32(rows.iter().map(|row| row.n_features as u32).collect())),
            Column::new("sparsity_by", texts(&sparsity)),
            Column::new("sparsity", numbers(&|row| variant(row).map(Sparsity::value))),
            Column::new("k", numbers(&|row| row.k.map(|k| k as f64))),
            Column::new("learning_rate", setting(|params| params.learning_rate)),
            // As text: not every seed is a number of 53 bits.
            Column::new("seed", texts(&|row| row.params.as_ref().map(|at| at.seed.to_string()).unwrap_or_default())),
            Column::new("secs", score(|scores| scores.secs)),
            Column::new("n_steps", score(|scores| scores.n_steps as f64)),
            Column::new("l0_training", score(|scores| scores.training.l0)),
            Column::new("fvu_training", score(|scores| scores.training.fvu)),
            Column::new("explained_variance_training", score(|scores| scores.training.explained_variance())),
            Column::new("n_held_out", held_out(|fit| fit.n_cells as f64)),
            Column::new("l0_held_out", held_out(|fit| fit.l0)),
            Column::new("fvu_held_out", held_out(|fit| fit.fvu)),
            Column::new("explained_variance_held_out", held_out(SweepFit::explained_variance)),
            Column::new("n_live", score(|scores| scores.n_live as f64)),
            Column::new("dead_share", score(|scores| scores.dead_share)),
            Column::new("n_other_seeds", seeds(|seeds| f64::from(seeds.n_others))),
            Column::new("mcc", seeds(|seeds| seeds.mcc)),
            Column::new("found_again_share", seeds(|seeds| seeds.found_share)),
            Column::new("error", texts(&reason)),
        ],
    )
}
