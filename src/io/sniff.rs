//! What kind of file it is: by content first, by the name's ending where content can't tell.

use super::bundle;
use super::csv_embedding::is_embedding;
use super::error::OPENABLE;
use super::foreign::{failed_download, foreign_archive, foreign_kind};
use super::gaf::GAF_START;
use super::mtx::MTX_MAGIC;
use super::npy::{NPY_MAGIC, is_mean};
use super::npz::is_array;
use super::parquet::{self, PARQUET_MAGIC};
use super::reader::{GZIP_MAGIC, head, inflated_head};
use super::safetensors::Header;
use super::torch::{has_weights, pickle_of};
use super::zip::{ZIP_MAGIC, members_of};
use super::{ByteSource, ImportError};
use super::{gene_set_json, gene_set_table, ten_x_tables};

/// Bytes looked at.
const HEAD: usize = 64 << 10;
/// Fields that only the configuration of a sparse autoencoder has: SAELens and sparsify, dictionary_learning, bio-sae.
const SAE_FIELDS: [&str; 5] = ["\"d_in\"", "\"d_sae\"", "\"dict_class\"", "\"activation_dim\"", "\"d_model\""];
const HDF5_MAGIC: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
/// A user block may precede the HDF5 signature, which then stands at one of these places.
const HDF5_STARTS: [usize; 4] = [0, 512, 1024, 2048];

/// The first bytes of a training run that was saved to go on with.
pub const TRAINING_RUN_MAGIC: [u8; 8] = *b"FScopeT1";

/// A kind of file that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An AnnData file or a 10x count matrix: HDF5.
    AnnData,
    /// A count matrix without names: Matrix Market, also gzip.
    CountMatrix,
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

/// Finds out what a file is.
///
/// # Errors
/// [`ImportError::Unrecognised`] if it is none of [`FileKind`], saying what it is; [`ImportError::Empty`],
/// [`ImportError::Read`], [`ImportError::Gzip`] where it can't be looked at.
pub fn sniff(name: &str, source: &dyn ByteSource) -> Result<FileKind, ImportError> {
    let start = head(name, source, HEAD)?;
    if start.is_empty() {
        return Err(ImportError::Empty { file: name.to_owned() });
    }
    if start.starts_with(&GZIP_MAGIC) {
        return sniff_gzip(name, &start);
    }
    if start.starts_with(&ZIP_MAGIC) {
        return sniff_zip(name, source);
    }
    if start.starts_with(&PARQUET_MAGIC) {
        let is_embedding = parquet::is_embedding(name, source);
        let (embedding, labels) = (EmbeddingFormat::Parquet, LabelsFormat::Parquet);
        return Ok(if is_embedding { FileKind::Embedding(embedding) } else { FileKind::Labels(labels) });
    }
    match binary_kind(&start, source.size()) {
        Some(FileKind::Embedding(EmbeddingFormat::Npy)) if is_mean(name, source) => Ok(FileKind::SaeMean),
        Some(FileKind::SaeWeights) => Ok(sniff_safetensors(name, source)),
        Some(kind) => Ok(kind),
        None => sniff_text(name, &start),
    }
}

/// The kind of a binary file, by its first bytes.
fn binary_kind(start: &[u8], size: u64) -> Option<FileKind> {
    if start.starts_with(&TRAINING_RUN_MAGIC) {
        return Some(FileKind::TrainingRun);
    }
    let has_hdf5_at = |at: usize| start.get(at..).is_some_and(|rest| rest.starts_with(&HDF5_MAGIC));
    if HDF5_STARTS.into_iter().any(has_hdf5_at) {
        Some(FileKind::AnnData)
    } else if start.starts_with(&NPY_MAGIC) {
        Some(FileKind::Embedding(EmbeddingFormat::Npy))
    } else if is_safetensors(start, size) {
        Some(FileKind::SaeWeights)
    } else {
        None
    }
}

/// Safetensors: a little-endian header length that fits the file, then JSON.
fn is_safetensors(start: &[u8], size: u64) -> bool {
    let Some((length, rest)) = start.split_first_chunk::<8>() else {
        return false;
    };
    let length = u64::from_le_bytes(*length);
    rest.first() == Some(&b'{') && length >= 2 && size.checked_sub(8).is_some_and(|left| length <= left)
}

