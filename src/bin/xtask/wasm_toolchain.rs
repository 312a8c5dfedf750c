//! Finds or installs a Rust toolchain that compiles for `wasm32-unknown-unknown`.
//!
//! Two ways exist. A toolchain managed by rustup usually has, or can add, the target's standard library. Where
//! the network does not reach rustup's servers, Debian's `rustc-web` packages compile the standard library from
//! source (`build-std`). [`decide`] chooses from plain facts; the chosen [`WasmToolchain`] is nothing but
//! environment variables, the same for cargo, clippy and trunk.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Outcome, TaskError};
use crate::process;
use crate::system::Installer;

/// The target all browser code is compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy"];
/// What is built from source. `test` is named although only tests need it: cargo would add it for them, and then
/// compile every dependency once more.
const STANDARD_LIBRARY: &str = "std,panic_abort,test";
const RUSTUP_LIMIT: Duration = Duration::from_mins(2);

/// A toolchain for wasm, as the environment that makes cargo use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WasmToolchain {
    /// The toolchain that runs this task has the target installed.
    Installed,
    /// Debian's `rustc-web`, which builds the standard library from source.
    DebianWeb,
}

/// What [`decide`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The active toolchain's sysroot holds the wasm32 standard library.
    pub(crate) has_target: bool,
    /// All files of Debian's `rustc-web` are there.
    pub(crate) has_debian_web: bool,
    /// rustup is in `PATH`, and has not refused the target already.
    pub(crate) may_ask_rustup: bool,
    /// How system packages can be installed.
    pub(crate) installer: Installer,
}

/// The next step towards a toolchain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to do: use this one.
    Use(WasmToolchain),
    /// Ask rustup for the target; where it refuses, decide again without it.
    AskRustup,
    /// Install Debian's packages.
    InstallDebianWeb,
    /// A person must act.
    AskPerson,
}

/// What to do next, given the facts: what is there comes before what must be installed, rustup before apt.
pub(crate) fn decide(facts: Facts) -> Step {
    if facts.has_target {
        Step::Use(WasmToolchain::Installed)
    } else if facts.has_debian_web {
        Step::Use(WasmToolchain::DebianWeb)
    } else if facts.may_ask_rustup {
        Step::AskRustup
    } else if facts.installer.is_automatic() {
        Step::InstallDebianWeb
    } else {
        Step::AskPerson
    }
}

/// Carries out [`decide`] until a toolchain is there; `say` hears what is installed and why.
///
/// # Errors
/// Neither way works here; the error says what a person can type.
pub(crate) fn find_or_install(installer: Installer, say: &mut dyn FnMut(&str)) -> Outcome<WasmToolchain> {
    let mut refusal = None;
    loop {
        match decide(facts(installer, refusal.is_none())) {
            Step::Use(toolchain) => return Ok(toolchain),
            Step::AskRustup => {
                say(&format!("asking rustup for {WASM_TARGET}: the page and its engine are compiled for it"));
                let mut rustup = process::command("rustup");
                rustup.args(["target", "add", WASM_TARGET]);
                if let Err(said) = process::succeeds_within(&mut rustup, RUSTUP_LIMIT) {
                    say(&format!("rustup cannot add {WASM_TARGET} here ({said}); trying Debian's packages"));
                    refusal = Some(said);
                } else if !sysroot_has_target() {
                    refusal = Some("it says the target is there, but its folder is not".to_owned());
                }
            }
            Step::InstallDebianWeb => install_debian_web(installer, say)?,
            Step::AskPerson => return Err(missing(installer, refusal.as_deref())),
        }
    }
}

fn install_debian_web(installer: Installer, say: &mut dyn FnMut(&str)) -> Outcome {
    say(&format!("installing Debian's {}: they compile for the browser without rustup", DEBIAN_PACKAGES.join(", ")));
    installer.install("a Rust toolchain for wasm32", &DEBIAN_PACKAGES)?;
    if has_debian_web() {
        return Ok(());
    }
    Err(TaskError::Missing {
        need: format!("a Rust toolchain for {WASM_TARGET}"),
        reason: format!("Debian's rustc-web is installed, but older than Rust {}", env!("CARGO_PKG_RUST_VERSION")),
        advice: format!("install Rust with rustup and make `rustup target add {WASM_TARGET}` work"),
    })
}

