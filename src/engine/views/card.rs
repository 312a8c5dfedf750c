//! The feature card: everything about one feature.
//!
//! Genes and terms are found for this feature on the spot, by the analysis's parameters; in paper mode they come from
//! the analysis where one has run.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::data::{CellTable, FeatureId, Notice};
use crate::engine::EngineError;
use crate::engine::jobs::TURN_SECS;
use crate::engine::model::Features;
use crate::engine::session::Inner;
use crate::engine::state::OpenData;
use crate::lens::association::{Confounding, StrongestLabel};
use crate::lens::{AssociationRow, BestLabel, CategoryAssociation, CategoryRef, LabelAssociations, LabelIndex};
use crate::protocol::{CardConfounding, FeatureCard, HistogramData, LabelAssociation, TopCell, ViewResult};

use super::findings::Source;
use super::table::{RowSource, label_names};

const N_BINS: usize = 40;
const N_TOP_CELLS: usize = 20;

/// All about one feature.
///
/// # Errors
/// [`EngineError::NoSae`], [`EngineError::UnknownFeature`], [`EngineError::Superseded`].
pub(super) async fn feature_card(
    inner: &Inner,
    data: &OpenData,
    feature: FeatureId,
) -> Result<ViewResult, EngineError> {
    let turns = Turns::begin(inner).await?;
    let (features, analysis) = {
        let state = inner.state.borrow();
        (state.features()?, state.analysis.clone())
    };
    features.check(feature)?;
    let analysis = analysis.as_deref();
    let association =
        LabelAssociations::new(&data.dataset.cells, &features.model.activations, &features.association_params())?;
    let source = RowSource { data, features: &features, analysis };
    let mut card = FeatureCard {
        row: source.row(feature),
        histogram: histogram(&features, feature),
        top_cells: top_cells(&features, data, feature),
        labels: labels(&features, data, feature, &association)?,
        confounding: confounding(&data.dataset.cells, &association.confounding_of(feature)),
        n_positive: 0,
        n_negative: 0,
        n_selected: Vec::new(),
        params: OpenData::card_params(analysis),
        volcano: None,
        genes_up: Vec::new(),
        genes_down: Vec::new(),
        terms: None,
        notices: Vec::new(),
    };
    if data.dataset.expression.is_some() && card.row.n_active > 0 {
        let params = card.params.clone();
        let added = Source { data, features: &features, analysis, params: &params }.add_to(&mut card, &turns).await;
        match added {
            // The rest of the card stands without genes.
            Err(EngineError::Lens(error)) => {
                card.notices.push(Notice::warning(crate::engine::session::sentence(&error.to_string())));
            }
            added => added?,
        }
    }
    Ok(ViewResult::FeatureCard(Box::new(card)))
}

/// The thread, handed back every few hundredths of a second, until a newer card is asked for.
pub(super) struct Turns<'a> {
    inner: &'a Inner,
    card: u32,
    began: Cell<f64>,
}

impl<'a> Turns<'a> {
    /// Lets requests that are waiting be heard first: whoever runs along a list wants the last card alone.
    ///
    /// # Errors
    /// [`EngineError::Superseded`].
    async fn begin(inner: &'a Inner) -> Result<Self, EngineError> {
        let card = inner.newest_card.get().wrapping_add(1);
        inner.newest_card.set(card);
        let turns = Self { inner, card, began: Cell::new(f64::NEG_INFINITY) };
        turns.next().await?;
        Ok(turns)
    }

    /// Hands the thread back if this card has had it for long.
    ///
    /// # Errors
    /// [`EngineError::Superseded`].
    pub(super) async fn next(&self) -> Result<(), EngineError> {
        if self.inner.host.now_secs() - self.began.get() >= TURN_SECS {
            self.inner.host.yield_now().await;
            self.began.set(self.inner.host.now_secs());
        }
        if self.inner.newest_card.get() == self.card { Ok(()) } else { Err(EngineError::Superseded) }
    }
}

fn histogram(features: &Features, feature: FeatureId) -> HistogramData {
    let activations = &features.model.activations;
    let (_, values) = activations.feature(feature);
    let n_zero = (activations.n_cells() - values.len()) as u32;
    let max = values.iter().copied().fold(0.0_f32, f32::max);
    if values.is_empty() {
        return HistogramData { n_zero, ..HistogramData::default() };
    }
    let edges: Vec<f32> = (1..N_BINS).map(|bin| max * bin as f32 / N_BINS as f32).collect();
    let mut counts = vec![0; N_BINS];
    for &value in values {
        counts[edges.partition_point(|&edge| edge <= value)] += 1;
    }
    HistogramData { min: 0.0, max: f64::from(max), counts, n_zero }
}

fn top_cells(features: &Features, data: &OpenData, feature: FeatureId) -> Vec<TopCell> {
    let (cells, values) = features.model.activations.feature(feature);
    let mut ranked: Vec<(u32, f32)> = cells.iter().copied().zip(values.iter().copied()).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let table = &data.dataset.cells;
    let label_of = |row: u32| {
        let columns = table.columns().iter().filter_map(|column| column.categorical());
        columns
            .map(|(codes, categories)| categories.get(codes[row as usize] as usize).cloned().unwrap_or_default())
            .collect()
    };
    let top = ranked.into_iter().take(N_TOP_CELLS);
    top.map(|(row, activation)| TopCell { row, name: table.name_of(row as usize), activation, labels: label_of(row) })
        .collect()
}

/// Every category of the measured columns.
fn labels(
    features: &Features,
    data: &OpenData,
    feature: FeatureId,
    association: &LabelAssociations<'_>,
) -> Result<Vec<LabelAssociation>, EngineError> {
    let cells = &data.dataset.cells;
    let rows: BTreeMap<CategoryRef, AssociationRow> =
        association.of_feature(feature).into_iter().map(|row| (row.label, row)).collect();
    let baselines = features.baselines(cells, data.embedding(&features.model.summary.embedding)?);
    let named = |found: CategoryAssociation| {
        let column = &cells.columns()[found.label.column];
        let (_, categories) = column.categorical()?;
        let baseline = baselines.get(found.label)?;
        let row = rows.get(&found.label)?;
        Some(LabelAssociation {
            column: column.name.clone(),
            category: categories[found.label.category].clone(),
            n_cells: found.n_cells,
            auroc: found.auroc,
            fraction_active: found.fraction_active,
            mean_in: found.mean_in,
            mean_out: found.mean_out,
            f1: row.best_f1.f1,
            threshold: row.best_f1.threshold,
            is_significant: row.is_significant,
            class: row.class,
            baseline_auroc: baseline.auroc,
            baseline_dim: baseline.dim,
        })
    };
    let associations = LabelIndex::new(cells).associations(&features.model.activations, feature);
    Ok(associations.into_iter().filter_map(named).collect())
}

/// The flag in words, if there is one.
fn confounding(cells: &CellTable, found: &Confounding) -> Option<CardConfounding> {
    let named = |StrongestLabel { label, auroc }: StrongestLabel| {
        let (column, category) = label_names(cells, BestLabel { label, auroc });
        (column.to_owned(), category.to_owned(), auroc)
    };
    let is_flagged = found.is_confounded();
    let (nuisance, other) = found.nuisance.zip(found.other).filter(|_| is_flagged)?;
    Some(CardConfounding { nuisance: named(nuisance), other: named(other) })
}
