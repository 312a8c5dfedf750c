//! Opening files: read, joined with what is open, put in place all together or not at all.

use std::rc::Rc;

use super::EngineError;
use super::jobs::RunningJob;
use super::join::join;
use super::load_sae::load_sae;
use super::parts::read_in_parts;
use super::session::Inner;
use crate::io::{ImportOptions, Imported, MemoryLimit, ReadBefore};
use crate::protocol::{Event, FileHandle, IdTrim, Job, RequestId};

/// Share of the job that reads files; the rest is joining and activations.
const READING_SHARE: f64 = 0.8;
/// Share of reading a file that its expression has where it is read in parts.
const PARTS_SHARE: f64 = 0.9;

/// What was asked along with the files.
pub(super) struct Wishes {
    /// The embedding a sparse autoencoder among them shall read.
    pub(super) embedding: Option<String>,
    /// What a person accepted to be left out of cell ids.
    pub(super) trims: Vec<IdTrim>,
    /// The matrix that is the expression.
    pub(super) matrix: Option<String>,
}

/// Opens files.
///
/// # Errors
/// [`EngineError`]; what was open stays as it was.
pub(super) async fn run(
    inner: &Rc<Inner>,
    id: RequestId,
    files: Vec<FileHandle>,
    wishes: Wishes,
) -> Result<(), EngineError> {
    let opened = open(inner, id, &files, wishes).await;
    inner.host.release(&files);
    opened
}

async fn open(inner: &Rc<Inner>, id: RequestId, files: &[FileHandle], wishes: Wishes) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Open, id, &inner.host)?;
    let (runs, imported): (Vec<_>, Vec<_>) = import(inner, &job, files, wishes.matrix.as_deref())
        .await?
        .into_iter()
        .partition(|(_, content)| matches!(content, Imported::TrainingRun(_)));
    let has_run = !runs.is_empty();
    if has_run && imported.is_empty() {
        take_runs(inner, runs).await?;
        drop(job);
        inner.tell_opened_run(id).await;
        return Ok(());
    }
    job.set_share(READING_SHARE, 1.0);
    let brought = Brought::of(&imported, wishes);
    let (opened, sae) = join(inner, &job, imported, &brought).inspect_err(|error| offer(&job, error))?;
    let model = match sae {
        Some(files) => Some(load_sae(inner, &job, &opened.data, &files, &brought).await?),
        None => None,
    };
    let data = Rc::clone(&opened.data);
    take_runs(inner, runs).await?;
    opened.put(inner, &job);
    if let Some(model) = model {
        inner.put_model(model, &job);
    }
    drop(job);
    if has_run {
        inner.tell_opened_run(0).await;
    } else {
        inner.match_checkpoint(&data).await;
    }
    Ok(())
}

/// Says what would make the cell ids agree, where something would.
fn offer(job: &RunningJob, error: &EngineError) {
    if let EngineError::Assemble(error) = error
        && let Some(trim) = error.offer()
    {
        job.emit(Event::IdTrimOffered(trim.clone()));
    }
}

/// Keeps the training run among the files.
async fn take_runs(inner: &Inner, runs: Vec<(String, Imported)>) -> Result<(), EngineError> {
    for (file, content) in runs {
        if inner.training_embedding().is_some() {
            return Err(EngineError::Busy { job: Job::Train });
        }
        if let Imported::TrainingRun(bytes) = content {
            inner.take_run(&file, &bytes).await?;
        }
    }
    Ok(())
}

async fn import(
    inner: &Rc<Inner>,
    job: &RunningJob,
    files: &[FileHandle],
    matrix: Option<&str>,
) -> Result<Vec<(String, Imported)>, EngineError> {
    let options =
        ImportOptions { matrix: matrix.map(str::to_owned), memory: memory_left(inner), ..ImportOptions::default() };
    let total: u64 = files.iter().map(|file| file.size).sum();
    let share = |bytes: u64| READING_SHARE * bytes as f64 / total.max(1) as f64;
    let mut imported = Vec::with_capacity(files.len());
    let mut n_bytes_before = 0;
    for file in files {
        let (start, end) = (share(n_bytes_before), share(n_bytes_before + file.size));
        n_bytes_before += file.size;
        let in_parts = start + PARTS_SHARE * (end - start);
        job.set_share(start, in_parts);
        let source = inner.host.open(file)?;
        let read = read_in_parts(inner, job, file, &source, &options).await?;
        job.set_share(if read.is_some() { in_parts } else { start }, end);
        let options = ImportOptions { read_before: read.map(ReadBefore::from).unwrap_or_default(), ..options.clone() };
        let contents = options.import_all(&file.name, source, job);
        // Reading ends with an error of its own where it was cancelled.
        job.checkpoint().await?;
        imported.extend(contents?);
    }
    Ok(imported)
}

/// The memory there is for expression: what is open stays until the new data are there.
fn memory_left(inner: &Inner) -> Option<MemoryLimit> {
    let bytes = inner.host.memory_limit()?;
    let state = inner.state.borrow();
    let expression = state.data.as_ref().and_then(|data| data.dataset.expression.as_ref());
    Some(MemoryLimit { bytes, taken: expression.map_or(0, |expression| expression.by_gene.n_bytes()) })
}

/// What kinds of files came, and what was asked along with them.
#[expect(clippy::struct_excessive_bools, reason = "one for each kind of file that may come")]
pub(super) struct Brought {
    pub(super) has_expression: bool,
    pub(super) has_gene_sets: bool,
    pub(super) has_labels: bool,
    pub(super) has_sae: bool,
    /// Names of the embeddings in files of their own.
    pub(super) embeddings: Vec<String>,
    /// The embedding a sparse autoencoder shall read.
    pub(super) wish: Option<String>,
    /// What a person accepted to be left out of cell ids.
    pub(super) trims: Vec<IdTrim>,
}

impl Brought {
    fn of(files: &[(String, Imported)], wishes: Wishes) -> Self {
        let any = |is_kind: fn(&Imported) -> bool| files.iter().any(|(_, file)| is_kind(file));
        let embedding_name = |(_, file): &(String, Imported)| match file {
            Imported::Embedding { name, .. } => Some(name.clone()),
            _ => None,
        };
        Self {
            has_expression: any(|file| matches!(file, Imported::AnnData(_) | Imported::CountMatrix(_))),
            has_gene_sets: any(|file| matches!(file, Imported::GeneSets(_) | Imported::Annotations(_))),
            has_labels: any(|file| matches!(file, Imported::Labels(_))),
            has_sae: any(|file| {
                matches!(file, Imported::SaeConfig(_) | Imported::SaeWeights(_) | Imported::SaeMean(_))
            }),
            embeddings: files.iter().filter_map(embedding_name).collect(),
            wish: wishes.embedding,
            trims: wishes.trims,
        }
    }
}
