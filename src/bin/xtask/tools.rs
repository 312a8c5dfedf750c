//! Finds or installs the programs the tasks run: wasm-bindgen, trunk, wasm-opt, Chromium and its driver, axe.
//!
//! Cargo's tools go into the cache under their name and version, so that two checkouts with different lock files
//! do not disturb each other. Tools from npm are pinned to one version and go there too. Nothing is installed
//! into the checkout or into a person's own `~/.cargo/bin`.

use std::path::{Path, PathBuf};

use crate::error::{Outcome, TaskError};
use crate::lockfile::locked_version;
use crate::places::Places;
use crate::process;
use crate::system::Installer;

/// The trunk release in use; 0.22 needs a newer compiler than this project does.
pub(crate) const TRUNK_VERSION: &str = "0.21.14";
const BINARYEN_VERSION: &str = "132.0.0";
const AXE_VERSION: &str = "4.14.1";

/// What installing something said, in order.
pub(crate) type Say<'a> = &'a mut dyn FnMut(&str);

/// wasm-bindgen's command line and test runner, in the version `Cargo.lock` has; the folder with both.
///
/// # Errors
/// `Cargo.lock` cannot be read, or installing fails both with and without the tool's own lock file.
pub(crate) fn wasm_bindgen(places: &Places, say: Say) -> Outcome<PathBuf> {
    let path = places.checkout().join("Cargo.lock");
    let lockfile = std::fs::read_to_string(&path).map_err(TaskError::file("read", &path))?;
    let version = locked_version(&lockfile, "wasm-bindgen")
        .ok_or_else(|| TaskError::NotLocked { package: "wasm-bindgen".to_owned() })?;
    let why = "it must be of the version in Cargo.lock, and makes the browser's half of the code";
    cargo_tool(
        places,
        &CargoTool { package: "wasm-bindgen-cli", program: "wasm-bindgen", version, args: &[], why },
        say,
    )
}

/// trunk; the folder it is in.
///
/// # Errors
/// Installing fails both with and without the tool's own lock file.
pub(crate) fn trunk(places: &Places, say: Say) -> Outcome<PathBuf> {
    let args = &["--no-default-features", "--features", "rustls"];
    let why = "it puts the site together and serves it";
    cargo_tool(places, &CargoTool { package: "trunk", program: "trunk", version: TRUNK_VERSION, args, why }, say)
}

struct CargoTool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    args: &'a [&'a str],
    why: &'a str,
}

fn cargo_tool(places: &Places, tool: &CargoTool, say: Say) -> Outcome<PathBuf> {
    let root = places.tool(tool.package, tool.version);
    let program = root.join("bin").join(tool.program);
    if program.is_file() {
        return Ok(root.join("bin"));
    }
    say(&format!("installing {} {} ({}); this takes a few minutes, once", tool.package, tool.version, tool.why));
    let locked = cargo_install(places, tool, &root, true);
    if locked.is_err() {
        say(&format!("its own lock file does not build here; trying {} with newer dependencies", tool.package));
        cargo_install(places, tool, &root, false)?;
    }
    if program.is_file() {
        return Ok(root.join("bin"));
    }
    Err(TaskError::Incomplete { what: format!("installing {}", tool.package), expected: program, remove: root })
}

fn cargo_install(places: &Places, tool: &CargoTool, root: &Path, is_locked: bool) -> Outcome {
    let mut install = process::cargo("install");
    install.args([tool.package, "--version", tool.version, "--root"]).arg(root).args(tool.args);
    if is_locked {
        install.arg("--locked");
    }
    // The tools run for seconds, so a build that is three times as quick is worth more than their speed.
    install
        .current_dir(places.cache())
        .env("CARGO_TARGET_DIR", places.target("tools"))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2")
        .env("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    process::run(&format!("installing {}", tool.package), &mut install)
}

/// wasm-opt: from `PATH`, else from npm's `binaryen`.
///
/// # Errors
/// There is no npm and none can be installed, or npm fails.
pub(crate) fn wasm_opt(places: &Places, installer: Installer, say: Say) -> Outcome<PathBuf> {
    if let Some(found) = process::find("wasm-opt") {
        return Ok(found);
    }
    let package =
        npm_package(places, installer, "binaryen", BINARYEN_VERSION, "it makes the shipped wasm smaller", say)?;
    Ok(package.join("bin/wasm-opt"))
}

/// axe-core's script, which the accessibility test injects.
///
/// # Errors
/// There is no npm and none can be installed, or npm fails.
pub(crate) fn axe(places: &Places, installer: Installer, say: Say) -> Outcome<PathBuf> {
    let package = npm_package(places, installer, "axe-core", AXE_VERSION, "it finds accessibility mistakes", say)?;
    Ok(package.join("axe.min.js"))
}

fn npm_package(
    places: &Places,
    installer: Installer,
    name: &str,
    version: &str,
    why: &str,
    say: Say,
) -> Outcome<PathBuf> {
    let root = places.tool(name, version);
    let package = root.join("node_modules").join(name);
    if package.join("package.json").is_file() {
        return Ok(package);
    }
    if process::find("npm").is_none() {
        say(&format!("installing Node and npm: {name} comes from there"));
        installer.install("npm", &["nodejs", "npm"])?;
    }
    say(&format!("installing {name} {version} from npm ({why})"));
    std::fs::create_dir_all(&root).map_err(TaskError::file("create", &root))?;
    let mut npm = process::command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"]);
    npm.arg(&root).arg(format!("{name}@{version}"));
    process::run(&format!("installing {name}"), &mut npm)?;
    if package.join("package.json").is_file() {
        return Ok(package);
    }
    Err(TaskError::Incomplete { what: format!("installing {name}"), expected: package, remove: root })
}

/// A browser and the driver that fits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Browser {
    /// Chromium or Chrome.
    pub(crate) chrome: PathBuf,
    /// chromedriver.
    pub(crate) driver: PathBuf,
}

/// Chromium and chromedriver: from `CHROME` and `CHROMEDRIVER`, from `PATH`, else from apt.
///
/// # Errors
/// One is absent and cannot be installed from here.
pub(crate) fn browser(installer: Installer, say: Say) -> Outcome<Browser> {
    if let Some(found) = find_browser() {
        return Ok(found);
    }
    say("installing Chromium and its driver: the browser tests run in it");
    installer.install("Chromium with its driver", &["chromium", "chromium-driver"])?;
    find_browser().ok_or_else(|| TaskError::Missing {
        need: "Chromium with its driver".to_owned(),
        reason: "neither is in PATH after installing".to_owned(),
        advice: "set CHROME and CHROMEDRIVER to the two programs".to_owned(),
    })
}

fn find_browser() -> Option<Browser> {
    const CHROMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file());
    let chrome = named("CHROME").or_else(|| CHROMES.iter().find_map(|name| process::find(name)))?;
    let driver = named("CHROMEDRIVER").or_else(|| process::find("chromedriver"))?;
    Some(Browser { chrome, driver })
}