fn missing(installer: Installer, refusal: Option<&str>) -> TaskError {
    let reason = refusal.map_or_else(
        || "there is no rustup, and Debian's packages cannot be installed from here".to_owned(),
        |said| format!("`rustup target add {WASM_TARGET}` fails ({said})"),
    );
    let advice = format!(
        "either make `rustup target add {WASM_TARGET}` work, or, on Debian, {}",
        installer.advice(&DEBIAN_PACKAGES)
    );
    TaskError::Missing { need: format!("a Rust toolchain for {WASM_TARGET}"), reason, advice }
}

impl WasmToolchain {
    /// A line that says which one it is.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Installed => "the active toolchain has wasm32-unknown-unknown",
            Self::DebianWeb => "Debian's rustc-web, the standard library built from source",
        }
    }

    /// Gives `command` (cargo, or a program that calls it) this toolchain, `tools` first in its `PATH`.
    pub(crate) fn apply(&self, command: &mut Command, tools: &[PathBuf]) {
        let mut path = tools.to_vec();
        if *self == Self::DebianWeb {
            path.push(PathBuf::from("/usr/bin"));
            command
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", STANDARD_LIBRARY)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", debian_lld())
                .env_remove("RUSTUP_TOOLCHAIN");
        }
        let rest = std::env::var_os("PATH").unwrap_or_default();
        path.extend(std::env::split_paths(&rest));
        if let Ok(joined) = std::env::join_paths(path) {
            command.env("PATH", joined);
        }
    }

    /// The program to start for cargo itself.
    pub(crate) fn cargo(&self) -> PathBuf {
        match self {
            Self::Installed => std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from),
            Self::DebianWeb => PathBuf::from("/usr/bin/cargo"),
        }
    }
}

fn facts(installer: Installer, may_ask_rustup: bool) -> Facts {
    Facts {
        has_target: sysroot_has_target(),
        has_debian_web: has_debian_web(),
        may_ask_rustup: may_ask_rustup && process::find("rustup").is_some(),
        installer,
    }
}

fn sysroot_has_target() -> bool {
    process::probe(process::command("rustc").args(["--print", "sysroot"]))
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir())
}

fn debian_lld() -> PathBuf {
    PathBuf::from("/usr/bin/rust-lld")
}

fn has_debian_web() -> bool {
    let files = ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/clippy-driver", "/usr/lib/rustlib/src"];
    files.iter().all(|file| Path::new(file).exists()) && debian_lld().exists() && debian_rustc_is_new_enough()
}

fn debian_rustc_is_new_enough() -> bool {
    let said = process::probe(process::command("/usr/bin/rustc").arg("--version")).unwrap_or_default();
    let needed = version(env!("CARGO_PKG_RUST_VERSION"));
    said.split_whitespace().nth(1).is_some_and(|found| version(found) >= needed)
}

/// Major and minor number of a version such as `1.96.0`.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Facts =
        Facts { has_target: false, has_debian_web: false, may_ask_rustup: false, installer: Installer::None };

    #[test]
    fn an_installed_target_is_used_as_it_is() {
        let facts = Facts { has_target: true, has_debian_web: true, may_ask_rustup: true, ..BARE };
        assert_eq!(decide(facts), Step::Use(WasmToolchain::Installed));
    }

    #[test]
    fn debians_toolchain_is_used_before_rustup_is_asked() {
        let facts = Facts { has_debian_web: true, may_ask_rustup: true, ..BARE };
        assert_eq!(decide(facts), Step::Use(WasmToolchain::DebianWeb));
    }

    #[test]
    fn rustup_is_asked_before_anything_is_installed() {
        let facts = Facts { may_ask_rustup: true, installer: Installer::AptAsRoot, ..BARE };
        assert_eq!(decide(facts), Step::AskRustup);
    }

    #[test]
    fn where_rustup_refuses_apt_installs() {
        assert_eq!(decide(Facts { installer: Installer::AptWithSudo, ..BARE }), Step::InstallDebianWeb);
    }

    #[test]
    fn where_nothing_works_a_person_is_asked() {
        assert_eq!(decide(Facts { installer: Installer::AptByHand, ..BARE }), Step::AskPerson);
        let text = missing(Installer::AptByHand, Some("no network")).to_string();
        assert!(text.contains("no network") && text.contains("sudo apt-get install rustc-web"));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("1.96.0") > version("1.95") && version("1.100.1") > version("1.95"));
        assert!(version("1.63.0") < version("1.95"));
    }

    #[test]
    fn debians_toolchain_comes_first_in_the_path() {
        let mut command = Command::new("cargo");
        WasmToolchain::DebianWeb.apply(&mut command, &[PathBuf::from("/tools/bin")]);
        let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap();
        assert!(path.to_string_lossy().starts_with("/tools/bin:/usr/bin:"));
    }
}
