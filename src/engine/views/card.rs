//! The feature card: everything about one feature.
//!
//! Genes and terms come from the analysis; where none has run, they are computed for this feature on the spot.

use crate::data::{FeatureId, Notice};
use crate::engine::EngineError;
use crate::engine::model::Features;
use crate::engine::state::{OpenData, State};
use crate::enrich::MatchedGeneSets;
use crate::lens::{CategoryAssociation, FeatureAnalysis, GeneResult, LabelIndex, TermResult};
use crate::protocol::{CardGene, CardTerm, FeatureCard, HistogramData, LabelAssociation, TopCell, ViewResult};

use super::table::RowSource;

const N_BINS: usize = 40;
const N_TOP_CELLS: usize = 20;

/// All about one feature.
///
/// # Errors
/// [`EngineError::NoSae`], [`EngineError::UnknownFeature`], [`EngineError::Lens`].
pub(super) fn feature_card(state: &State, data: &OpenData, feature: FeatureId) -> Result<ViewResult, EngineError> {
    let features = state.features()?;
    features.check(feature)?;
    let analysis = state.analysis.as_deref();
    let source = RowSource { data, features: &features, analysis };
    let mut card = FeatureCard {
        row: source.row(feature),
        histogram: histogram(&features, feature),
        top_cells: top_cells(&features, data, feature),
        labels: labels(&features, data, feature)?,
        n_positive: 0,
        n_negative: 0,
        n_selected: 0,
        genes_up: Vec::new(),
        genes_down: Vec::new(),
        terms: None,
        notices: Vec::new(),
    };
    if let Some((analysis, found)) = analysis.and_then(|analysis| Some((analysis, analysis.of(feature)?))) {
        add_findings(&mut card, found, &analysis.sets, data);
    } else if data.dataset.expression.is_some() && card.row.n_active > 0 {
        let params = data.lens_params(analysis);
        let activations = &features.model.activations;
        let done = data.with_lens(&params, |lens| {
            let found = lens.analyse(activations, feature)?;
            add_findings(&mut card, &found, lens.sets(), data);
            card.notices.extend_from_slice(lens.notices());
            card.notices.extend(data.background_notice().cloned());
            Ok(())
        });
        // The rest of the card stands without genes.
        if let Err(EngineError::Lens(error)) = done {
            card.notices.push(Notice::warning(crate::engine::session::sentence(&error.to_string())));
        }
    }
    Ok(ViewResult::FeatureCard(Box::new(card)))
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

fn labels(features: &Features, data: &OpenData, feature: FeatureId) -> Result<Vec<LabelAssociation>, EngineError> {
    let cells = &data.dataset.cells;
    let baselines = features.baselines(cells, data.embedding(&features.model.summary.embedding)?);
    let named = |found: CategoryAssociation| {
        let column = &cells.columns()[found.label.column];
        let (_, categories) = column.categorical()?;
        let baseline = baselines.get(found.label)?;
        Some(LabelAssociation {
            column: column.name.clone(),
            category: categories[found.label.category].clone(),
            n_cells: found.n_cells,
            auroc: found.auroc,
            fraction_active: found.fraction_active,
            mean_in: found.mean_in,
            mean_out: found.mean_out,
            baseline_auroc: baseline.auroc,
            baseline_dim: baseline.dim,
        })
    };
    let associations = LabelIndex::new(cells).associations(&features.model.activations, feature);
    Ok(associations.into_iter().filter_map(named).collect())
}

fn add_findings(card: &mut FeatureCard, found: &FeatureAnalysis, sets: &MatchedGeneSets, data: &OpenData) {
    let gene = |result: &GeneResult| CardGene {
        gene: result.gene,
        name: data.gene_name(result.gene),
        mean_positive: result.mean_positive,
        mean_negative: result.mean_negative,
        fold_change: result.fold_change,
        p_value: result.p_value,
        padj: result.padj,
    };
    card.n_positive = found.n_positive;
    card.n_negative = found.n_negative;
    card.n_selected = found.n_selected;
    card.genes_up = found.genes_up.iter().map(gene).collect();
    card.genes_down = found.genes_down.iter().map(gene).collect();
    if !data.dataset.gene_sets.is_empty() {
        card.terms = Some(found.terms.iter().map(|result| term(result, sets, data)).collect());
    }
}

fn term(result: &TermResult, sets: &MatchedGeneSets, data: &OpenData) -> CardTerm {
    let binomial = &result.over_representation;
    CardTerm {
        name: sets.name(result.set).to_owned(),
        set_size: result.set_size,
        n_hits: binomial.n_hits,
        expected: binomial.expected,
        fold: binomial.fold,
        binomial_p: binomial.p_value(),
        mann_whitney_p: result.mann_whitney.p_value,
        effect_size: result.mann_whitney.effect_size,
        hits: result.hits.iter().map(|&gene| data.gene_name(gene)).collect(),
    }
}
