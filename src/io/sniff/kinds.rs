//! The kinds of files that can be opened.

/// A kind of file that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An AnnData file or a 10x count matrix: HDF5.
    AnnData,
    /// A count matrix without names: Matrix Market, also gzip.
    CountMatrix,
    /// Expression as a dense table of numbers.
    Expression(ExpressionFormat),
    /// The barcodes of a count matrix, one a line, also gzip.
    Barcodes,
    /// The features of a count matrix, also gzip.
    Features,
    /// An embedding.
    Embedding(EmbeddingFormat),
    /// A table of labels.
    Labels(LabelsFormat),
    /// Gene sets, also gzip.
    GeneSets(GeneSetFormat),
    /// An ontology: OBO, also gzip.
    Ontology,
    /// Annotations of genes: GAF, also gzip.
    Annotations,
    /// A ZIP archive of files.
    Bundle,
    /// The configuration of a sparse autoencoder.
    SaeConfig,
    /// The weights of a sparse autoencoder: safetensors or PyTorch.
    SaeWeights,
    /// The mean that a sparse autoencoder's inputs were centred by: a one-dimensional numpy array.
    SaeMean,
    /// A training run that was saved to go on with.
    TrainingRun,
}

/// The format of an embedding in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingFormat {
    /// A table of numbers: CSV or TSV, also gzip.
    Csv,
    /// A numpy array (`.npy`).
    Npy,
    /// Numpy arrays (`.npz`).
    Npz,
    /// A table of numbers, or with a column of lists of numbers: Parquet.
    Parquet,
    /// Safetensors without the weights of a sparse autoencoder.
    Safetensors,
    /// A PyTorch tensor or dict of tensors (`.pt`, `.pth`).
    Torch,
}

/// The format of a dense table of expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressionFormat {
    /// CSV or TSV, also gzip.
    Csv,
    /// Parquet.
    Parquet,
}

/// The format of gene sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneSetFormat {
    /// One set a line.
    Gmt,
    /// One set a column.
    Gmx,
    /// A dictionary, or MSigDB's JSON.
    Json,
    /// A long CSV or TSV: one row for each gene of a set.
    Table,
    /// A dictionary.
    Yaml,
}

/// The format of a table of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelsFormat {
    /// CSV or TSV, also gzip.
    Csv,
    /// Parquet.
    Parquet,
}