/// Safetensors, by the names of its tensors; what can't be read is left to the reader of weights.
fn sniff_safetensors(name: &str, source: &dyn ByteSource) -> FileKind {
    match Header::read(name, source) {
        Ok(header) if header.has_matrix() && !header.is_sae() => FileKind::Embedding(EmbeddingFormat::Safetensors),
        _ => FileKind::SaeWeights,
    }
}

/// A ZIP archive, by the names of its members.
fn sniff_zip(name: &str, source: &dyn ByteSource) -> Result<FileKind, ImportError> {
    let members = members_of(name, source)?;
    if pickle_of(&members).is_some() {
        let is_sae = has_weights(name, source, &members);
        return Ok(if is_sae { FileKind::SaeWeights } else { FileKind::Embedding(EmbeddingFormat::Torch) });
    }
    let (n_files, n_arrays) =
        (bundle::files(&members).count(), members.iter().filter(|member| is_array(member)).count());
    let is_bundle = extension(name) == "zip" || n_arrays < n_files;
    if n_arrays > 0 && (extension(name) == "npz" || !is_bundle) {
        return Ok(FileKind::Embedding(EmbeddingFormat::Npz));
    }
    match foreign_archive(&members) {
        Some((found, hint)) => Err(unrecognised(name, found, hint)),
        None if n_files > 0 => Ok(FileKind::Bundle),
        None => {
            Err(unrecognised(name, "is a ZIP archive without a file", "pack the files again, or open them unpacked"))
        }
    }
}

fn sniff_gzip(name: &str, start: &[u8]) -> Result<FileKind, ImportError> {
    let inner = inflated_head(name, start, HEAD)?;
    if inner.starts_with(&GZIP_MAGIC) {
        let hint = "decompress it once (gunzip, 7-Zip or a double click) and open the result";
        return Err(unrecognised(name, "is compressed twice (gzip inside gzip)", hint));
    }
    let refuse = |found: &str| {
        Err(unrecognised(name, &format!("is {found} inside gzip"), "decompress it first (gunzip) and open the result"))
    };
    match binary_kind(&inner, u64::MAX) {
        Some(FileKind::AnnData) => refuse("an HDF5 file"),
        Some(FileKind::Embedding(EmbeddingFormat::Npy)) => refuse("a numpy array"),
        Some(FileKind::TrainingRun) => refuse("a training run"),
        Some(_) => refuse("a safetensors file"),
        None => sniff_text(name.strip_suffix(".gz").unwrap_or(name), &inner).map_err(|error| match error {
            ImportError::Unrecognised { found, hint, .. } => {
                ImportError::Unrecognised { file: name.to_owned(), found: format!("{found} (inside gzip)"), hint }
            }
            other => other,
        }),
    }
}

