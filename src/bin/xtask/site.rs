//! Puts the site together with trunk: the page, both wasm files, styles and what is in `public/`.
//!
//! Each binary is compiled with its own features, as `www/index.html` says: what the engine computes with registers
//! itself when a program starts, so that no linker could leave it out of the page.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::process;
use crate::system::Installer;
use crate::tools::{self, Say};
use crate::wasm_toolchain::{self, WasmToolchain};

/// Features of the page's binary.
pub(crate) const PAGE_FEATURES: &str = "ui";
/// Features of the engine's binary.
pub(crate) const ENGINE_FEATURES: &str = "engine";
/// Features of the pool's binary.
pub(crate) const POOL_FEATURES: &str = "stats";
/// The cargo profile for wasm at the desk and in tests.
pub(crate) const DESK_PROFILE: &str = "browser";

/// What the page says its build is until [`stamp`] knows better.
const UNSTAMPED: &str = r#"name="featurescope-build" content="dev""#;

/// What is needed to compile for the browser.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    /// Compiler and standard library.
    pub(crate) toolchain: WasmToolchain,
    /// Folders with trunk and wasm-bindgen.
    pub(crate) tools: Vec<PathBuf>,
}

impl Workshop {
    /// Finds or installs all of it.
    ///
    /// # Errors
    /// Something is missing and cannot be installed from here.
    pub(crate) fn find_or_install(places: &Places, installer: Installer, say: Say) -> Outcome<Self> {
        let toolchain = wasm_toolchain::find_or_install(installer, say)?;
        let tools = vec![tools::wasm_bindgen(places, say)?, tools::trunk(places, say)?];
        Ok(Self { toolchain, tools })
    }

    /// A cargo command for the browser's target, in the cache's target folder.
    pub(crate) fn cargo(&self, places: &Places, subcommand: &str, features: &str) -> Command {
        let mut cargo = process::command(self.toolchain.cargo());
        cargo.arg(subcommand).args(["--target", wasm_toolchain::WASM_TARGET, "--features", features]);
        self.prepare(places, &mut cargo);
        cargo
    }

    /// A trunk command with a cargo profile and the folder the site goes to.
    pub(crate) fn trunk(&self, places: &Places, subcommand: &str, profile: &str, site: &Path) -> Command {
        let program = self.tools.iter().map(|dir| dir.join("trunk")).find(|path| path.is_file());
        let mut trunk = process::command(program.unwrap_or_else(|| PathBuf::from("trunk")));
        trunk.args([subcommand, "--skip-version-check", "--cargo-profile", profile]);
        trunk.arg("--dist").arg(site);
        self.prepare(places, &mut trunk);
        // trunk reads NO_COLOR as true or false only, and stops on the usual `1`.
        trunk.env_remove("NO_COLOR");
        trunk
    }

    fn prepare(&self, places: &Places, command: &mut Command) {
        self.toolchain.apply(command, &self.tools);
        command.env("CARGO_TARGET_DIR", places.target("wasm")).current_dir(places.checkout());
    }
}

/// Builds the site with `profile` into `site`.
///
/// # Errors
/// The build fails, or leaves no page.
pub(crate) fn build(places: &Places, workshop: &Workshop, profile: &str, site: &Path) -> Outcome {
    std::fs::create_dir_all(site).map_err(TaskError::file("create", site))?;
    process::run("building the site", &mut workshop.trunk(places, "build", profile, site))
}

/// Writes the build's id, a hash of the workers, into the page, which asks for the worker's files with it.
///
/// To be called when the engine's files are final.
///
/// # Errors
/// A file of the site cannot be read or written.
pub(crate) fn stamp(site: &Path) -> Outcome {
    let read = |name: &str| std::fs::read(site.join(name)).map_err(TaskError::file("read", site.join(name)));
    let files = ["engine", "stats"].map(|worker| {
        [format!("{worker}.js"), format!("{worker}_bg.wasm"), format!("{worker}-loader.js")].map(|name| read(&name))
    });
    let files = files.into_iter().flatten().collect::<Outcome<Vec<_>>>()?;
    let id = build_id(&files.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let page = site.join("index.html");
    let text = std::fs::read_to_string(&page).map_err(TaskError::file("read", &page))?;
    std::fs::write(&page, stamped(&text, &id)).map_err(TaskError::file("write", &page))
}

fn stamped(page: &str, id: &str) -> String {
    page.replace(UNSTAMPED, &format!(r#"name="featurescope-build" content="{id}""#))
}

/// FNV-1a over all files, 64 bits in hexadecimal digits: equal files give equal ids on every machine.
fn build_id(files: &[&[u8]]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = files.iter().copied().flatten().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_fnv_1a() {
        assert_eq!(build_id(&[b""]), "cbf29ce484222325");
        assert_eq!(build_id(&[b"foo", b"bar"]), "85944171f73967e8");
    }

    #[test]
    fn trunk_builds_each_binary_with_the_features_it_is_checked_with() {
        let page = include_str!("../../../www/index.html");
        for (bin, features) in [("app", PAGE_FEATURES), ("engine", ENGINE_FEATURES), ("stats", POOL_FEATURES)] {
            let link = page.lines().find(|line| line.contains(&format!("data-bin=\"{bin}\""))).unwrap();
            assert!(link.contains(&format!("data-cargo-features=\"{features}\"")), "{link}");
        }
    }

    #[test]
    fn the_page_of_this_project_can_be_stamped() {
        let page = include_str!("../../../www/index.html");
        assert!(stamped(page, "abc").contains(r#"name="featurescope-build" content="abc""#));
    }
}
