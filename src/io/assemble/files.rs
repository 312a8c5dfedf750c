//! The files of one drop, by kind.

use super::ten_x::MatrixParts;
use super::{AssembleError, SaeFiles};
use crate::data::{DenseMatrix, GeneSet, OntologyTerm};
use crate::io::{AnnDataFile, Imported, LabelsFile, SaeWeightsFile};

/// An embedding of a file of its own.
pub(super) struct EmbeddingFile {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) ids: Option<Vec<String>>,
    pub(super) values: DenseMatrix,
}

/// The files by kind, each with its name.
#[derive(Default)]
pub(super) struct Files {
    pub(super) anndata: Option<(String, Box<AnnDataFile>)>,
    pub(super) embeddings: Vec<EmbeddingFile>,
    pub(super) labels: Vec<(String, LabelsFile)>,
    pub(super) gene_sets: Vec<(String, Vec<GeneSet>)>,
    /// The terms of the last ontology.
    pub(super) ontology: Vec<OntologyTerm>,
    pub(super) config: Option<(String, Vec<u8>)>,
    pub(super) weights: Option<(String, SaeWeightsFile)>,
    pub(super) mean: Option<(String, Vec<f32>)>,
}

impl Files {
    /// Sorts files by kind.
    pub(super) fn sort(files: Vec<(String, Imported)>) -> Result<Self, AssembleError> {
        let mut sorted = Self::default();
        let mut parts = MatrixParts::default();
        for (file, imported) in files {
            match imported {
                Imported::AnnData(content) => sorted.put_cells(file, content)?,
                Imported::CountMatrix(matrix) => parts.put_matrix(file, matrix)?,
                Imported::Barcodes(barcodes) => parts.put_barcodes(file, barcodes)?,
                Imported::Features(features) => parts.put_features(file, features)?,
                Imported::Embedding { name, ids, values } => {
                    sorted.embeddings.push(EmbeddingFile { file, name, ids, values });
                }
                Imported::Labels(labels) => sorted.labels.push((file, labels)),
                Imported::GeneSets(sets) => sorted.gene_sets.push((file, sets)),
                Imported::Ontology(terms) => sorted.ontology = terms,
                Imported::SaeConfig(bytes) => only_one(&mut sorted.config, "the configuration", file, bytes)?,
                Imported::SaeWeights(weights) => only_one(&mut sorted.weights, "the weights", file, weights)?,
                Imported::SaeMean(values) => only_one(&mut sorted.mean, "the mean", file, values)?,
                // They are no part of the data: the engine keeps the one beside them and makes gene sets of the other.
                Imported::TrainingRun(_) | Imported::Annotations(_) => {}
            }
        }
        if !sorted.embeddings.is_empty() {
            // Without a matrix, barcodes name the rows of an embedding.
            sorted.labels.extend(parts.take_lone_barcodes());
        }
        if let Some((file, content)) = parts.join()? {
            sorted.put_cells(file, Box::new(content))?;
        }
        Ok(sorted)
    }

    fn put_cells(&mut self, file: String, content: Box<AnnDataFile>) -> Result<(), AssembleError> {
        match self.anndata.replace((file.clone(), content)) {
            None => Ok(()),
            Some((first, _)) => Err(AssembleError::SeveralAnnData { first, second: file }),
        }
    }

    /// The sparse autoencoder, whole or not at all.
    pub(super) fn take_sae(&mut self) -> Result<Option<SaeFiles>, AssembleError> {
        let (config, mean) = (self.config.take(), self.mean.take());
        let missing = "weights (.safetensors or .pt)";
        match (self.weights.take(), config, mean) {
            (None, None, None) => Ok(None),
            (None, Some((found, _)), _) | (None, None, Some((found, _))) => {
                Err(AssembleError::HalfSae { found, missing })
            }
            (Some((found, SaeWeightsFile::Safetensors(_))), None, _) => {
                Err(AssembleError::HalfSae { found, missing: "configuration (cfg.json)" })
            }
            (Some((name, weights)), config, mean) => Ok(Some(SaeFiles { name, weights, config, mean })),
        }
    }

    /// Ids for a data set that starts with this many rows: those of the embedding it starts with, else of the labels.
    pub(super) fn ids_to_start(&self, n_rows: usize) -> Option<(&str, &[String])> {
        let first = self.embeddings.first().filter(|embedding| embedding.values.n_rows() == n_rows);
        let own = first.and_then(|embedding| Some((embedding.file.as_str(), embedding.ids.as_deref()?)));
        own.or_else(|| self.ids_for(n_rows))
    }

    /// The first labels file with ids and that many rows.
    pub(super) fn ids_for(&self, n_rows: usize) -> Option<(&str, &[String])> {
        self.labels.iter().find_map(|(file, labels)| {
            let ids = labels.ids.as_deref().filter(|ids| ids.len() == n_rows)?;
            Some((file.as_str(), ids))
        })
    }

    /// How many rows a data set without expression has, and the file it is named after.
    pub(super) fn first_rows(&self) -> Option<(usize, String)> {
        let embedding = self.embeddings.first().map(|embedding| (embedding.values.n_rows(), embedding.file.clone()));
        embedding.or_else(|| self.labels.first().map(|(file, labels)| (labels.n_rows, file.clone())))
    }
}

fn only_one<T>(
    slot: &mut Option<(String, T)>,
    what: &'static str,
    file: String,
    content: T,
) -> Result<(), AssembleError> {
    match slot.replace((file.clone(), content)) {
        None => Ok(()),
        Some((first, _)) => Err(AssembleError::SeveralSae { what, first, second: file }),
    }
}
