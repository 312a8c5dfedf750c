//! The command line of the task runner.

use std::path::PathBuf;

use crate::bench::{Bench, BenchOptions};
use crate::error::{Outcome, TaskError};
use crate::site::DESK_PROFILE;

/// What `cargo xtask help` prints.
pub(crate) const HELP: &str = "\
cargo xtask TASK

  setup                     find or install all that the other tasks need, and say what and why
  serve [--release]         build, serve on loopback and rebuild when a source changes;
        [--port N]          with --release serve what `dist` makes
  build [--profile NAME]    build the site into the cache, and print where it is
  test  [--profile NAME]    format, clippy (native and wasm), native tests, the site, wasm tests and browser tests;
        [--only STEP]       NAME is the cargo profile of the wasm files (browser unless given);
                            STEP is one of: format clippy native site clippy-wasm wasm browser
  dist  [--profile NAME]    the optimised, compressed static site in dist/, with a table of sizes;
                            --profile dist adds link-time optimisation, which takes long
  bench [--only NAMES]      time the command line, the page in the browser and other programs, side by side;
        [--data FOLDER]     NAMES are some of: analysis paper wilcoxon gsea training, with commas between;
        [--python PROGRAM]  tests/bench/README.md says what belongs in FOLDER and what PROGRAM needs

Tools and builds are cached outside the checkout, in ~/.cache/featurescope (or $FEATURESCOPE_CACHE).
";

/// One task with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Print [`HELP`].
    Help,
    /// Find or install every need.
    Setup,
    /// Build and serve.
    Serve {
        /// Serve the shipped build.
        is_release: bool,
        /// The port wanted, if any.
        port: Option<u16>,
    },
    /// Build the site into the cache.
    Build {
        /// Cargo profile of the wasm files.
        profile: String,
    },
    /// Run all checks and tests.
    Test {
        /// Cargo profile of the wasm files.
        profile: String,
        /// The only step to run.
        only: Option<String>,
    },
    /// Build the shipped site.
    Dist {
        /// Cargo profile of the wasm files.
        profile: String,
    },
    /// Time what there is to time.
    Bench(BenchOptions),
}

impl Task {
    /// Reads the words after `cargo xtask`.
    ///
    /// # Errors
    /// An unknown task, or an option it does not take.
    pub(crate) fn parse(words: &[String]) -> Outcome<Self> {
        let Some((name, rest)) = words.split_first() else { return Ok(Self::Help) };
        match name.as_str() {
            "help" | "--help" | "-h" => Ok(Self::Help),
            "setup" => Options::read("setup", rest, &[]).map(|_| Self::Setup),
            "serve" => {
                let options = Options::read("serve", rest, &["--release", "--port"])?;
                let port = options.value("--port").map(|text| number("serve", text)).transpose()?;
                Ok(Self::Serve { is_release: options.has("--release"), port })
            }
            "build" => Ok(Self::Build { profile: Options::read("build", rest, &["--profile"])?.profile() }),
            "test" => {
                let options = Options::read("test", rest, &["--profile", "--only"])?;
                Ok(Self::Test { profile: options.profile(), only: options.value("--only").map(str::to_owned) })
            }
            "dist" => Ok(Self::Dist { profile: Options::read("dist", rest, &["--profile"])?.profile() }),
            "bench" => {
                let options = Options::read("bench", rest, &["--only", "--data", "--python"])?;
                let only = options.value("--only").map_or_else(|| Ok(Bench::ALL.to_vec()), benches)?;
                let path = |name| options.value(name).map(PathBuf::from);
                Ok(Self::Bench(BenchOptions { only, data: path("--data"), python: path("--python") }))
            }
            _ => Err(TaskError::UnknownTask { found: name.clone() }),
        }
    }
}

struct Options<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Options<'a> {
    fn read(task: &'static str, words: &'a [String], known: &[&str]) -> Outcome<Self> {
        let mut found = Vec::new();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if !known.contains(&word) {
                return Err(TaskError::UnknownOption { task, found: word.to_owned() });
            }
            let value = if word == "--release" { None } else { words.next() };
            if value.is_none() && word != "--release" {
                return Err(TaskError::UnknownOption { task, found: format!("{word} without a value") });
            }
            found.push((word, value));
        }
        Ok(Self(found))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(option, _)| *option == name)
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(option, _)| *option == name).and_then(|(_, value)| *value)
    }

    fn profile(&self) -> String {
        self.value("--profile").unwrap_or(DESK_PROFILE).to_owned()
    }
}

/// The benches named, in the order of the table.
fn benches(names: &str) -> Outcome<Vec<Bench>> {
    let named = |name: &str| {
        let unknown = || TaskError::UnknownOption { task: "bench", found: format!("--only {name}") };
        Bench::named(name).ok_or_else(unknown)
    };
    let mut benches = names.split(',').map(|name| named(name.trim())).collect::<Outcome<Vec<_>>>()?;
    benches.sort();
    benches.dedup();
    Ok(benches)
}

fn number(task: &'static str, text: &str) -> Outcome<u16> {
    text.parse().map_err(|_| TaskError::UnknownOption { task, found: format!("port {text}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Task> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Task::parse(&words)
    }

    #[test]
    fn nothing_typed_asks_for_help() {
        assert_eq!(parse("").unwrap(), Task::Help);
    }

    #[test]
    fn options_reach_their_task() {
        assert_eq!(parse("serve --release --port 9000").unwrap(), Task::Serve { is_release: true, port: Some(9000) });
        assert_eq!(
            parse("test --profile release --only wasm").unwrap(),
            Task::Test { profile: "release".to_owned(), only: Some("wasm".to_owned()) }
        );
    }

    #[test]
    fn benches_are_all_or_those_named_once_each() {
        let options = |only: &[Bench]| BenchOptions { only: only.to_vec(), data: None, python: None };
        assert_eq!(parse("bench").unwrap(), Task::Bench(options(&Bench::ALL)));
        let some = BenchOptions {
            data: Some("d".into()),
            python: Some("p".into()),
            ..options(&[Bench::Wilcoxon, Bench::Gsea])
        };
        assert_eq!(parse("bench --only gsea,wilcoxon,gsea --data d --python p").unwrap(), Task::Bench(some));
        assert!(parse("bench --only gsae").unwrap_err().to_string().contains("--only gsae"));
    }

    #[test]
    fn the_profile_is_the_desks_unless_given() {
        assert_eq!(parse("build").unwrap(), Task::Build { profile: DESK_PROFILE.to_owned() });
    }

    #[test]
    fn a_misspelt_word_is_quoted_back() {
        assert!(parse("srve").unwrap_err().to_string().contains("srve"));
        assert!(parse("dist --fast").unwrap_err().to_string().contains("--fast"));
        assert!(parse("test --profile").unwrap_err().to_string().contains("without a value"));
    }
}
