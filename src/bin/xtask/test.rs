//! `cargo xtask test`: every check there is, with the time of each step.
//!
//! Cheap checks come first. The browser tests come last, so that a run ends on the test runner's own closing line.
//! One feature set serves clippy, the unit tests, the integration tests and the browser tests' own program.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::Stopwatch;
use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::process;
use crate::setup::{self, announce};
use crate::site::{self, ENGINE_FEATURES, PAGE_FEATURES, POOL_FEATURES, Workshop};
use crate::system::Installer;
use crate::tools::{self, Browser};

/// Features of every native build in tests.
const NATIVE_FEATURES: &str = "autodiff,cli,e2e,ui,xtask";
/// Chromium's options that make WebGPU work without a GPU, and keep the browser from calling home.
const CHROME_OPTIONS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
];

type StepBody = fn(&Stand) -> Outcome;

/// The steps in their order: the name for `--only`, the name shown, the work.
const STEPS: [(&str, &str, StepBody); 7] = [
    ("format", "format", format),
    ("clippy", "clippy, native", clippy_native),
    ("native", "unit and integration tests", native_tests),
    ("site", "building the site", build_site),
    ("clippy-wasm", "clippy, wasm32", clippy_wasm),
    ("wasm", "wasm tests in Chromium", wasm_tests),
    ("browser", "browser end-to-end tests", browser_tests),
];

/// All that the steps need.
struct Stand<'a> {
    places: &'a Places,
    profile: &'a str,
    workshop: Workshop,
    browser: Browser,
    axe: PathBuf,
}

/// Runs all steps, or only the one named.
///
/// # Errors
/// The first step that fails.
pub(crate) fn test(places: &Places, profile: &str, only: Option<&str>) -> Outcome {
    if let Some(name) = only
        && !STEPS.iter().any(|(step, _, _)| *step == name)
    {
        return Err(TaskError::UnknownOption { task: "test", found: format!("--only {name}") });
    }
    let mut watch = Stopwatch::default();
    let stand = watch.step("set-up", || prepare(places, profile))?;
    let (last, first) = STEPS.split_last().map_or((None, &[][..]), |(last, first)| (Some(last), first));
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    for (name, shown, body) in first.iter().filter(|(name, _, _)| wanted(name)) {
        if let Err(error) = watch.step(shown, || body(&stand)) {
            println!("{}\nfailed in step {name:?}; `cargo xtask test --only {name}` repeats it", watch.table());
            return Err(error);
        }
    }
    let Some((_, shown, body)) = last.filter(|(name, _, _)| wanted(name)) else {
        println!("{}", watch.table());
        return Ok(());
    };
    last_step(&mut watch, &stand, shown, *body)
}

/// The last step: its program is compiled first, so that the table can be printed before its closing line.
fn last_step(watch: &mut Stopwatch, stand: &Stand, shown: &str, body: StepBody) -> Outcome {
    watch.step("compiling the browser tests", || {
        process::run("compiling the browser tests", stand.native("test").args(["--test", "browser", "--no-run"]))
    })?;
    println!("{}\n  then {shown}, which print their own time", watch.table());
    watch.step(shown, || body(stand))
}

fn prepare<'a>(places: &'a Places, profile: &'a str) -> Outcome<Stand<'a>> {
    let installer = Installer::find();
    std::fs::create_dir_all(places.cache()).map_err(TaskError::file("create", places.cache()))?;
    setup::lints(&mut announce)?;
    Ok(Stand {
        places,
        profile,
        workshop: Workshop::find_or_install(places, installer, &mut announce)?,
        browser: tools::browser(installer, &mut announce)?,
        axe: tools::axe(places, installer, &mut announce)?,
    })
}

impl Stand<'_> {
    fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = process::cargo(subcommand);
        cargo.env("CARGO_TARGET_DIR", self.places.target("native")).current_dir(self.places.checkout());
        cargo
    }

    fn native(&self, subcommand: &str) -> Command {
        let mut cargo = self.cargo(subcommand);
        cargo.args(["--features", NATIVE_FEATURES]);
        cargo
    }

    fn wasm(&self, subcommand: &str, features: &str) -> Command {
        let mut cargo = self.workshop.cargo(self.places, subcommand, features);
        cargo.args(["--profile", self.profile]);
        cargo
    }

    fn site(&self) -> PathBuf {
        self.places.site(self.profile)
    }
}

fn format(stand: &Stand) -> Outcome {
    process::run("format", stand.cargo("fmt").arg("--check"))
}

