//! What the engine holds between requests.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::EngineError;
use super::analysis::Analysis;
use super::checkpoint::Facts;
use super::decoder::PendingDecoder;
use super::gsea::FeatureGsea;
use super::model::Features;
use super::sweep::Sweep;
use crate::data::{Dataset, DenseMatrix, Embedding, Expression, FeatureId, GeneId, Notice, ValueKind};
use crate::enrich::{Ontology, Relations, TermGrouper};
use crate::lens::sound::{Normaliser, ShardPlan};
use crate::lens::{ExpressionValues, Lens, background_notice};
use crate::protocol::{AnalysisParams, DatasetSummary};
use crate::sae::device::ChosenDevice;
use crate::stats::Pca;

/// A plan of sound mode and what a person should know of it.
pub(super) type SoundPlan = (Rc<ShardPlan>, Vec<Notice>);

/// Everything that is open and everything made of it.
#[derive(Default)]
pub(super) struct State {
    /// The data, if any.
    pub(super) data: Option<Rc<OpenData>>,
    /// The sparse autoencoder on these data, if any.
    pub(super) features: Option<Rc<Features>>,
    /// What the last analysis of these features found.
    pub(super) analysis: Option<Rc<Analysis>>,
    /// What GSEA found since the analysis.
    pub(super) gsea: BTreeMap<FeatureId, Rc<FeatureGsea>>,
    /// The last sweep over an embedding of these data.
    pub(super) sweep: Option<Sweep>,
    /// The device in use, once one was needed or asked for.
    pub(super) device: Option<ChosenDevice>,
    /// The training run in storage, and whether it is of the open data.
    pub(super) checkpoint: Option<(Facts, bool)>,
    /// Number of the newest checkpoint.
    pub(super) checkpoint_number: u64,
}

impl State {
    /// # Errors
    /// [`EngineError::NothingOpen`].
    pub(super) fn data(&self) -> Result<Rc<OpenData>, EngineError> {
        self.data.clone().ok_or(EngineError::NothingOpen)
    }

    /// # Errors
    /// [`EngineError::NoSae`].
    pub(super) fn features(&self) -> Result<Rc<Features>, EngineError> {
        self.features.clone().ok_or(EngineError::NoSae)
    }
}

/// Groups of gene sets: the Gene Ontology's generic slim, or where no term is marked for it, terms of a level.
pub(super) fn grouper(ontology: &Ontology) -> TermGrouper<'_> {
    const SLIM: &str = "goslim_generic";
    const LEVEL: u32 = 2;
    TermGrouper::new(ontology, SLIM, LEVEL)
}

/// The open data and what is kept of computing on them.
pub(super) struct OpenData {
    pub(super) dataset: Dataset,
    pub(super) summary: DatasetSummary,
    /// Rises with every new data set; files that join one do not change it.
    pub(super) generation: u32,
    maps: RefCell<BTreeMap<String, Rc<PrincipalMap>>>,
    pub(super) decoders: RefCell<BTreeMap<String, PendingDecoder>>,
    /// The last lens used and its parameters.
    pub(super) lens: RefCell<Option<(AnalysisParams, Lens)>>,
    /// The last plan of sound mode and its parameters.
    pub(super) plan: RefCell<Option<(AnalysisParams, SoundPlan)>>,
    normaliser: OnceCell<Rc<Normaliser>>,
    background_notice: OnceCell<Option<Notice>>,
    ontology: OnceCell<Option<Ontology>>,
}

impl OpenData {
    pub(super) fn new(dataset: Dataset, summary: DatasetSummary, generation: u32) -> Self {
        let (maps, decoders, lens, plan, normaliser, background_notice, ontology) = Default::default();
        Self { dataset, summary, generation, maps, decoders, lens, plan, normaliser, background_notice, ontology }
    }

    /// # Errors
    /// [`EngineError::UnknownEmbedding`].
    pub(super) fn embedding(&self, name: &str) -> Result<&Embedding, EngineError> {
        self.dataset.embedding(name).ok_or_else(|| EngineError::UnknownEmbedding {
            name: name.to_owned(),
            known: self.dataset.embeddings.iter().map(|embedding| embedding.name.clone()).collect(),
            left_out: self.left_out(name),
        })
    }

    /// What was said when the file's embedding of that name was left out.
    fn left_out(&self, name: &str) -> Option<String> {
        let beginning = format!("obsm/{name} was left out");
        let texts = self.summary.notices.iter().map(|notice| &notice.text);
        texts.into_iter().find(|text| text.starts_with(&beginning)).cloned()
    }

    /// # Errors
    /// [`EngineError::NoExpression`].
    pub(super) fn expression(&self) -> Result<&Expression, EngineError> {
        self.dataset.expression.as_ref().ok_or(EngineError::NoExpression)
    }

    /// What makes expression fit to look at and to decode: counts are scaled to 10,000 a cell, then ln(1 + x); other
    /// values stay as they are.
    ///
    /// # Errors
    /// [`EngineError::NoExpression`], [`EngineError::Lens`] for values that are not finite.
    pub(super) fn normaliser(&self) -> Result<Rc<Normaliser>, EngineError> {
        let expression = self.expression()?;
        if let Some(known) = self.normaliser.get() {
            return Ok(Rc::clone(known));
        }
        let is_scaled = expression.kind == ValueKind::Scaled;
        let values = if is_scaled { ExpressionValues::Raw } else { ExpressionValues::LogNormalized };
        let made = Rc::new(Normaliser::new(expression, values)?);
        Ok(Rc::clone(self.normaliser.get_or_init(|| made)))
    }

    /// What to know of the background that features are compared with, found once.
    pub(super) fn background_notice(&self) -> Option<&Notice> {
        self.background_notice.get_or_init(|| background_notice(&self.dataset.cells)).as_ref()
    }

    /// The ontology, if one is open; it was found to make sense when it was opened.
    pub(super) fn ontology(&self) -> Option<&Ontology> {
        let made = || {
            let terms = Some(&self.dataset.ontology).filter(|terms| !terms.is_empty())?;
            Ontology::new(terms, Relations::default()).ok().map(|(ontology, _)| ontology)
        };
        self.ontology.get_or_init(made).as_ref()
    }

    /// A gene's name; empty where there is none.
    pub(super) fn gene_name(&self, gene: GeneId) -> String {
        let names = self.dataset.expression.as_ref().map(|expression| &expression.gene_names);
        names.and_then(|names| names.get(gene.index())).cloned().unwrap_or_default()
    }

    /// The first two principal components of an embedding, fitted on all cells once.
    ///
    /// # Errors
    /// [`EngineError::UnknownEmbedding`], [`EngineError::Pca`].
    pub(super) fn principal_map(&self, name: &str) -> Result<Rc<PrincipalMap>, EngineError> {
        if let Some(map) = self.maps.borrow().get(name) {
            return Ok(Rc::clone(map));
        }
        let values = &self.embedding(name)?.values;
        let pca = Pca::fit(values, 2)?;
        let map = Rc::new(PrincipalMap { coordinates: pca.project(values), pca });
        self.maps.borrow_mut().insert(name.to_owned(), Rc::clone(&map));
        Ok(map)
    }
}

/// Two principal components of an embedding.
pub(super) struct PrincipalMap {
    pub(super) pca: Pca,
    /// All cells, `[n_cells, 2]`.
    pub(super) coordinates: DenseMatrix,
}
