//! Why a command fails, and the exit code that says whose fault it was.

use std::path::PathBuf;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// Options that do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file can't be opened.
    #[error("{option}: {path:?} can't be opened: {source}; {way_on}")]
    Input {
        /// The option it was given with.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
        /// What to do.
        way_on: String,
    },
    /// The folder for results is a file.
    #[error("{path:?} is a file, --out needs a folder; choose another")]
    OutIsFile {
        /// The file.
        path: PathBuf,
    },
    /// The engine refused the input.
    #[error("{0}")]
    Refused(String),
    /// The engine failed at something that should work on any input it accepted.
    #[error("{0}")]
    Failed(String),
    /// A result can't be written.
    #[error("{path:?} can't be written: {source}")]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl CliError {
    /// 2 for what the caller can change, 1 for our own failure.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Input { .. } | Self::OutIsFile { .. } | Self::Refused(_) | Self::Output { .. } => 2,
            Self::Failed(_) => 1,
        }
    }
}
