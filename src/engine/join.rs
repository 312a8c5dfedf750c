//! Joining files with what is open, and what of the old stays.

use std::rc::Rc;

use super::EngineError;
use super::analysis::Analysis;
use super::jobs::RunningJob;
use super::model::Features;
use super::open::Brought;
use super::session::Inner;
use super::state::{OpenData, grouper};
use super::summary::{empty_expression, summarize};
use crate::data::Notice;
use crate::enrich::{GroupedBy, Ontology, Relations};
use crate::io::{self, Assembled, Imported, SaeFiles};
use crate::protocol::{Event, Job};

/// The joined data, not yet in place, and what of the old stays.
pub(super) struct Opened {
    pub(super) data: Rc<OpenData>,
    /// The model, where the embedding it reads is the same.
    features: Option<Rc<Features>>,
    /// What was found, where the model and the gene sets are the same.
    analysis: Option<Rc<Analysis>>,
    /// Jobs that work on what is gone.
    outdated: Vec<Job>,
}

/// Joins the files with what is open.
///
/// # Errors
/// [`EngineError::SaeWithoutData`], [`EngineError::Assemble`]; what was open is open.
pub(super) fn join(
    inner: &Inner,
    job: &RunningJob,
    mut files: Vec<(String, Imported)>,
    brought: &Brought,
) -> Result<(Opened, Option<SaeFiles>), EngineError> {
    let (n_cells_open, generation) = match &inner.state.borrow().data {
        Some(data) => (data.dataset.cells.n_cells(), data.generation),
        None => (0, 0),
    };
    let is_new = brought.has_expression || n_cells_open == 0;
    let grouping = check_ontology(&files)?;
    let annotated = make_sets(inner, &mut files)?;
    let Assembled { dataset, notices: joined, sae } = assemble(inner, job, files, brought)?;
    if sae.is_some() && dataset.cells.n_cells() == 0 {
        return Err(EngineError::SaeWithoutData);
    }
    let mut notices = job.take_notices();
    notices.extend(joined);
    notices.extend(grouping);
    notices.extend(annotated);
    if brought.has_expression {
        notices.extend(dataset.expression.as_ref().and_then(empty_expression));
    }
    let (features, analysis, outdated) = what_stays(inner, is_new, brought, &mut notices);
    let summary = summarize(&dataset, notices);
    let data = Rc::new(OpenData::new(dataset, summary, generation + u32::from(is_new)));
    Ok((Opened { data, features, analysis, outdated }, sae))
}

/// What an ontology among the files is good for, and what is wrong with it.
///
/// # Errors
/// [`EngineError::Ontology`].
fn check_ontology(files: &[(String, Imported)]) -> Result<Vec<Notice>, EngineError> {
    let terms = files.iter().rev().find_map(|(_, file)| match file {
        Imported::Ontology(terms) => Some(terms),
        _ => None,
    });
    let Some(terms) = terms else { return Ok(Vec::new()) };
    let (ontology, mut notices) = Ontology::new(terms, Relations::default())?;
    let groups = match grouper(&ontology).by() {
        GroupedBy::Subset(name) => format!("its subset {name}"),
        GroupedBy::Level(level) => format!("its terms {level} steps below the top"),
    };
    let n = ontology.len();
    notices.push(Notice::info(format!("The ontology has {n} terms; gene sets on a card are grouped by {groups}.")));
    Ok(notices)
}

/// Puts the gene sets of annotations in their place, by the ontology among the files or the open one.
///
/// # Errors
/// [`EngineError::AnnotationsAlone`], [`EngineError::Ontology`].
fn make_sets(inner: &Inner, files: &mut [(String, Imported)]) -> Result<Vec<Notice>, EngineError> {
    let Some((first, _)) = files.iter().find(|(_, file)| matches!(file, Imported::Annotations(_))) else {
        return Ok(Vec::new());
    };
    let among_files = files.iter().rev().find_map(|(_, file)| match file {
        Imported::Ontology(terms) => Some(terms.clone()),
        _ => None,
    });
    let open = || inner.state.borrow().data.as_ref().map(|data| data.dataset.ontology.clone());
    let terms = among_files.or_else(open).filter(|terms| !terms.is_empty());
    let Some(terms) = terms else { return Err(EngineError::AnnotationsAlone { file: first.clone() }) };
    let (ontology, _) = Ontology::new(&terms, Relations::default())?;
    let mut notices = Vec::new();
    for (name, file) in files {
        if let Imported::Annotations(annotations) = file {
            let annotated = ontology.annotated(&terms, annotations);
            notices.push(annotated.notice(name));
            *file = Imported::GeneSets(annotated.sets);
        }
    }
    Ok(notices)
}

