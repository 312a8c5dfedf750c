//! Answers to what the page wants to look at, from what the engine holds.

mod card;
mod cells;
mod findings;
mod groups;
mod gsea;
mod labels;
mod quality;
mod steer;
mod table;

use std::rc::Rc;

use super::EngineError;
use super::session::Inner;
use crate::protocol::{ViewQuery, ViewResult};

/// Answers a query; a card takes its time for its genes, and steering for its gene decoder.
///
/// # Errors
/// [`EngineError`] where it asks for something that is not there.
pub(super) async fn answer(inner: &Rc<Inner>, query: ViewQuery) -> Result<ViewResult, EngineError> {
    let data = inner.state.borrow().data()?;
    match query {
        ViewQuery::Map(source) => cells::map(&data, source),
        ViewQuery::Color(color) => cells::color(&inner.state.borrow(), &data, color),
        ViewQuery::GeneNames => Ok(ViewResult::GeneNames(data.expression()?.gene_names.clone())),
        ViewQuery::CellNames(rows) => cells::names(&data, &rows),
        ViewQuery::FeatureTable(query) => table::feature_table(&inner.state.borrow(), &data, query),
        ViewQuery::FeatureCard(feature) => card::feature_card(inner, &data, feature).await,
        ViewQuery::Gsea(query) => gsea::table(&inner.state.borrow(), &data, query),
        ViewQuery::GseaCurve { feature, set } => gsea::curve(&inner.state.borrow(), &data, feature, set),
        ViewQuery::LabelMap(query) => labels::map(&inner.state.borrow(), &data, query),
        ViewQuery::LabelTable(query) => labels::table(&inner.state.borrow(), &data, query),
        ViewQuery::Compare(query) => groups::comparison(&inner.state.borrow(), &data, query),
        ViewQuery::Lineage(query) => groups::path(&inner.state.borrow(), &data, query),
        ViewQuery::Quality => quality::quality(inner, &data).await,
        ViewQuery::Steer(params) => steer::steer(inner, params).await,
    }
}
