//! Every live feature against label columns: measured once as a job, kept with the features, looked at as views.
//!
//! The card of a feature measures that feature by itself, by the parameters of the last such job or the defaults.

use std::rc::Rc;

use super::EngineError;
use super::session::Inner;
use crate::data::{CellTable, Notice, Observer};
use crate::lens::association::AssociationTable;
use crate::lens::{LabelAssociations, MIN_BEST_CELLS};
use crate::protocol::{AssociatedColumn, AssociationParams, AssociationSummary, Event, Job, RequestId};

/// What was measured, with its summary.
pub(super) struct Association {
    pub(super) summary: AssociationSummary,
    pub(super) table: AssociationTable,
}

/// Measures; a cancel leaves what was there before.
///
/// # Errors
/// [`EngineError`] without data or a sparse autoencoder, for columns that are not there or can't be measured, without
/// any label column, and where the job was cancelled.
pub(super) async fn run(inner: &Rc<Inner>, id: RequestId, params: AssociationParams) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Associate, id, &inner.host)?;
    let (data, features) = {
        let state = inner.state.borrow();
        (state.data()?, state.features()?)
    };
    let cells = &data.dataset.cells;
    job.progress(0.0, "Counting labels");
    inner.host.yield_now().await;
    let measured = LabelAssociations::new(cells, &features.model.activations, &params)?;
    if measured.labels().is_empty() {
        return Err(EngineError::NoLabels);
    }
    let mut table = AssociationTable::new(measured.labels());
    let live = features.live();
    for (n_done, &feature) in live.iter().enumerate() {
        let message = format!("Measuring features against labels: {n_done} of {}", live.len());
        job.progress(n_done as f64 / live.len() as f64, &message);
        table.append(measured.of_features(feature.0..feature.0 + 1));
        job.checkpoint().await?;
    }
    let summary = summary(params, cells, &measured, &table);
    features.put_association(Association { summary: summary.clone(), table });
    job.emit(Event::Associated(summary));
    Ok(())
}

fn summary(
    params: AssociationParams,
    cells: &CellTable,
    measured: &LabelAssociations<'_>,
    table: &AssociationTable,
) -> AssociationSummary {
    let nuisance = measured.nuisance_columns();
    let columns: Vec<AssociatedColumn> = table
        .labels
        .chunk_by(|a, b| a.label.column == b.label.column)
        .map(|labels| {
            let at = labels[0].label.column;
            let column = &cells.columns()[at];
            let names = column.categorical().map_or(&[][..], |(_, categories)| categories);
            let sizes = labels.iter().map(|label| label.n_cells as usize);
            let categories = names.iter().cloned().zip(sizes).collect();
            AssociatedColumn { name: column.name.clone(), categories, is_nuisance: nuisance.contains(&at) }
        })
        .collect();
    let n_confounded = table.is_confounded.iter().filter(|&&is_confounded| is_confounded).count();
    let notices = notices(&columns);
    AssociationSummary { params, columns, n_features: table.features.len(), n_confounded, notices }
}

/// What can't be found out for want of columns or cells.
fn notices(columns: &[AssociatedColumn]) -> Vec<Notice> {
    let mut notices = Vec::new();
    if columns.iter().all(|column| column.is_nuisance) {
        let text = "Every measured column is a nuisance column, so no feature can be flagged as confounded.";
        notices.push(Notice::info(text));
    }
    let is_small = |(_, n_cells): &&(String, usize)| (1..MIN_BEST_CELLS).contains(n_cells);
    let n_small = columns.iter().flat_map(|column| &column.categories).filter(is_small).count();
    if n_small > 0 {
        let (s, have) = if n_small == 1 { ("y", "has") } else { ("ies", "have") };
        notices.push(Notice::info(format!(
            "{n_small} categor{s} {have} fewer than {MIN_BEST_CELLS} cells and can't be a feature's best label."
        )));
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(is_nuisance: bool, n_cells: usize) -> AssociatedColumn {
        AssociatedColumn { name: "a".into(), categories: vec![("x".into(), n_cells), ("y".into(), 50)], is_nuisance }
    }

    #[test]
    fn what_cannot_be_found_out_is_said() {
        let texts =
            |columns: &[AssociatedColumn]| notices(columns).into_iter().map(|notice| notice.text).collect::<Vec<_>>();
        assert!(texts(&[column(true, 10), column(false, 0)]).is_empty());
        assert!(texts(&[column(false, 50)]).is_empty());
        assert!(texts(&[column(true, 50)])[0].starts_with("Every measured column"));
        assert!(texts(&[column(true, 9), column(false, 50)])[0].starts_with("1 category has fewer than 10"));
    }
}
