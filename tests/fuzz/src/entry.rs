//! What is done with the bytes of each target, and what must hold then.
//!
//! Whatever the bytes are: no panic, and an answer that can be used. An error names the file, and it and every warning
//! is short and without control characters, so that a person can read it and the page can show it. What was read fits
//! together: as many ids, labels and rows as cells, codes within their categories, names within their limits.

use std::sync::{Arc, OnceLock};

use featurescope::data::{
    Dataset, DenseMatrix, GeneAnnotation, GeneSet, LabelColumn, LabelValues, MISSING_CODE, MatrixChoice, Observer,
    Silent,
};
use featurescope::io::{
    AnnDataFile, EmbeddingFormat, ExpressionFormat, FileKind, GeneSetFormat, ImportError, ImportOptions, Imported,
    LabelsFile, LabelsFormat, MemorySource, PartReader, SaeWeightsFile, Share, assemble, import, import_all, import_as,
};
use featurescope::sae::{MeanFile, NamedTensors, WeightFiles, read_weights};

use super::envelope::with_checksums;

/// A message of more bytes is no sentence.
const MAX_MESSAGE: usize = 4000;
/// More warnings about one file are not read by anyone.
const MAX_WARNINGS: usize = 200;
/// Matrices of one file that are asked for beside the first.
const MAX_MATRICES: usize = 3;
/// Names under which text is opened.
const NAMES: [&str; 15] = [
    "file.csv",
    "file.tsv",
    "barcodes.tsv",
    "features.tsv",
    "matrix.mtx",
    "file.gmt",
    "file.gmx",
    "file.json",
    "file.yaml",
    "file.obo",
    "file.gaf",
    "file.txt",
    "file.h5ad",
    "file.zip",
    "file",
];

const SMALL_H5AD: &[u8] = include_bytes!("../../fixtures/engine/small.h5ad");
/// Configurations of each library, opened with whatever weights there are.
const CONFIGS: [&[u8]; 4] = [
    include_bytes!("../../fixtures/sae/formats/read/saelens_jumprelu/cfg.json"),
    include_bytes!("../../fixtures/sae/formats/read/saelens_gated/cfg.json"),
    include_bytes!("../../fixtures/sae/formats/read/sparsify_topk/cfg.json"),
    include_bytes!("../../fixtures/sae/formats/read/dictionary_gated/config.json"),
];
/// Weights opened with whatever configuration there is.
const WEIGHTS: [&[u8]; 2] = [
    include_bytes!("../../fixtures/sae/formats/read/saelens_jumprelu/sae_weights.safetensors"),
    include_bytes!("../../fixtures/sae/formats/read/sparsify_topk/sae.safetensors"),
];

/// A target's name and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 5] =
    [("hdf5", hdf5), ("arrays", arrays), ("parquet", parquet), ("text", text), ("any", any)];

/// AnnData and 10x matrices, as they are and with their checksums put right, with each matrix they offer.
pub fn hdf5(bytes: &[u8]) {
    with_every_matrix(bytes);
    let repaired = with_checksums(bytes.to_vec(), wrong_checksum);
    if repaired != bytes {
        with_every_matrix(&repaired);
    }
}

fn with_every_matrix(bytes: &[u8]) {
    let name = "cells.h5ad";
    for number in 0..2 {
        if let Err(error) = read_part(name, bytes, number) {
            check_error(name, &error);
        }
    }
    let Some(Imported::AnnData(file)) = opened(FileKind::AnnData, name, bytes) else { return };
    for matrix in file.matrices.iter().flat_map(MatrixChoice::others).take(MAX_MATRICES) {
        let options = ImportOptions { matrix: Some(matrix.to_owned()), ..ImportOptions::default() };
        match options.import(name, Arc::new(MemorySource(bytes.to_vec())), &Listener::default()) {
            Ok(imported) => check_imported(name, &imported),
            Err(error) => check_error(name, &error),
        }
    }
}

/// Reads a share of the expression without the rest of the file.
fn read_part(name: &str, bytes: &[u8], number: usize) -> Result<(), ImportError> {
    let source = Arc::new(MemorySource(bytes.to_vec()));
    let share = Share { number, of: 2 };
    let Some(mut part) = PartReader::open(name, source, &ImportOptions::default(), share)? else { return Ok(()) };
    while part.step(&Silent)? {}
    part.finish().map(drop)
}