fn sniff_text(name: &str, start: &[u8]) -> Result<FileKind, ImportError> {
    if start.starts_with(MTX_MAGIC) {
        return Ok(FileKind::CountMatrix);
    }
    if let Some((found, hint)) = foreign_kind(start) {
        return Err(unrecognised(name, found, hint));
    }
    if start.contains(&0) {
        return Err(unknown(name, "is a binary file of unknown kind", "check that it is the file you meant"));
    }
    let text = String::from_utf8_lossy(start);
    let first = text.trim_start_matches('\u{feff}').trim_start();
    if let Some((found, hint)) = failed_download(first) {
        return Err(unrecognised(name, &format!("{found}{}", instead_of(name)), hint));
    }
    if first.starts_with("format-version:") {
        return Ok(FileKind::Ontology);
    }
    if first.starts_with(GAF_START) {
        return Ok(FileKind::Annotations);
    }
    if first.starts_with('{') {
        return if SAE_FIELDS.iter().any(|field| text.contains(field)) {
            Ok(FileKind::SaeConfig)
        } else if gene_set_json::is_gene_sets(first) {
            Ok(FileKind::GeneSets(GeneSetFormat::Json))
        } else {
            let found = "is JSON without \"d_in\", \"d_sae\" and \"dict_class\", so not the configuration of a sparse \
                         autoencoder, and without lists of genes";
            Err(unknown(name, found, "choose the cfg.json or config.json beside the weights, or gene sets"))
        };
    }
    if let Some(kind) = ten_x_tables::kind_of(name, first) {
        return Ok(kind);
    }
    match extension(name).as_str() {
        "gmt" => Ok(FileKind::GeneSets(GeneSetFormat::Gmt)),
        "obo" => Ok(FileKind::Ontology),
        "gaf" => Ok(FileKind::Annotations),
        "yaml" | "yml" => Ok(FileKind::GeneSets(GeneSetFormat::Yaml)),
        "gmx" => Ok(FileKind::GeneSets(GeneSetFormat::Gmx)),
        "csv" | "tsv" | "txt" | "tab" => Ok(table_kind(start)),
        "h5ad" | "h5" | "npy" | "npz" | "parquet" | "pt" | "pth" | "safetensors" => {
            let hint = "it may not have been downloaded completely, so download it again";
            Err(unrecognised(name, &format!("is{}", instead_of(name).trim_start_matches(',')), hint))
        }
        "" => Err(unknown(name, "is text of unknown meaning", "give it an ending that says what it is")),
        other => {
            let found = format!("is text with the ending .{other}");
            Err(unknown(name, &found, "if it is a table, save it as .csv or .tsv"))
        }
    }
}

/// What a table is, by its first rows.
fn table_kind(start: &[u8]) -> FileKind {
    if gene_set_table::is_gene_sets(start) {
        FileKind::GeneSets(GeneSetFormat::Table)
    } else if is_embedding(start, start.len() < HEAD) {
        FileKind::Embedding(EmbeddingFormat::Csv)
    } else {
        FileKind::Labels(LabelsFormat::Csv)
    }
}

/// What the file should be by its name.
fn instead_of(name: &str) -> &'static str {
    match extension(name.strip_suffix(".gz").unwrap_or(name)).as_str() {
        "h5ad" | "h5" => ", not HDF5",
        "npy" => ", not a numpy array",
        "npz" => ", not a ZIP archive of numpy arrays",
        "parquet" => ", not Parquet",
        "pt" | "pth" => ", not a PyTorch file",
        "safetensors" => ", not safetensors",
        "csv" | "tsv" | "txt" | "tab" => ", not a table",
        "gmt" | "gmx" => ", not gene sets",
        _ => "",
    }
}

/// The last ending, lower case, without its dot.
pub(crate) fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// The file's name without folders and without the endings of the formats opened here, whatever their case.
pub(crate) fn stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut stem = base;
    for ending in [
        ".gz",
        ".h5ad",
        ".h5",
        ".npy",
        ".npz",
        ".pt",
        ".pth",
        ".safetensors",
        ".parquet",
        ".csv",
        ".tsv",
        ".txt",
        ".gmt",
        ".gmx",
        ".yaml",
        ".yml",
        ".json",
        ".mtx",
    ] {
        stem = without_ending(stem, ending).unwrap_or(stem);
    }
    if stem.is_empty() { base.to_owned() } else { stem.to_owned() }
}

fn without_ending<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (stem, found) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    found.eq_ignore_ascii_case(ending).then_some(stem)
}

/// A kind of file that nothing is known of: here a person needs to hear what can be opened.
fn unknown(name: &str, found: &str, hint: &str) -> ImportError {
    unrecognised(name, found, &format!("{hint}. FeatureScope opens {OPENABLE}"))
}

