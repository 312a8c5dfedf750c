//! Opening one file, whatever its kind.

use std::sync::Arc;

use super::csv_embedding::import_csv_embedding;
use super::expression_table::import_csv_expression;
use super::gaf::import_gaf;
use super::gene_set_json::import_gene_set_json;
use super::gene_set_table::import_gene_set_table;
use super::gene_set_yaml::import_gene_set_yaml;
use super::gmt::import_gmt;
use super::gmx::import_gmx;
use super::h5ad::{AnnDataFile, import_h5ad};
use super::labels::{LabelsFile, import_labels};
use super::mtx::import_mtx;
use super::npy::{import_mean, import_npy};
use super::npz::import_npz;
use super::obo::import_obo;
use super::options::ImportOptions;
use super::parquet::{import_parquet_embedding, import_parquet_expression, import_parquet_labels};
use super::reader::read_all;
use super::safetensors::import_safetensors;
use super::sniff::{EmbeddingFormat, ExpressionFormat, FileKind, GeneSetFormat, LabelsFormat, stem};
use super::ten_x_features::Features;
use super::ten_x_tables::{import_barcodes, import_features};
use super::tensor::ArrayContent;
use super::torch::{SaeWeightsFile, import_sae_weights, import_torch};
use super::{ByteSource, ImportError};
use crate::data::{DenseMatrix, GeneAnnotations, GeneSet, Observer, OntologyTerm, PackedMatrix};

/// What one file held.
#[derive(Clone, Debug)]
pub enum Imported {
    /// Cells with expression, labels and embeddings: an AnnData file, or a dense table of expression.
    AnnData(Box<AnnDataFile>),
    /// A count matrix whose rows and columns have no names.
    ///
    /// # Shapes
    /// As the file has it, usually `[n_features, n_cells]`, compressed by row.
    CountMatrix(PackedMatrix),
    /// The ids of a count matrix's cells, `[n_cells]`.
    Barcodes(Vec<String>),
    /// The features of a count matrix, `[n_features]`.
    Features(Features),
    /// One embedding.
    Embedding {
        /// The file's name without its ending.
        name: String,
        /// Cell ids, `[n_rows]`, if the file has them; none twice.
        ids: Option<Vec<String>>,
        /// `[n_rows, n_dims]`
        values: DenseMatrix,
    },
    /// Labels.
    Labels(LabelsFile),
    /// Gene sets.
    GeneSets(Vec<GeneSet>),
    /// The terms of an ontology.
    Ontology(Vec<OntologyTerm>),
    /// Genes annotated to terms of an ontology, which gene sets are made of.
    Annotations(GeneAnnotations),
    /// The bytes of a sparse autoencoder's configuration.
    SaeConfig(Vec<u8>),
    /// The weights of a sparse autoencoder.
    SaeWeights(SaeWeightsFile),
    /// The mean that a sparse autoencoder's inputs were centred by.
    SaeMean(Vec<f32>),
    /// The bytes of a training run that was saved.
    TrainingRun(Vec<u8>),
}

/// Finds out what a file is and reads it. An archive of several files is refused: [`super::import_all`] reads those.
///
/// # Errors
/// An [`ImportError`]; nothing of the file is kept then.
pub fn import(name: &str, source: Arc<dyn ByteSource>, observer: &dyn Observer) -> Result<Imported, ImportError> {
    ImportOptions::default().import(name, source, observer)
}

/// Reads a file as what the caller knows it to be: a table may be labels or an embedding.
///
/// # Errors
/// An [`ImportError`]; nothing of the file is kept then.
pub fn import_as(
    kind: FileKind,
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Imported, ImportError> {
    import_with(kind, name, source, &ImportOptions::default(), observer)
}

/// As [`import_as`], with options.
pub(super) fn import_with(
    kind: FileKind,
    name: &str,
    source: Arc<dyn ByteSource>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<Imported, ImportError> {
    match kind {
        FileKind::AnnData => import_h5ad(name, source, options, observer).map(|file| Imported::AnnData(Box::new(file))),
        FileKind::CountMatrix => import_mtx(name, source, options.memory, observer).map(Imported::CountMatrix),
        FileKind::Expression(format) => match format {
            ExpressionFormat::Csv => import_csv_expression(name, source, observer),
            ExpressionFormat::Parquet => import_parquet_expression(name, source, observer),
        }
        .map(|file| Imported::AnnData(Box::new(file))),
        FileKind::Barcodes => import_barcodes(name, source).map(Imported::Barcodes),
        FileKind::Features => import_features(name, source).map(Imported::Features),
        FileKind::Embedding(format) => {
            let ArrayContent { ids, values } = match format {
                EmbeddingFormat::Csv => import_csv_embedding(name, source, observer),
                EmbeddingFormat::Npy => import_npy(name, &*source, observer),
                EmbeddingFormat::Npz => import_npz(name, source, observer),
                EmbeddingFormat::Parquet => import_parquet_embedding(name, source, observer),
                EmbeddingFormat::Safetensors => import_safetensors(name, &*source, observer),
                EmbeddingFormat::Torch => import_torch(name, source, observer),
            }?;
            Ok(Imported::Embedding { name: stem(name), ids, values })
        }
        FileKind::Labels(LabelsFormat::Csv) => import_labels(name, source, observer).map(Imported::Labels),
        FileKind::Labels(LabelsFormat::Parquet) => import_parquet_labels(name, source, observer).map(Imported::Labels),
        FileKind::GeneSets(format) => match format {
            GeneSetFormat::Gmt => import_gmt(name, source, observer),
            GeneSetFormat::Gmx => import_gmx(name, source, observer),
            GeneSetFormat::Json => import_gene_set_json(name, source, observer),
            GeneSetFormat::Table => import_gene_set_table(name, source, observer),
            GeneSetFormat::Yaml => import_gene_set_yaml(name, source, observer),
        }
        .map(Imported::GeneSets),
        FileKind::Ontology => import_obo(name, source, observer).map(Imported::Ontology),
        FileKind::Annotations => import_gaf(name, source, observer).map(Imported::Annotations),
        FileKind::Bundle => Err(super::sniff::unrecognised(
            name,
            "is an archive of several files",
            "unpack it and open the files that are inside",
        )),
        FileKind::SaeConfig => read_all(name, &*source).map(Imported::SaeConfig),
        FileKind::SaeWeights => import_sae_weights(name, source, observer).map(Imported::SaeWeights),
        FileKind::SaeMean => import_mean(name, &*source, observer).map(Imported::SaeMean),
        FileKind::TrainingRun => read_all(name, &*source).map(Imported::TrainingRun),
    }
}