/// Whether a file of that name is read.
pub fn opens(name: &str, bytes: &[u8]) -> bool {
    checked_import(name, bytes).is_some()
}

/// The checksum that an HDF5 file has and the one that it should have, where the first that is read is wrong.
fn wrong_checksum(bytes: &[u8]) -> Option<(u32, u32)> {
    let listener = Complaints::default();
    let source = Arc::new(MemorySource(bytes.to_vec()));
    let end = import_as(FileKind::AnnData, "cells.h5ad", source, &listener).err().map(|error| error.to_string());
    let mut all = listener.0.into_inner();
    all.extend(end);
    let number = |text: &str| u32::from_str_radix(text.get(..8)?, 16).ok();
    all.iter().find_map(|text| {
        let (_, rest) = text.split_once("checksum mismatch: expected 0x")?;
        Some((number(rest)?, number(rest.split_once("computed 0x")?.1)?))
    })
}

/// Numpy, safetensors, PyTorch, and the weights and configurations of sparse autoencoders.
pub fn arrays(bytes: &[u8]) {
    use EmbeddingFormat::{Npy, Npz, Safetensors, Torch};
    match bytes.first() {
        Some(b'P') => {
            opened(FileKind::Embedding(Npz), "latent.npz", bytes);
            opened(FileKind::Embedding(Torch), "latent.pt", bytes);
            opened(FileKind::SaeWeights, "sae.pt", bytes);
        }
        Some(b'{') => WEIGHTS.iter().for_each(|weights| {
            let weights = SaeWeightsFile::Safetensors(weights.to_vec());
            understand("sae.safetensors", &weights, Some(bytes), None);
        }),
        Some(0x93) => {
            opened(FileKind::Embedding(Npy), "latent.npy", bytes);
            opened(FileKind::SaeMean, "mean.npy", bytes);
        }
        _ => {
            opened(FileKind::Embedding(Safetensors), "latent.safetensors", bytes);
            opened(FileKind::SaeWeights, "sae.safetensors", bytes);
        }
    }
}

/// Parquet.
pub fn parquet(bytes: &[u8]) {
    opened(FileKind::Embedding(EmbeddingFormat::Parquet), "latent.parquet", bytes);
    opened(FileKind::Labels(LabelsFormat::Parquet), "labels.parquet", bytes);
    opened(FileKind::Expression(ExpressionFormat::Parquet), "counts.parquet", bytes);
    checked_import("table.parquet", bytes);
}

/// Tables, gene sets, ontologies and their annotations, sparse matrices: everything that is text.
pub fn text(bytes: &[u8]) {
    opened(FileKind::Embedding(EmbeddingFormat::Csv), "latent.csv", bytes);
    opened(FileKind::Labels(LabelsFormat::Csv), "labels.csv", bytes);
    opened(FileKind::Expression(ExpressionFormat::Csv), "counts.csv", bytes);
    opened(FileKind::GeneSets(GeneSetFormat::Gmt), "sets.gmt", bytes);
    opened(FileKind::GeneSets(GeneSetFormat::Gmx), "sets.gmx", bytes);
    opened(FileKind::GeneSets(GeneSetFormat::Json), "sets.json", bytes);
    opened(FileKind::GeneSets(GeneSetFormat::Table), "sets.csv", bytes);
    opened(FileKind::GeneSets(GeneSetFormat::Yaml), "sets.yaml", bytes);
    opened(FileKind::Ontology, "terms.obo", bytes);
    opened(FileKind::Annotations, "terms.gaf", bytes);
    opened(FileKind::CountMatrix, "matrix.mtx", bytes);
    opened(FileKind::Barcodes, "barcodes.tsv", bytes);
    opened(FileKind::Features, "features.tsv", bytes);
}

/// Any file under any name, an archive as the files inside, joined with a data set that is open.
pub fn any(bytes: &[u8]) {
    // Binary files are told by their content.
    let is_text = bytes.first().is_some_and(|first| (b'\t'..=b'~').contains(first)) && !bytes.contains(&0);
    for name in &NAMES[..if is_text { NAMES.len() } else { 1 }] {
        if let Some(files) = checked_import(name, bytes) {
            joined(files);
        }
    }
}

fn opened(kind: FileKind, name: &str, bytes: &[u8]) -> Option<Imported> {
    match import_as(kind, name, Arc::new(MemorySource(bytes.to_vec())), &Listener::default()) {
        Ok(imported) => {
            check_imported(name, &imported);
            Some(imported)
        }
        Err(error) => {
            check_error(name, &error);
            None
        }
    }
}

