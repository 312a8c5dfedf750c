//! `cargo xtask setup`: finds or installs every need of every other task, and says which is which.

use std::path::Path;
use std::time::Instant;

use crate::clock;
use crate::error::Outcome;
use crate::places::Places;
use crate::process;
use crate::system::Installer;
use crate::tools::{self, Say};
use crate::wasm_toolchain;

/// Tells the person what is being installed and why.
pub(crate) fn announce(message: &str) {
    println!("   {message}");
}

/// Goes through all needs, the ones of `serve` first.
///
/// # Errors
/// The first need that is missing and cannot be installed from here.
pub(crate) fn setup(places: &Places) -> Outcome {
    let started = Instant::now();
    let installer = Installer::find();
    println!("Tools and builds are kept in {}", places.cache().display());
    std::fs::create_dir_all(places.cache())
        .map_err(crate::error::TaskError::file("create the cache folder", places.cache()))?;
    need("clippy and rustfmt", |say| lints(say))?;
    need("wasm32 toolchain", |say| Ok(wasm_toolchain::find_or_install(installer, say)?.describe().to_owned()))?;
    need("wasm-bindgen", |say| Ok(shown(&tools::wasm_bindgen(places, say)?)))?;
    need("trunk", |say| Ok(shown(&tools::trunk(places, say)?)))?;
    need("wasm-opt", |say| Ok(shown(&tools::wasm_opt(places, installer, say)?)))?;
    need("Chromium", |say| {
        let browser = tools::browser(installer, say)?;
        Ok(format!("{}, {}", browser.chrome.display(), browser.driver.display()))
    })?;
    need("axe-core", |say| Ok(shown(&tools::axe(places, installer, say)?)))?;
    println!("Ready in {}. Next: `cargo xtask serve` or `cargo xtask test`.", clock::shown(started.elapsed()));
    Ok(())
}

fn need(name: &str, provide: impl FnOnce(Say) -> Outcome<String>) -> Outcome {
    let started = Instant::now();
    let mut is_new = false;
    let found = provide(&mut |message| {
        is_new = true;
        announce(&format!("{name}: {message}"));
    })?;
    let verb = if is_new { "installed" } else { "found" };
    println!("{name:<20} {verb:<10} {found}  ({})", clock::shown(started.elapsed()));
    Ok(())
}

/// Makes sure that `cargo clippy` and `cargo fmt` work.
///
/// # Errors
/// They are absent and rustup cannot add them.
pub(crate) fn lints(say: Say) -> Outcome<String> {
    let works = |tool: &str| process::probe(process::command("cargo").args([tool, "--version"]));
    if works("clippy").is_none() || works("fmt").is_none() {
        say("adding clippy and rustfmt with rustup");
        process::run(
            "adding clippy and rustfmt",
            process::command("rustup").args(["component", "add", "clippy", "rustfmt"]),
        )?;
    }
    Ok(works("clippy").unwrap_or_default())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