/// Joins with the data set that is open: itself where nothing else holds it, for expression is large; else a copy.
fn assemble(
    inner: &Inner,
    job: &RunningJob,
    files: Vec<(String, Imported)>,
    brought: &Brought,
) -> Result<Assembled, EngineError> {
    let open = inner.state.borrow_mut().data.take();
    let owned = match open.map(Rc::try_unwrap) {
        // A sparse autoencoder may still turn out not to fit.
        Some(Ok(owned)) if !brought.has_sae => owned,
        shared => {
            let shared = shared.map(|open| open.map_or_else(|shared| shared, Rc::new));
            let copy = shared.as_ref().map(|data| data.dataset.clone());
            inner.state.borrow_mut().data = shared;
            return io::assemble_trimmed(copy, files, &brought.trims, job).map_err(|failure| failure.error.into());
        }
    };
    let OpenData { dataset, summary, generation, .. } = owned;
    io::assemble_trimmed(Some(dataset), files, &brought.trims, job).map_err(|failure| {
        let restored = OpenData::new(failure.current.unwrap_or_default(), summary, generation);
        inner.state.borrow_mut().data = Some(Rc::new(restored));
        failure.error.into()
    })
}

type Stays = (Option<Rc<Features>>, Option<Rc<Analysis>>, Vec<Job>);

fn what_stays(inner: &Inner, is_new: bool, brought: &Brought, notices: &mut Vec<Notice>) -> Stays {
    if is_new {
        return (None, None, vec![Job::Train, Job::Sweep, Job::Analyse, Job::Gsea, Job::Associate, Job::Export]);
    }
    let state = inner.state.borrow();
    let is_replaced = |embedding: &String| brought.embeddings.contains(embedding);
    let features = state.features.as_ref().map(|features| Rc::clone(&features.model));
    let (features, gone): (Vec<_>, Vec<_>) =
        features.into_iter().partition(|model| !is_replaced(&model.summary.embedding));
    // What is measured against labels stays with the features, which are made anew below.
    let mut outdated = vec![Job::Associate];
    if inner.training_embedding().as_ref().is_some_and(is_replaced) {
        outdated.push(Job::Train);
    }
    if state.sweep.as_ref().is_some_and(|sweep| is_replaced(&sweep.summary.embedding)) {
        outdated.push(Job::Sweep);
        notices.push(Notice::info("The embedding was replaced, so the runs swept over it are gone."));
    }
    if !gone.is_empty() {
        notices.push(Notice::info("The embedding was replaced, so its sparse autoencoder is gone; train again."));
    }
    let matches_labels = |analysis: &Rc<Analysis>| analysis.summary.params.matches_labels();
    let is_unmatched = brought.has_labels && state.analysis.as_ref().is_some_and(matches_labels);
    if brought.has_gene_sets || is_unmatched || !gone.is_empty() {
        outdated.extend([Job::Analyse, Job::Gsea]);
    }
    let analysis = state.analysis.clone().filter(|_| !outdated.contains(&Job::Analyse));
    if state.analysis.is_some() && analysis.is_none() && gone.is_empty() {
        let what = if brought.has_gene_sets { "gene sets" } else { "labels that cells were matched by" };
        notices.push(Notice::info(format!("The {what} changed; analyse the features again to use them.")));
    }
    // The labels may have changed, so what is kept of them is left behind.
    let features = features.into_iter().next().map(|model| Rc::new(Features::new(model)));
    (features, analysis, outdated)
}

impl Opened {
    /// Puts the data in place and says what is open now, and what of the old still stands.
    pub(super) fn put(self, inner: &Inner, job: &RunningJob) {
        inner.abandon(&self.outdated);
        job.emit(Event::DatasetOpened(self.data.summary.clone()));
        if let Some(features) = &self.features {
            job.emit(Event::SaeReady(features.model.summary.clone()));
        }
        if let Some(analysis) = &self.analysis {
            job.emit(Event::Analysed(analysis.summary.clone()));
        }
        let mut state = inner.state.borrow_mut();
        if self.outdated.contains(&Job::Sweep) {
            state.sweep = None;
        }
        if let Some(sweep) = &state.sweep {
            let summary = sweep.summary.clone();
            job.emit(if sweep.is_running { Event::SweepSoFar(summary) } else { Event::Swept(summary) });
        }
        if self.outdated.contains(&Job::Gsea) {
            state.gsea.clear();
        }
        state.data = Some(self.data);
        state.features = self.features;
        state.analysis = self.analysis;
    }
}
