//! A sparse autoencoder from files: which embedding it reads, and its activations.

use std::rc::Rc;

use serde_json::Value;

use super::EngineError;
use super::jobs::RunningJob;
use super::model::{self, Model};
use super::open::Brought;
use super::session::Inner;
use super::state::OpenData;
use crate::data::Notice;
use crate::io::{SaeFiles, SaeWeightsFile};
use crate::protocol::{Job, RequestId, SaeOrigin};
use crate::sae::{CONFIG_FILE, LoadedSae, MeanFile, NamedTensors, Sae, WeightFiles, WeightsError, read_weights};

/// Where the metadata of a SAELens configuration written here name the embedding.
pub(super) const EMBEDDING_FIELD: &str = "featurescope_embedding";

/// Reads the files and computes activations on the embedding they belong to.
///
/// # Errors
/// [`EngineError::Weights`], [`EngineError::UnknownEmbedding`], [`EngineError::NoFittingEmbedding`], and as
/// [`model::infer`].
pub(super) async fn load_sae(
    inner: &Rc<Inner>,
    job: &RunningJob,
    data: &OpenData,
    files: &SaeFiles,
    brought: &Brought,
) -> Result<Model, EngineError> {
    let LoadedSae { sae, caveat, .. } = read_weights(weight_files(files)?)?;
    let named = files.config.as_ref().and_then(|(_, config)| embedding_named(config));
    let embedding = embedding_for(sae.d_in(), named.as_deref(), data, brought)?;
    let device = inner.device_without_race();
    let origin = SaeOrigin::Loaded { name: files.name.clone() };
    let mut model = model::infer(sae, origin, data, &embedding, &device, job).await?;
    let other = named.filter(|named| *named != embedding);
    model.summary.notices.extend(other.map(|named| stand_in(&named, &embedding)));
    model.summary.notices.extend(caveat.map(Notice::warning));
    Ok(model)
}

/// The files as tensors by name, which the formats are told by.
///
/// # Errors
/// [`WeightsError::Damaged`].
fn weight_files(files: &SaeFiles) -> Result<WeightFiles, WeightsError> {
    let weights = match &files.weights {
        SaeWeightsFile::Safetensors(bytes) => NamedTensors::from_safetensors(&files.name, bytes)?,
        SaeWeightsFile::Torch { tensors, settings } => {
            let mut named = NamedTensors::new(&files.name);
            for (name, tensor) in tensors {
                named.insert(name, tensor.shape.clone(), tensor.values.clone());
            }
            for (name, value) in settings {
                named.set(name, value.clone());
            }
            named
        }
    };
    let mean = files.mean.clone().map(|(name, values)| MeanFile { name, values });
    Ok(WeightFiles { weights, config: files.config.clone(), mean })
}

/// Takes the columns of an embedding as features.
///
/// # Errors
/// [`EngineError::UnknownEmbedding`], [`EngineError::Sae`], and as [`model::infer`].
pub(super) async fn use_columns(inner: &Rc<Inner>, id: RequestId, embedding: &str) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Train, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    let sae = Sae::identity(data.embedding(embedding)?.values.n_cols())?;
    let device = inner.device_without_race();
    let model = model::infer(sae, SaeOrigin::Columns, &data, embedding, &device, &job).await?;
    inner.put_model(model, &job);
    Ok(())
}

fn stand_in(named: &str, embedding: &str) -> Notice {
    Notice::warning(format!(
        "{CONFIG_FILE} says these weights read {named:?}, and no such embedding of their size is open; they read \
         {embedding:?} in its place. Check that it holds the same values."
    ))
}

/// The embedding a configuration names, if it was written here.
fn embedding_named(config: &[u8]) -> Option<String> {
    let config: Value = serde_json::from_slice(config).ok()?;
    config.get("metadata")?.get(EMBEDDING_FIELD)?.as_str().map(str::to_owned)
}

/// Of the embeddings with `d_in` dimensions: the one named, else the one asked for, else one opened along, else the
/// default, else the first.
fn embedding_for(d_in: usize, named: Option<&str>, data: &OpenData, brought: &Brought) -> Result<String, EngineError> {
    if let Some(wish) = &brought.wish {
        data.embedding(wish)?;
    }
    let infos = &data.summary.embeddings;
    let fitting: Vec<&str> = infos.iter().filter(|info| info.n_dims == d_in).map(|info| info.name.as_str()).collect();
    let default = data.summary.default_embedding.as_deref();
    let asked_or_brought = brought.wish.iter().chain(&brought.embeddings).map(String::as_str);
    let preferred = named.into_iter().chain(asked_or_brought).chain(default);
    let found = preferred.chain(fitting.iter().copied()).find(|name| fitting.contains(name));
    found.map(str::to_owned).ok_or_else(|| EngineError::NoFittingEmbedding {
        d_in,
        known: infos.iter().map(|info| format!("{} ({})", info.name, info.n_dims)).collect(),
    })
}