fn checked_import(name: &str, bytes: &[u8]) -> Option<Vec<(String, Imported)>> {
    match import_all(name, Arc::new(MemorySource(bytes.to_vec())), &Listener::default()) {
        Ok(files) => {
            assert!(!files.is_empty(), "files inside");
            for (name, imported) in &files {
                check_imported(name, imported);
            }
            Some(files)
        }
        Err(error) => {
            check_error(name, &error);
            None
        }
    }
}

fn joined(files: Vec<(String, Imported)>) {
    static OPEN: OnceLock<Dataset> = OnceLock::new();
    let open = OPEN.get_or_init(|| {
        let small = import("small.h5ad", Arc::new(MemorySource(SMALL_H5AD.to_vec())), &Listener::default());
        let small = small.unwrap_or_else(|error| panic!("{error}"));
        let joined = assemble(None, vec![("small.h5ad".to_owned(), small)], &Listener::default());
        joined.unwrap_or_else(|failure| panic!("{failure}")).dataset
    });
    for current in [Some(open.clone()), None] {
        match assemble(current.clone(), files.clone(), &Listener::default()) {
            Ok(assembled) => {
                check_cells(&assembled.dataset);
                assembled.notices.iter().for_each(|notice| check_message(&notice.text));
            }
            Err(failure) => {
                check_message(&failure.to_string());
                assert!(failure.current == current, "what was open is given back");
            }
        }
    }
}

fn check_cells(data: &Dataset) {
    let n_cells = data.cells.n_cells();
    assert!(data.cells.ids().is_none_or(|ids| ids.len() == n_cells));
    data.cells.columns().iter().for_each(|column| check_column(column, n_cells));
    data.embeddings.iter().for_each(|embedding| check_matrix(&embedding.values, Some(n_cells)));
    assert!(data.expression.as_ref().is_none_or(|expression| expression.n_cells() == n_cells));
}

fn check_error(name: &str, error: &ImportError) {
    let message = error.to_string();
    check_message(&message);
    assert!(message.contains(name), "the error names the file: {message}");
}

fn check_imported(name: &str, imported: &Imported) {
    match imported {
        Imported::AnnData(file) => check_anndata(file),
        Imported::Embedding { ids, values, .. } => {
            check_matrix(values, ids.as_ref().map(Vec::len));
        }
        Imported::Labels(labels) => check_labels(labels),
        Imported::GeneSets(sets) => check_sets(sets),
        Imported::Annotations(annotations) => {
            let is_known = |row: &GeneAnnotation| {
                (row.gene as usize) < annotations.genes.len()
                    && (row.term as usize) < annotations.terms.len()
                    && (row.evidence as usize) < annotations.evidence.len()
            };
            assert!(
                !annotations.rows.is_empty() && annotations.rows.iter().all(is_known),
                "annotations of known things"
            );
        }
        Imported::CountMatrix(matrix) => matrix.for_each_row(|_, row| {
            let is_inside = |&index: &u32| (index as usize) < matrix.n_minor();
            assert!(row.indices.iter().all(is_inside) && row.values.iter().all(|value| value.is_finite()));
        }),
        Imported::Barcodes(barcodes) => assert!(!barcodes.is_empty()),
        Imported::Features(features) => {
            assert!(!features.ids.is_empty() && features.names.len() == features.ids.len());
            assert!(features.kinds.is_empty() || features.kinds.len() == features.ids.len());
        }
        Imported::Ontology(terms) => assert!(!terms.is_empty() && terms.iter().all(|term| !term.id.is_empty())),
        Imported::SaeConfig(config) => {
            understand(name, &SaeWeightsFile::Safetensors(WEIGHTS[0].to_vec()), Some(config), None);
        }
        Imported::SaeWeights(weights) => {
            understand(name, weights, None, None);
            for config in CONFIGS {
                understand(name, weights, Some(config), None);
            }
        }
        Imported::SaeMean(mean) => {
            understand(name, &SaeWeightsFile::Safetensors(WEIGHTS[1].to_vec()), None, Some(mean));
        }
        Imported::TrainingRun(_) => {}
    }
}