/// A kind of file that is known and can't be opened, with the way on.
pub(crate) fn unrecognised(name: &str, found: &str, hint: &str) -> ImportError {
    ImportError::Unrecognised { file: name.to_owned(), found: found.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::MemorySource;
    use crate::io::reader::tests::gzip;
    use crate::io::torch::LEGACY_MAGIC;

    fn kind(name: &str, bytes: &[u8]) -> Result<FileKind, ImportError> {
        sniff(name, &MemorySource(bytes.to_vec()))
    }

    #[test]
    fn gene_sets_are_told_from_labels_by_their_header_and_from_json_by_their_lists() {
        let sets = |name, bytes: &[u8]| match kind(name, bytes).unwrap() {
            FileKind::GeneSets(format) => format,
            other => panic!("{other:?}"),
        };
        assert_eq!(sets("a.csv", b"\"source\",\"target\"\nS,G\n"), GeneSetFormat::Table);
        assert_eq!(sets("a.gmx", b"A\tB\n"), GeneSetFormat::Gmx);
        assert_eq!(sets("a.json.gz", &gzip(b"{\"A\": [\"G\"]}")), GeneSetFormat::Json);
    }

    #[test]
    fn content_wins_over_the_name() {
        assert_eq!(kind("wrong.csv", b"\x89HDF\r\n\x1a\nrest").unwrap(), FileKind::AnnData);
        assert_eq!(kind("wrong.h5ad", b"\x93NUMPY\x01\0").unwrap(), FileKind::Embedding(EmbeddingFormat::Npy));
        assert_eq!(kind("x.json", b"{\"d_in\": 3, \"d_sae\": 9}").unwrap(), FileKind::SaeConfig);
        assert_eq!(kind("model.bin", b"\x02\0\0\0\0\0\0\0{}").unwrap(), FileKind::SaeWeights);
        assert_eq!(kind("run.bin", b"FScopeT1 and more").unwrap(), FileKind::TrainingRun);
    }

    #[test]
    fn an_hdf5_user_block_is_stepped_over() {
        let mut bytes = vec![0; 512];
        bytes.extend(HDF5_MAGIC);
        assert_eq!(kind("a.h5ad", &bytes).unwrap(), FileKind::AnnData);
    }

    #[test]
    fn text_is_told_by_its_ending_also_inside_gzip() {
        assert_eq!(kind("a.csv", b"cell,type\n").unwrap(), FileKind::Labels(LabelsFormat::Csv));
        assert_eq!(kind("a.TSV.gz", &gzip(b"cell\ttype\n")).unwrap(), FileKind::Labels(LabelsFormat::Csv));
        assert_eq!(
            kind("h.all.v2023.symbols.gmt.gz", &gzip(b"S\tD\tG\n")).unwrap(),
            FileKind::GeneSets(GeneSetFormat::Gmt)
        );
    }

    #[test]
    fn what_can_t_be_opened_is_named_with_the_way_on() {
        for (name, bytes, expected) in [
            ("x.pt", &LEGACY_MAGIC[..], "before PyTorch 1.6"),
            ("x.csv", b"\xff\xfea\0,\0", "UTF-16"),
            ("x_series_matrix.txt", b"!Series_title\t\"PBMC\"\n", "supplementary files"),
            ("x.h5ad", b"<!DOCTYPE html><html>Sign in", "is a web page, not HDF5"),
            ("x.csv", b" <html><body>404", "is a web page, not a table"),
            ("x.npy", b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of git LFS, not a numpy array"),
            ("w.safetensors", b"not found", "is not safetensors"),
        ] {
            let message = kind(name, bytes).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains(name), "{message}");
        }
        for (name, bytes, expected) in [
            ("x.json", &b"{\"a\": 1}"[..], "JSON without"),
            ("x.md", b"# title", "ending .md"),
            ("x.bin", b"\0\x01\x02", "binary"),
        ] {
            let message = kind(name, bytes).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("opens AnnData (.h5ad)"), "{message}");
        }
        assert!(matches!(kind("x.csv", b""), Err(ImportError::Empty { .. })));
        let message = kind("x.h5ad.gz", &gzip(b"\x89HDF\r\n\x1a\nrest")).unwrap_err().to_string();
        assert!(message.contains("gunzip"), "{message}");
    }

    #[test]
    fn stems_lose_known_endings_only() {
        assert_eq!(stem("dir/kang.scvi.npy"), "kang.scvi");
        assert_eq!(stem("h.all.v2023.gmt.gz"), "h.all.v2023");
        assert_eq!(stem(".npy"), ".npy");
    }

    #[test]
    fn stems_lose_endings_of_any_case() {
        assert_eq!(stem("EMB.NPY"), "EMB");
        assert_eq!(stem("latent.csv.npy"), "latent");
        assert_eq!(stem("µ"), "µ");
    }
}
