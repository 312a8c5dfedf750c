//! `cargo xtask bench`: the times of the command line, of the page in Chromium and of other programs, beside each other.
//!
//! Nothing is asserted. Where a file or program is missing, what needs it is left out with a sentence. What takes under
//! five seconds is done three times and the median counts; reference programs follow their own rule and say it.

mod inputs;
mod measured;
mod native;
mod plan;
mod reference;
mod table;

use std::path::PathBuf;

use self::inputs::Inputs;
use self::measured::{Measured, Place};
use self::plan::Job;
use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::site::DESK_PROFILE;
use crate::test;

/// What can be timed, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bench {
    /// All features of Kang's cells: genes and gene sets.
    Analysis,
    /// The same at the paper's scale.
    Paper,
    /// Wilcoxon of two groups.
    Wilcoxon,
    /// GSEA of one ranking.
    Gsea,
    /// Opening Kang's cells.
    Opening,
    /// Opening a made-up file of 76 million counts.
    OpeningLarge,
    /// Steps of training.
    Training,
}

impl Bench {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Analysis, Self::Paper, Self::Wilcoxon, Self::Gsea, Self::Opening, Self::OpeningLarge, Self::Training];

    /// Its name for `--only` and in results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Paper => "paper",
            Self::Wilcoxon => "wilcoxon",
            Self::Gsea => "gsea",
            Self::Opening => "opening",
            Self::OpeningLarge => "opening-large",
            Self::Training => "training",
        }
    }

    /// Whether only the opening of a file is timed.
    fn is_opening(self) -> bool {
        matches!(self, Self::Opening | Self::OpeningLarge)
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bench| bench.name() == name)
    }
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// What to time.
    pub(crate) only: Vec<Bench>,
    /// Where the data are.
    pub(crate) data: Option<PathBuf>,
    /// The Python that has the reference programs.
    pub(crate) python: Option<PathBuf>,
}

/// Everything a bench works with.
struct Desk<'a> {
    places: &'a Places,
    inputs: Inputs,
    measured: Measured,
}

/// Times what was asked for, prints the table and keeps it in `target/bench`.
///
/// # Errors
/// A build, the command line or, once the table is there, the page fails; what is missing is said and left out.
pub(crate) fn bench(places: &Places, options: &BenchOptions) -> Outcome {
    let inputs = Inputs::find(places, options)?;
    let mut desk = Desk { places, inputs, measured: Measured::begin() };
    native::build(places)?;
    let mut jobs = Vec::new();
    for bench in options.only.iter().copied() {
        println!("\n── {}, native", bench.name());
        match job(&desk, bench)? {
            Ok(Some(job)) => {
                native::run(&mut desk, &job)?;
                jobs.push(job);
            }
            Ok(None) => native::train(&mut desk)?,
            Err(missing) => desk.measured.skip(format!("`{}` was left out: {missing}", bench.name())),
        }
    }
    // A page that fails must not cost what was and can be measured elsewhere; the task fails after the table.
    let trains = options.only.contains(&Bench::Training);
    let in_the_tab = in_the_tab(&mut desk, &jobs, trains);
    if let Err(error) = &in_the_tab {
        desk.measured.skip(format!("The page was not measured to the end: {error}"));
    }
    for job in &jobs {
        println!("\n── {}, reference", job.bench.name());
        reference::run(&mut desk, job);
    }
    if trains {
        println!("\n── training, reference");
        reference::train(&mut desk);
    }
    desk.measured.end();
    keep(&desk, options)?;
    in_the_tab
}

/// The job of a bench, none for training, or what is missing for it.
fn job(desk: &Desk, bench: Bench) -> Outcome<Result<Option<Job>, String>> {
    if bench == Bench::Training { Ok(Ok(None)) } else { Ok(Job::prepare(desk, bench)?.map(Some)) }
}

/// Lets the browser tests' program do the jobs in the page, and reads what it measured.
fn in_the_tab(desk: &mut Desk, jobs: &[Job], trains: bool) -> Outcome {
    if trains {
        let lines = test::training_in_the_tab(desk.places, DESK_PROFILE)?;
        desk.measured.take_lines(Place::Tab, Some(Bench::Training), &lines);
    }
    let folder = desk.inputs.folder();
    let (plan, results) = (folder.join("plan.json"), folder.join("tab.jsonl"));
    std::fs::write(&plan, plan::as_json(jobs)).map_err(TaskError::file("write", &plan))?;
    std::fs::write(&results, "").map_err(TaskError::file("write", &results))?;
    let variables = [("FEATURESCOPE_BENCH_PLAN", plan.as_path()), ("FEATURESCOPE_BENCH_RESULTS", results.as_path())];
    let names = [(!jobs.is_empty(), "analyses_in_the_tab"), (trains, "steps_through_the_page")];
    let names: Vec<&str> = names.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, name)| name).collect();
    let ended = test::bench_in_the_tab(desk.places, DESK_PROFILE, &names, &variables);
    let lines = std::fs::read_to_string(&results).map_err(TaskError::file("read", &results))?;
    desk.measured.take_lines(Place::Tab, None, &lines);
    ended
}

/// Prints the table and writes it to `target/bench/NAMES.md`.
fn keep(desk: &Desk, options: &BenchOptions) -> Outcome {
    let text = table::markdown(&desk.measured, &options.only);
    println!("\n{text}");
    let folder = desk.places.checkout().join("target/bench");
    std::fs::create_dir_all(&folder).map_err(TaskError::file("create", &folder))?;
    let names: Vec<&str> = options.only.iter().map(|bench| bench.name()).collect();
    let name = if options.only == Bench::ALL { "all".to_owned() } else { names.join("-") };
    let file = folder.join(format!("{name}.md"));
    std::fs::write(&file, &text).map_err(TaskError::file("write", &file))?;
    println!("The table is in {}", file.display());
    Ok(())
}
