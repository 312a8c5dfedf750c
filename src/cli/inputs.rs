//! The files a run reads: each is there and of the kind its option is for.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::{EmbeddingSource, RunOptions};
use super::error::CliError;
use crate::io::{FileKind, ImportError, sniff, stem};
use crate::platform::Host;
use crate::platform::native::NativeHost;
use crate::protocol::FileHandle;
use crate::sae::{CONFIG_FILE, WEIGHTS_FILE};

/// What a folder of weights is.
const FOLDER: &str = "the folder needs cfg.json and sae_weights.safetensors as sae-lens writes them, or the files of sparsify, \
     dictionary_learning, scFeatureLens or bio-sae";
/// Endings of files a folder of weights may be made of.
/// Files taken from one folder; one with more is probably the wrong one.
const MAX_FILES: usize = 64;
const ENDINGS: [&str; 5] = ["json", "safetensors", "pt", "pth", "npy"];

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Expression,
    Embedding,
    Labels,
    GeneSets,
    Weights,
    Run,
}

/// Opens the files of a run.
///
/// # Errors
/// [`CliError::Input`] for a file that is not there, [`CliError::Refused`] for one of another kind.
pub(super) fn input_files(host: &NativeHost, options: &RunOptions) -> Result<Vec<FileHandle>, CliError> {
    let mut files = Vec::new();
    for (role, path) in inputs(options) {
        files.extend(role.open_all(path, host)?);
    }
    if let Some(path) = options.weights() {
        files.extend(weight_files(path, host)?);
    }
    Ok(files)
}

