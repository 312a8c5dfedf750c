//! The project's task runner: `cargo xtask setup`, `serve`, `build`, `test`, `dist` and `bench`.
//!
//! It installs what a task needs, says so, and runs other programs; it holds nothing of FeatureScope itself.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task runner talks to the person at the terminal")]

mod bench;
mod clock;
mod dist;
mod error;
mod file_server;
mod lockfile;
mod options;
mod places;
mod process;
mod serve;
mod setup;
mod site;
mod size_table;
mod system;
mod test;
mod tools;
mod wasm_toolchain;

use std::process::ExitCode;

use crate::error::Outcome;
use crate::options::Task;
use crate::places::Places;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let task = Task::parse(&words)?;
    if task == Task::Help {
        print!("{}", options::HELP);
        return Ok(());
    }
    let places = Places::find()?;
    places.take_over()?;
    match task {
        Task::Help => Ok(()),
        Task::Setup => setup::setup(&places),
        Task::Serve { is_release, port } => serve::serve(&places, is_release, port),
        Task::Build { profile } => build(&places, &profile),
        Task::Test { profile, only } => test::test(&places, &profile, only.as_deref()),
        Task::Dist { profile } => {
            dist::dist(&places, &profile).map(|site| println!("\nThe site is in {}", site.display()))
        }
        Task::Bench(options) => bench::bench(&places, &options),
    }
}

fn build(places: &Places, profile: &str) -> Outcome {
    let installer = system::Installer::find();
    let workshop = site::Workshop::find_or_install(places, installer, &mut setup::announce)?;
    let site = places.site(profile);
    site::build(places, &workshop, profile, &site)?;
    println!("The site is in {}", site.display());
    Ok(())
}
