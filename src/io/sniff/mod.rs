//! What kind of file it is: by content first, by the name's ending where content can't tell.

mod kinds;
mod names;
mod text;

pub use kinds::{EmbeddingFormat, ExpressionFormat, FileKind, GeneSetFormat, LabelsFormat};
pub(crate) use names::{extension, stem};
use text::sniff_text;

use super::bundle;
use super::error::OPENABLE;
use super::foreign::foreign_archive;
use super::npy::{NPY_MAGIC, is_mean};
use super::npz::is_array;
use super::parquet::{self, PARQUET_MAGIC};
use super::reader::{GZIP_MAGIC, head, inflated_head};
use super::safetensors::Header;
use super::torch::{has_weights, pickle_of};
use super::zip::{ZIP_MAGIC, members_of};
use super::{ByteSource, ImportError};

/// Bytes looked at.
const HEAD: usize = 64 << 10;
const HDF5_MAGIC: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
/// A user block may precede the HDF5 signature, which then stands at one of these places.
const HDF5_STARTS: [usize; 4] = [0, 512, 1024, 2048];

/// The first bytes of a training run that was saved to go on with.
pub const TRAINING_RUN_MAGIC: [u8; 8] = *b"FScopeT1";
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
        return Ok(parquet::kind_of_file(name, source));
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
}