fn check_anndata(file: &AnnDataFile) {
    assert!(file.n_cells > 0, "cells");
    assert!(file.cell_ids.as_ref().is_none_or(|ids| ids.len() == file.n_cells), "an id a cell");
    file.columns.iter().for_each(|column| check_column(column, file.n_cells));
    file.embeddings.iter().for_each(|(_, values)| check_matrix(values, Some(file.n_cells)));
    file.notices.iter().for_each(|notice| check_message(&notice.text));
    if let Some(expression) = &file.expression {
        assert_eq!((expression.n_cells(), expression.n_genes()), (file.n_cells, expression.gene_names.len()));
        assert!(expression.not_finite.is_none(), "values are finite");
        assert!(expression.cell_totals().len() == file.n_cells);
        assert!(expression.library_sizes.as_ref().is_none_or(|sizes| sizes.len() == file.n_cells));
    }
}

fn check_labels(labels: &LabelsFile) {
    assert!(labels.n_rows > 0 && (labels.ids.is_some() || !labels.columns.is_empty()), "rows with something in them");
    assert!(labels.ids.as_ref().is_none_or(|ids| ids.len() == labels.n_rows), "an id a row");
    labels.columns.iter().for_each(|column| check_column(column, labels.n_rows));
}

fn check_sets(sets: &[GeneSet]) {
    let names: std::collections::BTreeSet<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names.len(), sets.len(), "names differ");
    assert!(!sets.is_empty() && sets.iter().all(|set| !set.genes.is_empty()), "sets have genes");
}

fn check_column(column: &LabelColumn, n_rows: usize) {
    assert_eq!(column.len(), n_rows, "column {:?}", column.name);
    if let LabelValues::Categorical { codes, categories } = &column.values {
        let is_known = |&code: &u32| code == MISSING_CODE || (code as usize) < categories.len();
        assert!(codes.iter().all(is_known), "codes of {:?}", column.name);
    }
}

fn check_matrix(values: &DenseMatrix, n_rows: Option<usize>) {
    assert!(n_rows.is_none_or(|n_rows| values.n_rows() == n_rows), "a row an id");
    assert!(values.n_rows() > 0 && values.n_cols() > 0, "an embedding has numbers");
    assert_eq!(values.values().len(), values.n_rows() * values.n_cols());
}

/// Takes weights, a configuration and a mean as an autoencoder.
fn understand(name: &str, weights: &SaeWeightsFile, config: Option<&[u8]>, mean: Option<&[f32]>) {
    let weights = match weights {
        SaeWeightsFile::Safetensors(bytes) => NamedTensors::from_safetensors(name, bytes),
        SaeWeightsFile::Torch { tensors, settings } => {
            let mut named = NamedTensors::new(name);
            for (name, tensor) in tensors {
                named.insert(name, tensor.shape.clone(), tensor.values.clone());
            }
            for (name, value) in settings {
                named.set(name, value.clone());
            }
            Ok(named)
        }
    };
    let config = config.map(|bytes| ("cfg.json".to_owned(), bytes.to_vec()));
    let mean = mean.map(|values| MeanFile { name: "mean.npy".to_owned(), values: values.to_vec() });
    match weights.and_then(|weights| read_weights(WeightFiles { weights, config, mean })) {
        Ok(loaded) => assert!(loaded.sae.n_features() > 0, "features"),
        Err(error) => check_message(&error.to_string()),
    }
}

fn check_message(text: &str) {
    assert!(
        text.len() <= MAX_MESSAGE,
        "a message of {} bytes: {}…",
        text.len(),
        text.chars().take(300).collect::<String>()
    );
    assert!(!text.contains(char::is_control), "a message with control characters: {text:?}");
}

/// Hears what a reader says while it reads.
#[derive(Default)]
struct Listener {
    n_warnings: std::cell::Cell<usize>,
}

impl Observer for Listener {
    fn progress(&self, fraction: f64, _message: &str) {
        assert!((0.0..=1.0).contains(&fraction), "progress {fraction}");
    }

    fn warn(&self, message: &str) {
        check_message(message);
        self.n_warnings.set(self.n_warnings.get() + 1);
        assert!(self.n_warnings.get() <= MAX_WARNINGS, "more than {MAX_WARNINGS} warnings about one file");
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Keeps what a reader says.
#[derive(Default)]
struct Complaints(std::cell::RefCell<Vec<String>>);

impl Observer for Complaints {
    fn progress(&self, _fraction: f64, _message: &str) {}

    fn warn(&self, message: &str) {
        self.0.borrow_mut().push(message.to_owned());
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