/// All files of a folder that are known, but for those of a sparse autoencoder or a run, which have options of their own.
///
/// # Errors
/// [`CliError::Refused`] if there is none, too many, or one that can't be read.
fn folder_files(option: &str, folder: &Path, host: &NativeHost) -> Result<Vec<FileHandle>, CliError> {
    let refused = |text: String| CliError::Refused(format!("{option}: {text}"));
    let failed = |error: std::io::Error| refused(format!("the folder {} can't be read: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    paths.retain(|path| path.is_file() && !is_hidden(path));
    paths.sort();
    if paths.len() > MAX_FILES {
        let (n, folder) = (paths.len(), folder.display());
        return Err(refused(format!(
            "the folder {folder} has {n} files, more than {MAX_FILES}; name those to be read"
        )));
    }
    let mut files = Vec::new();
    for path in paths {
        let file = host.add_path(&path).map_err(failed)?;
        let source = host.open(&file).map_err(|error| refused(error.to_string()))?;
        match sniff(&file.name, &*source) {
            Ok(kind) if matches!(Role::of(kind), Some(Role::Weights | Role::Run)) => {}
            Ok(_) => files.push(file),
            Err(ImportError::Unrecognised { .. }) => {}
            Err(error) => return Err(refused(error.to_string())),
        }
    }
    if files.is_empty() {
        return Err(refused(format!("the folder {} has no file that can be opened", folder.display())));
    }
    Ok(files)
}

/// The files of `--weights`: a file itself, SAELens' two, or whatever in the folder is of a sparse autoencoder.
fn weight_files(path: &Path, host: &NativeHost) -> Result<Vec<FileHandle>, CliError> {
    let named = [CONFIG_FILE, WEIGHTS_FILE].map(|file| path.join(file));
    if path.is_file() {
        return Ok(vec![Role::Weights.open(path.to_owned(), host)?]);
    }
    if named.iter().all(|path| path.is_file()) {
        return named.into_iter().map(|path| Role::Weights.open(path, host)).collect();
    }
    let mut files = Vec::new();
    for path in paths_in(path)? {
        match Role::Weights.open(path.clone(), host) {
            Ok(file) => files.push(file),
            Err(error) if is_of_weights(&path) => return Err(error),
            Err(_) => {}
        }
    }
    if files.is_empty() {
        let text = format!("--weights: {} holds no weights of a sparse autoencoder; {FOLDER}", path.display());
        return Err(CliError::Refused(text));
    }
    Ok(files)
}

/// Whether a file that can't be read as part of a sparse autoencoder is a mistake; other files are passed over.
fn is_of_weights(path: &Path) -> bool {
    let is_config = path.file_name().is_some_and(|name| name == CONFIG_FILE || name == "config.json");
    is_config
        || path.extension().is_some_and(|ending| ["safetensors", "pt", "pth"].iter().any(|known| ending == *known))
}

/// The files of a folder that may be weights, by name.
fn paths_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let failed = |source: std::io::Error| {
        let way_on = Role::Weights.way_on(&folder.to_string_lossy(), source.kind());
        CliError::Input { option: Role::Weights.option(), path: folder.to_owned(), source, way_on }
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let is_known = |path: &PathBuf| path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
    let mut paths: Vec<PathBuf> = paths.into_iter().filter(|path| path.is_file()).filter(is_known).collect();
    paths.sort();
    Ok(paths)
}

/// The name the engine gives the embedding.
pub(super) fn embedding_name(options: &RunOptions) -> String {
    match options.embedding_source() {
        EmbeddingSource::Obsm(name) => name,
        EmbeddingSource::File(path) => stem(&path.to_string_lossy()),
    }
}

fn inputs(options: &RunOptions) -> Vec<(Role, PathBuf)> {
    let mut inputs = vec![(Role::Expression, options.expression.clone())];
    if let EmbeddingSource::File(path) = options.embedding_source() {
        inputs.push((Role::Embedding, path));
    }
    inputs.extend(options.labels.iter().map(|path| (Role::Labels, path.clone())));
    inputs.extend(options.gene_sets.iter().map(|path| (Role::GeneSets, path.clone())));
    inputs.extend(options.resume.iter().map(|path| (Role::Run, path.clone())));
    inputs
}

impl Role {
    /// The role of a kind of file; `None` for an archive, which may hold files of any.
    fn of(kind: FileKind) -> Option<Self> {
        Some(match kind {
            FileKind::AnnData
            | FileKind::CountMatrix
            | FileKind::Expression(_)
            | FileKind::Barcodes
            | FileKind::Features => Self::Expression,
            FileKind::Embedding(_) => Self::Embedding,
            FileKind::Labels(_) => Self::Labels,
            // An ontology says how gene sets hang together.
            FileKind::GeneSets(_) | FileKind::Ontology | FileKind::Annotations => Self::GeneSets,
            FileKind::SaeConfig | FileKind::SaeWeights | FileKind::SaeMean => Self::Weights,
            FileKind::TrainingRun => Self::Run,
            FileKind::Bundle => return None,
        })
    }

    /// Opens a file, or the files of a folder.
    fn open_all(self, path: PathBuf, host: &NativeHost) -> Result<Vec<FileHandle>, CliError> {
        if path.is_dir() { folder_files(self.option(), &path, host) } else { Ok(vec![self.open(path, host)?]) }
    }

    fn option(self) -> &'static str {
        match self {
            Self::Expression => "--expression",
            Self::Embedding => "--embedding",
            Self::Labels => "--labels",
            Self::GeneSets => "--gene-sets",
            Self::Weights => "--weights",
            Self::Run => "--resume",
        }
    }

    /// What a file of this kind does, after its name.
    fn content(self) -> &'static str {
        match self {
            Self::Expression => "is an AnnData file",
            Self::Embedding => "holds an array",
            Self::Labels => "is a table of labels",
            Self::GeneSets => "holds gene sets",
            Self::Weights => "is of a sparse autoencoder",
            Self::Run => "is a training run that was saved",
        }
    }

    fn open(self, path: PathBuf, host: &NativeHost) -> Result<FileHandle, CliError> {
        let option = self.option();
        let file = match host.add_path(&path) {
            Ok(file) => file,
            Err(source) => {
                let way_on = self.way_on(&path.to_string_lossy(), source.kind());
                return Err(CliError::Input { option, path, source, way_on });
            }
        };
        let refused = |text: String| CliError::Refused(format!("{option}: {text}"));
        let source = host.open(&file).map_err(|error| refused(error.to_string()))?;
        let found = sniff(&file.name, &*source).map_err(|error| refused(self.unknown(&error)))?;
        match Self::of(found) {
            Some(found) if found != self => Err(refused(self.mismatch(found, &file.name))),
            None if self == Self::Weights || self == Self::Run => {
                Err(refused(format!("{:?} is an archive; unpack it first", file.name)))
            }
            _ => Ok(file),
        }
    }

    /// What to do where the file can't be opened.
    fn way_on(self, path: &str, error: ErrorKind) -> String {
        let is_bare = !path.contains(['/', '\\']) && !path.to_lowercase().ends_with(".npy");
        match self {
            Self::Weights => {
                format!(
                    "the folder given with --weights needs {CONFIG_FILE} and {WEIGHTS_FILE}, or the files of another format"
                )
            }
            Self::Embedding if is_bare && error == ErrorKind::NotFound => format!("did you mean obsm/{path}?"),
            _ => "check the path".to_owned(),
        }
    }

    /// What is said of a file of no known kind.
    fn unknown(self, error: &ImportError) -> String {
        match (self, error) {
            (Self::Weights, ImportError::Unrecognised { file, found, .. }) => {
                format!("{file:?} {found}; {FOLDER}")
            }
            _ => error.to_string(),
        }
    }

    /// What is said of a file of another kind.
    fn mismatch(self, found: Self, name: &str) -> String {
        let (content, option) = (found.content(), found.option());
        match (self, found) {
            (Self::Weights, _) => format!("{name:?} {content}; {FOLDER}"),
            (Self::GeneSets, Self::Labels) => {
                format!(
                    "{name:?} {content} by its ending; give it with {option}, or name it .gmt if it holds gene sets"
                )
            }
            (Self::Embedding, Self::Labels) => {
                format!("{name:?} {content} by its ending; save the embedding as .npy (numpy.save)")
            }
            (Self::Embedding, Self::Expression) => {
                format!("{name:?} {content}; give it with {option}, and name its embedding as obsm/KEY")
            }
            (_, Self::Weights) => format!("{name:?} {content}; give its folder with {option}"),
            _ => format!("{name:?} {content}; give it with {option}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::platform::MemoryStore;
    use crate::platform::native::Session;

    #[test]
    fn a_file_of_another_kind_names_the_option_it_belongs_to() {
        let text = Role::Labels.mismatch(Role::GeneSets, "x.gmt");
        assert_eq!(text, "\"x.gmt\" holds gene sets; give it with --gene-sets");
        assert!(Role::GeneSets.mismatch(Role::Labels, "x.txt").contains("name it .gmt"));
        assert!(Role::Labels.mismatch(Role::Weights, "cfg.json").contains("its folder with --weights"));
        assert!(Role::Weights.mismatch(Role::Embedding, "w").contains("needs cfg.json"));
    }

    #[test]
    fn a_folder_stands_for_its_known_files_and_an_archive_for_any() {
        let session = Session::new(Rc::new(MemoryStore::default()));
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let names = |role: Role, path: &str| {
            let files = role.open_all(fixtures.join(path), &session.host())?;
            Ok::<_, CliError>(files.into_iter().map(|file| file.name).collect::<Vec<_>>())
        };
        let found = names(Role::GeneSets, "go").unwrap();
        assert_eq!(found, ["small.gaf", "small.gaf.gz", "small.obo"]);
        assert_eq!(names(Role::Expression, "zip/data.zip").unwrap(), ["data.zip"]);
        let refused = |found: Result<Vec<String>, CliError>| found.unwrap_err().to_string();
        let text = refused(names(Role::Run, "zip/data.zip"));
        assert_eq!(text, "--resume: \"data.zip\" is an archive; unpack it first");
        assert!(refused(names(Role::Labels, "../../src/cli")).contains("has no file that can be opened"));
    }

    #[test]
    fn a_configuration_of_another_kind_is_not_taken_for_a_table() {
        let (file, found, hint) = ("cfg.json".to_owned(), "is text".to_owned(), "save it as .csv".to_owned());
        let error = ImportError::Unrecognised { file, found, hint };
        assert_eq!(Role::Weights.unknown(&error), format!("\"cfg.json\" is text; {FOLDER}"));
        assert!(Role::Labels.unknown(&error).contains(".csv"));
    }

    #[test]
    fn a_bare_name_that_is_no_file_may_be_meant_as_obsm() {
        let way_on = |path| Role::Embedding.way_on(path, ErrorKind::NotFound);
        assert_eq!(way_on("X_pca"), "did you mean obsm/X_pca?");
        assert_eq!(way_on("latent.NPY"), "check the path");
        assert_eq!(way_on("dir/X_pca"), "check the path");
        assert_eq!(Role::Embedding.way_on("X_pca", ErrorKind::PermissionDenied), "check the path");
    }
}