/// With all native features, and once without any, so that the core stays free of Burn and Leptos.
fn clippy_native(stand: &Stand) -> Outcome {
    process::run("clippy", stand.native("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    let mut core = stand.cargo("clippy");
    process::run("clippy of the core alone", core.args(["--lib", "--tests", "--", "-D", "warnings"]))
}

fn native_tests(stand: &Stand) -> Outcome {
    process::run("native tests", stand.native("test").args(["--lib", "--bins", "--test", "tests"]))
}

fn build_site(stand: &Stand) -> Outcome {
    site::build(stand.places, &stand.workshop, stand.profile, &stand.site())
}

fn clippy_wasm(stand: &Stand) -> Outcome {
    for (bin, features) in [("app", PAGE_FEATURES), ("engine", ENGINE_FEATURES), ("stats", POOL_FEATURES)] {
        let mut clippy = stand.wasm("clippy", features);
        clippy.args(["--lib", "--bin", bin, "--", "-D", "warnings"]);
        process::run("clippy for wasm32", &mut clippy)?;
    }
    Ok(())
}

/// The library's own `wasm_bindgen_test`s, in a dedicated worker as the engine is.
fn wasm_tests(stand: &Stand) -> Outcome {
    process::run("wasm tests", &mut wasm_test(stand)?)
}

/// Times training steps in a worker of the browser; lines of JSON among others.
///
/// # Errors
/// Something needed is missing, or the build or the run fails.
pub(crate) fn training_in_the_tab(places: &Places, profile: &str) -> Outcome<String> {
    let stand = prepare(places, profile)?;
    let mut test = wasm_test(&stand)?;
    process::output(
        "timing training in the tab",
        test.args(["step_times_in_the_tab", "--", "--include-ignored", "--nocapture"]),
    )
}

/// Runs the library's `wasm_bindgen_test`s.
fn wasm_test(stand: &Stand) -> Outcome<Command> {
    let config = stand.places.cache().join("webdriver.json");
    let text = webdriver_config(&stand.browser.chrome);
    std::fs::write(&config, text).map_err(TaskError::file("write", &config))?;
    let mut cargo = stand.wasm("test", ENGINE_FEATURES);
    cargo
        .arg("--lib")
        .env("CHROMEDRIVER", &stand.browser.driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &config)
        .env("WASM_BINDGEN_USE_DEDICATED_WORKER", "1")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "600");
    Ok(cargo)
}

/// Runs measurements by name through the page, built with `profile`; `variables` tell them what to do.
///
/// # Errors
/// Something needed is missing, or the build or the run fails.
pub(crate) fn bench_in_the_tab(places: &Places, profile: &str, names: &[&str], variables: &[(&str, &Path)]) -> Outcome {
    let stand = prepare(places, profile)?;
    build_site(&stand)?;
    drive(&stand, &[&["--ignored", "--nocapture"], names].concat(), variables)
}

fn browser_tests(stand: &Stand) -> Outcome {
    drive(stand, &[], &[])
}

/// Runs the browser tests' program with options of the test runner.
fn drive(stand: &Stand, options: &[&str], variables: &[(&str, &Path)]) -> Outcome {
    let screenshots = stand.places.screenshots();
    std::fs::create_dir_all(&screenshots).map_err(TaskError::file("create", &screenshots))?;
    let mut cargo = stand.native("test");
    cargo
        .args(["--test", "browser", "--", "--test-threads=1"])
        .args(options)
        .env("FEATURESCOPE_SITE", stand.site())
        .env("FEATURESCOPE_AXE", &stand.axe)
        .env("FEATURESCOPE_SCREENSHOTS", &screenshots)
        .env("CHROME", &stand.browser.chrome)
        .env("CHROMEDRIVER", &stand.browser.driver)
        .envs(variables.iter().copied());
    println!("   screenshots: {}", screenshots.display());
    process::run("browser tests", &mut cargo)
}

/// What wasm-bindgen's test runner asks of chromedriver.
fn webdriver_config(chrome: &Path) -> String {
    serde_json::json!({
        "goog:chromeOptions": { "binary": chrome, "args": CHROME_OPTIONS },
        "goog:loggingPrefs": { "browser": "ALL" },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_tests_come_last() {
        assert_eq!(STEPS.last().map(|(name, _, _)| *name), Some("browser"));
    }

    #[test]
    fn an_unknown_step_is_refused_before_any_work() {
        let places = Places::find().unwrap();
        assert!(test(&places, "browser", Some("fromat")).unwrap_err().to_string().contains("fromat"));
    }

    #[test]
    fn the_webdriver_config_names_the_browser_found() {
        let config: serde_json::Value = serde_json::from_str(&webdriver_config(Path::new("/opt/chrome"))).unwrap();
        assert_eq!(config["goog:chromeOptions"]["binary"], "/opt/chrome");
    }
}
