//! The feature table: search, sort, page.
//!
//! Values that do not exist (NaN, no label, no analysis) come last in either direction; equals come by feature id.

use std::cmp::Ordering;

use crate::data::{CellTable, FeatureId};
use crate::engine::EngineError;
use crate::engine::analysis::Analysis;
use crate::engine::model::Features;
use crate::engine::state::{OpenData, State};
use crate::lens::BestLabel;
use crate::protocol::{FeatureRow, FeatureSort, TableQuery, ViewResult};

/// Genes named in a row.
const N_TOP_GENES: usize = 5;

/// What rows are made of.
pub(super) struct RowSource<'a> {
    pub(super) data: &'a OpenData,
    pub(super) features: &'a Features,
    pub(super) analysis: Option<&'a Analysis>,
}

/// A page of the table.
///
/// # Errors
/// [`EngineError::NoSae`].
pub(super) fn feature_table(state: &State, data: &OpenData, query: TableQuery) -> Result<ViewResult, EngineError> {
    let features = state.features()?;
    let source = RowSource { data, features: &features, analysis: state.analysis.as_deref() };
    let search = Search::new(&query.search);
    let mut found: Vec<(Option<f64>, FeatureId)> = features
        .model
        .statistics
        .iter()
        .filter(|row| query.include_dead || row.is_live())
        .filter(|row| search.matches(&source, row.feature))
        .map(|row| (source.sort_key(row.feature, query.sort), row.feature))
        .collect();
    found.sort_by(|a, b| ordering(*a, *b, query.descending));
    let n_rows = found.len();
    let page = found.into_iter().skip(query.offset).take(query.limit);
    let rows = page.map(|(_, feature)| source.row(feature)).collect();
    Ok(ViewResult::FeatureTable { query, n_rows, rows })
}

fn ordering(a: (Option<f64>, FeatureId), b: (Option<f64>, FeatureId), descending: bool) -> Ordering {
    let keys = match (a.0, b.0) {
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    };
    keys.then(a.1.cmp(&b.1))
}

impl RowSource<'_> {
    fn sort_key(&self, feature: FeatureId, sort: FeatureSort) -> Option<f64> {
        let row = &self.features.model.statistics[feature.index()];
        let key = match sort {
            FeatureSort::Id => f64::from(feature.0),
            FeatureSort::NActive => row.n_active as f64,
            FeatureSort::MeanActive => row.mean_active,
            FeatureSort::Max => row.max,
            FeatureSort::BestAuroc => self.best_label(feature)?.auroc,
            FeatureSort::NTerms => self.analysis?.terms(feature)?.len() as f64,
            FeatureSort::Stability => self.features.found_again(feature)?.mean_cosine,
            FeatureSort::BestTerm => self.analysis?.best_ln_p_value(feature)?,
        };
        (!key.is_nan()).then_some(key)
    }

    fn best_label(&self, feature: FeatureId) -> Option<BestLabel> {
        self.features.best_labels(&self.data.dataset.cells)[feature.index()]
    }

    /// The table's row of a feature.
    pub(super) fn row(&self, feature: FeatureId) -> FeatureRow {
        let row = &self.features.model.statistics[feature.index()];
        let best = self.best_label(feature);
        FeatureRow {
            feature,
            n_active: row.n_active,
            density: row.density,
            mean_active: row.mean_active,
            sd_active: row.sd_active,
            max: row.max,
            best_label: best.map(|best| {
                let (column, category) = label_names(&self.data.dataset.cells, best);
                (column.to_owned(), category.to_owned(), best.auroc)
            }),
            top_genes: self.genes(feature).take(N_TOP_GENES).map(str::to_owned).collect(),
            n_terms: self.analysis.and_then(|analysis| analysis.terms(feature)).map(|terms| terms.len()),
            top_term: self.terms(feature).next().map(str::to_owned),
            found_again: self.features.found_again(feature),
        }
    }

    /// Names of a feature's genes above their background, best first.
    fn genes(&self, feature: FeatureId) -> impl Iterator<Item = &str> {
        let names = self.data.dataset.expression.as_ref().map_or(&[][..], |expression| &expression.gene_names);
        let genes = self.analysis.and_then(|analysis| analysis.genes_up(feature)).unwrap_or_default();
        genes.into_iter().map(|gene| names[gene.index()].as_str())
    }

    /// Names of a feature's kept terms, best first.
    fn terms(&self, feature: FeatureId) -> impl Iterator<Item = &str> {
        let found = self.analysis.and_then(|analysis| Some((analysis, analysis.terms(feature)?)));
        found.into_iter().flat_map(|(analysis, terms)| terms.into_iter().map(|set| analysis.sets.name(set)))
    }
}

/// The names of a label's column and category.
pub(super) fn label_names(cells: &CellTable, best: BestLabel) -> (&str, &str) {
    let column = &cells.columns()[best.label.column];
    let category = column.categorical().map_or("", |(_, categories)| categories[best.label.category].as_str());
    (&column.name, category)
}

/// What a person typed into the search field, matched without regard to case.
struct Search {
    text: String,
    feature: Option<u32>,
}

impl Search {
    fn new(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let number = text.trim_start_matches("feature").trim_start_matches(['#', ' ']);
        Self { feature: number.parse().ok(), text }
    }

    /// Whether the text is empty, the feature's number, the start of one of its genes, or part of its label or of
    /// one of its terms.
    fn matches(&self, source: &RowSource<'_>, feature: FeatureId) -> bool {
        if self.text.is_empty() || self.feature == Some(feature.0) {
            return true;
        }
        let contains = |text: &str| text.to_lowercase().contains(&self.text);
        let cells = &source.data.dataset.cells;
        if source.best_label(feature).is_some_and(|best| contains(label_names(cells, best).1)) {
            return true;
        }
        source.terms(feature).any(contains)
            || source.genes(feature).any(|gene| gene.to_lowercase().starts_with(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_comes_last_either_way() {
        let mut rows = [(None, FeatureId(0)), (Some(1.0), FeatureId(1)), (Some(2.0), FeatureId(2))];
        rows.sort_by(|a, b| ordering(*a, *b, true));
        assert_eq!(rows.map(|row| row.1.0), [2, 1, 0]);
        rows.sort_by(|a, b| ordering(*a, *b, false));
        assert_eq!(rows.map(|row| row.1.0), [1, 2, 0]);
    }

    #[test]
    fn a_feature_is_found_by_its_number() {
        assert_eq!(Search::new(" #12 ").feature, Some(12));
        assert_eq!(Search::new("Feature 12").feature, Some(12));
        assert_eq!(Search::new("IFIT1").feature, None);
    }
}
