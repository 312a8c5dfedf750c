//! A sparse autoencoder from files: which embedding it reads, and its activations.

use std::rc::Rc;

use serde_json::Value;

use super::EngineError;
use super::jobs::RunningJob;
use super::model::{self, Model};
use super::open::Brought;
use super::session::Inner;
use super::state::OpenData;
use crate::io::SaeFiles;
use crate::protocol::SaeOrigin;
use crate::sae::from_saelens;

/// Where the metadata of a SAELens configuration written here name the embedding.
pub(super) const EMBEDDING_FIELD: &str = "featurescope_embedding";

/// Reads the files and computes activations on the embedding they belong to.
///
/// # Errors
/// [`EngineError::SaeLens`], [`EngineError::NoFittingEmbedding`], and as [`model::infer`].
pub(super) async fn load_sae(
    inner: &Rc<Inner>,
    job: &RunningJob,
    data: &OpenData,
    files: &SaeFiles,
    brought: &Brought,
) -> Result<Model, EngineError> {
    let sae = from_saelens(&files.config, &files.weights)?;
    let embedding = embedding_for(sae.d_in(), embedding_named(&files.config).as_deref(), data, brought)?;
    let device = inner.device_without_race();
    let origin = SaeOrigin::Loaded { name: files.name.clone() };
    model::infer(sae, origin, data, &embedding, &device, job).await
}

/// The embedding a configuration names, if it was written here.
fn embedding_named(config: &[u8]) -> Option<String> {
    let config: Value = serde_json::from_slice(config).ok()?;
    config.get("metadata")?.get(EMBEDDING_FIELD)?.as_str().map(str::to_owned)
}

/// Of the embeddings with `d_in` dimensions: the one named, else one opened along, else the default, else the first.
fn embedding_for(d_in: usize, named: Option<&str>, data: &OpenData, brought: &Brought) -> Result<String, EngineError> {
    let infos = &data.summary.embeddings;
    let fitting: Vec<&str> = infos.iter().filter(|info| info.n_dims == d_in).map(|info| info.name.as_str()).collect();
    let default = data.summary.default_embedding.as_deref();
    let preferred = named.into_iter().chain(brought.embeddings.iter().map(String::as_str)).chain(default);
    let found = preferred.chain(fitting.iter().copied()).find(|name| fitting.contains(name));
    found.map(str::to_owned).ok_or_else(|| EngineError::NoFittingEmbedding {
        d_in,
        known: infos.iter().map(|info| format!("{} ({})", info.name, info.n_dims)).collect(),
    })
}
