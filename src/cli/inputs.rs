//! The files a run reads: each is there and of the kind its option is for.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::args::{EmbeddingSource, RunOptions};
use super::error::CliError;
use crate::io::{FileKind, ImportError, sniff, stem};
use crate::platform::Host;
use crate::platform::native::NativeHost;
use crate::protocol::FileHandle;
use crate::sae::{CONFIG_FILE, WEIGHTS_FILE};

/// What a folder of weights is.
const FOLDER: &str = "the folder needs cfg.json and sae_weights.safetensors as sae-lens writes them";

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Expression,
    Embedding,
    Labels,
    GeneSets,
    Config,
    Weights,
    Run,
}

/// Opens the files of a run.
///
/// # Errors
/// [`CliError::Input`] for a file that is not there, [`CliError::Refused`] for one of another kind.
pub(super) fn input_files(host: &NativeHost, options: &RunOptions) -> Result<Vec<FileHandle>, CliError> {
    inputs(options).into_iter().map(|(role, path)| role.open(path, host)).collect()
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
    if let Some(folder) = options.weights() {
        inputs.push((Role::Config, folder.join(CONFIG_FILE)));
        inputs.push((Role::Weights, folder.join(WEIGHTS_FILE)));
    }
    inputs
}

impl Role {
    fn of(kind: FileKind) -> Self {
        match kind {
            FileKind::AnnData => Self::Expression,
            FileKind::Embedding(_) => Self::Embedding,
            FileKind::Labels(_) => Self::Labels,
            // An ontology says how gene sets hang together.
            FileKind::GeneSets(_) | FileKind::Ontology => Self::GeneSets,
            FileKind::SaeConfig => Self::Config,
            FileKind::SaeWeights => Self::Weights,
            FileKind::TrainingRun => Self::Run,
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::Expression => "--expression",
            Self::Embedding => "--embedding",
            Self::Labels => "--labels",
            Self::GeneSets => "--gene-sets",
            Self::Config | Self::Weights => "--weights",
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
            Self::Config => "is the configuration of a sparse autoencoder",
            Self::Weights => "holds the weights of a sparse autoencoder",
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
        let found = Self::of(found);
        if found == self { Ok(file) } else { Err(refused(self.mismatch(found, &file.name))) }
    }

    /// What to do where the file can't be opened.
    fn way_on(self, path: &str, error: ErrorKind) -> String {
        let is_bare = !path.contains(['/', '\\']) && !path.to_lowercase().ends_with(".npy");
        match self {
            Self::Config | Self::Weights => {
                format!("the folder given with --weights needs {CONFIG_FILE} and {WEIGHTS_FILE}")
            }
            Self::Embedding if is_bare && error == ErrorKind::NotFound => format!("did you mean obsm/{path}?"),
            _ => "check the path".to_owned(),
        }
    }

    /// What is said of a file of no known kind.
    fn unknown(self, error: &ImportError) -> String {
        match (self, error) {
            (Self::Config | Self::Weights, ImportError::Unrecognised { file, found, .. }) => {
                format!("{file:?} {found}; {FOLDER}")
            }
            _ => error.to_string(),
        }
    }

    /// What is said of a file of another kind.
    fn mismatch(self, found: Self, name: &str) -> String {
        let (content, option) = (found.content(), found.option());
        match (self, found) {
            (Self::Config | Self::Weights, _) => format!("{name:?} {content}; {FOLDER}"),
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
            (_, Self::Config | Self::Weights) => format!("{name:?} {content}; give its folder with {option}"),
            _ => format!("{name:?} {content}; give it with {option}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_names_the_option_it_belongs_to() {
        let text = Role::Labels.mismatch(Role::GeneSets, "x.gmt");
        assert_eq!(text, "\"x.gmt\" holds gene sets; give it with --gene-sets");
        assert!(Role::GeneSets.mismatch(Role::Labels, "x.txt").contains("name it .gmt"));
        assert!(Role::Labels.mismatch(Role::Config, "cfg.json").contains("its folder with --weights"));
        assert!(Role::Weights.mismatch(Role::Embedding, "w").contains("needs cfg.json"));
    }

    #[test]
    fn a_configuration_of_another_kind_is_not_taken_for_a_table() {
        let (file, found, hint) = ("cfg.json".to_owned(), "is text".to_owned(), "save it as .csv".to_owned());
        let error = ImportError::Unrecognised { file, found, hint };
        assert_eq!(Role::Config.unknown(&error), format!("\"cfg.json\" is text; {FOLDER}"));
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
