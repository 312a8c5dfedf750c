//! What can go wrong in a task, each with what to do about it.

use std::path::PathBuf;
use std::process::ExitStatus;

/// Result of a task.
pub(crate) type Outcome<T = ()> = Result<T, TaskError>;

/// A task that could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// The command line is not one of the tasks.
    #[error("{found:?} is no task; `cargo xtask help` lists them")]
    UnknownTask {
        /// What was typed.
        found: String,
    },
    /// A word after the task's name is not one of its options.
    #[error("`cargo xtask {task}` does not know {found:?}; `cargo xtask help` lists what it takes")]
    UnknownOption {
        /// The task.
        task: &'static str,
        /// What was typed.
        found: String,
    },
    /// A program could not be started at all.
    #[error("{what}: cannot start {program:?} ({source}); {advice}")]
    NotStarted {
        /// What the program was to do.
        what: String,
        /// The program.
        program: String,
        /// What a person can do.
        advice: &'static str,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// A program ran and failed; its own output says why.
    #[error("{what} failed ({status}): `{command}`; the lines above say why")]
    Failed {
        /// What the program was to do.
        what: String,
        /// The command as one could type it.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// Something needed is absent and cannot be installed from here.
    #[error("{need} is missing: {reason}; {advice}")]
    Missing {
        /// What is needed.
        need: String,
        /// Why it cannot be installed automatically.
        reason: String,
        /// What a person can do.
        advice: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path:?}: {source}")]
    File {
        /// Read, write, create, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// `Cargo.lock` lists no such package.
    #[error("Cargo.lock has no package {package:?}; run `cargo generate-lockfile` and try again")]
    NotLocked {
        /// The package looked for.
        package: String,
    },
    /// A build finished but a file it should have made is not there.
    #[error("{what} left no {expected:?}; run the task again, and if that does not help remove {remove:?}")]
    Incomplete {
        /// What was run.
        what: String,
        /// The file that should be there.
        expected: PathBuf,
        /// The folder to remove before trying again.
        remove: PathBuf,
    },
}

impl TaskError {
    /// Builds the error for `action` on `path`, to be used with `map_err`.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
