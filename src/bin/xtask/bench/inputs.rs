//! The files and the Python a bench needs, and what is said where one is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::BenchOptions;
use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::process;

/// Takes the place of `--data`.
const DATA_VARIABLE: &str = "FEATURESCOPE_BENCH_DATA";
/// Takes the place of `--python`.
const PYTHON_VARIABLE: &str = "FEATURESCOPE_BENCH_PYTHON";
/// Where it is written how to get what is missing.
const HOW: &str = "tests/bench/README.md says how to get it";

/// What was found.
pub(super) struct Inputs {
    folder: PathBuf,
    data: Option<PathBuf>,
    python: PathBuf,
    scripts: PathBuf,
}

impl Inputs {
    /// Looks at options and environment; makes the folder that keeps what is made from the data.
    ///
    /// # Errors
    /// That folder cannot be made.
    pub(super) fn find(places: &Places, options: &BenchOptions) -> Outcome<Self> {
        let folder = places.cache().join("bench");
        std::fs::create_dir_all(&folder).map_err(TaskError::file("create", &folder))?;
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let python = options.python.clone().or_else(|| variable(PYTHON_VARIABLE));
        Ok(Self {
            folder,
            data: options.data.clone().or_else(|| variable(DATA_VARIABLE)),
            python: python.unwrap_or_else(|| "python3".into()),
            scripts: places.checkout().join("tests/bench"),
        })
    }

    /// Where what is made from the data is kept between runs.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Kang's cells: `kang*.h5ad`; or what to say where there are none.
    pub(super) fn kang(&self) -> Result<PathBuf, String> {
        self.data_file("kang", ".h5ad")
    }

    /// Biological processes of the Gene Ontology: `GO_BP*.gmt`; or what to say.
    pub(super) fn gene_sets(&self) -> Result<PathBuf, String> {
        self.data_file("GO_BP", ".gmt")
    }

    fn data_file(&self, start: &str, end: &str) -> Result<PathBuf, String> {
        let Some(data) = &self.data else {
            return Err(format!("it needs {start}*{end}; give --data FOLDER or set {DATA_VARIABLE}; {HOW}"));
        };
        find_in(data, start, end).ok_or_else(|| format!("{} has no {start}*{end}; {HOW}", data.display()))
    }

    /// A Python script of `tests/bench` with one thread for its libraries.
    pub(super) fn script(&self, name: &str) -> Command {
        let mut python = process::command(&self.python);
        python.arg(self.scripts.join(name));
        for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            python.env(threads, "1");
        }
        python
    }

    /// A file of the kept folder, made by a script that gets it after `--out` if it is not there; or what to say.
    pub(super) fn made(&self, file: &str, script: &mut Command) -> Result<PathBuf, String> {
        let path = self.folder.join(file);
        if path.exists() {
            return Ok(path);
        }
        println!("making {}", path.display());
        // An interrupted script must not leave half a file under the final name.
        let begun = self.folder.join(format!("begun-{file}"));
        let made = process::run("making data", script.arg("--out").arg(&begun));
        made.map_err(|error| format!("{error}; {HOW}"))?;
        std::fs::rename(&begun, &path).map_err(|error| format!("{} can't be written: {error}", path.display()))?;
        Ok(path)
    }
}

/// The first file of this kind, by name, in a folder or one folder below it.
fn find_in(folder: &Path, start: &str, end: &str) -> Option<PathBuf> {
    let list = |folder: &Path| {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let here = list(folder);
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_file() && name.starts_with(start) && name.ends_with(end)
    };
    let below = here.iter().filter(|path| path.is_dir()).flat_map(|folder| list(folder));
    here.iter().cloned().chain(below).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(folder: &Path, data: Option<PathBuf>) -> Inputs {
        Inputs { folder: folder.to_owned(), data, python: "no-such-python".into(), scripts: PathBuf::new() }
    }

    #[test]
    fn data_are_found_one_folder_down_and_else_asked_for() {
        let folder = std::env::temp_dir().join(format!("featurescope-inputs-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("genesets")).unwrap();
        let sets = folder.join("genesets/GO_BP_2022.gmt");
        std::fs::write(&sets, "").unwrap();
        let found = inputs(&folder, Some(folder.clone()));
        assert_eq!(found.gene_sets(), Ok(sets));
        assert!(found.kang().unwrap_err().contains("has no kang*.h5ad"));
        assert!(inputs(&folder, None).kang().unwrap_err().contains("--data FOLDER"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_python_would_make_is_said_where_there_is_none() {
        let folder = std::env::temp_dir().join(format!("featurescope-made-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let found = inputs(&folder, None);
        let said = found.made("a.h5ad", &mut found.script("make.py")).unwrap_err();
        assert!(said.contains("no-such-python") && said.contains(HOW), "{said}");
        std::fs::write(folder.join("a.h5ad"), "").unwrap();
        assert_eq!(found.made("a.h5ad", &mut found.script("make.py")), Ok(folder.join("a.h5ad")));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
