//! Where things are: the checkout, and the cache outside it that all checkouts share.

use std::path::{Path, PathBuf};

use crate::error::{Outcome, TaskError};

/// The checkout and the per-user cache.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    checkout: PathBuf,
    cache: PathBuf,
}

impl Places {
    /// Finds both: the checkout from cargo, the cache from `FEATURESCOPE_CACHE`, `XDG_CACHE_HOME` or the home folder.
    ///
    /// # Errors
    /// None of the three variables names a folder.
    pub(crate) fn find() -> Outcome<Self> {
        let checkout = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let cache = cache_dir(|name| std::env::var(name).ok().filter(|value| !value.is_empty())).ok_or_else(|| {
            TaskError::Missing {
                need: "a cache folder".to_owned(),
                reason: "neither FEATURESCOPE_CACHE, XDG_CACHE_HOME, HOME nor LOCALAPPDATA is set".to_owned(),
                advice: "set FEATURESCOPE_CACHE to a folder with 10 GB to spare".to_owned(),
            }
        })?;
        Ok(Self { checkout, cache })
    }

    /// The folder with `Cargo.toml`.
    pub(crate) fn checkout(&self) -> &Path {
        &self.checkout
    }

    /// The cache that all checkouts of this user share.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// Where a tool of this name and version is installed.
    pub(crate) fn tool(&self, name: &str, version: &str) -> PathBuf {
        self.cache.join("tools").join(format!("{name}-{version}"))
    }

    /// The target folder for one toolchain: `native`, `wasm` or `tools`.
    pub(crate) fn target(&self, toolchain: &str) -> PathBuf {
        self.cache.join("target").join(toolchain)
    }

    /// Where a site built with this profile goes when it is not meant to be kept.
    pub(crate) fn site(&self, profile: &str) -> PathBuf {
        self.cache.join("site").join(profile)
    }

    /// Makes cargo forget what it compiled of this package if another checkout used the cache last.
    ///
    /// Cargo tells two checkouts' sources apart by their times only: it would take what the other compiled later for
    /// this one's. Dependencies stay.
    ///
    /// # Errors
    /// A file of the cache cannot be removed or written.
    pub(crate) fn take_over(&self) -> Outcome {
        let note = self.cache.join("checkout");
        let own = self.checkout.to_string_lossy();
        if std::fs::read_to_string(&note).is_ok_and(|last| last == own) {
            return Ok(());
        }
        forget_package(&self.cache.join("target"))?;
        std::fs::create_dir_all(&self.cache).map_err(TaskError::file("create", &self.cache))?;
        std::fs::write(&note, own.as_bytes()).map_err(TaskError::file("write", &note))
    }

    /// Where browser tests leave their screenshots.
    pub(crate) fn screenshots(&self) -> PathBuf {
        self.cache.join("screenshots")
    }
}

/// Removes cargo's fingerprints of this package below a folder of target folders.
fn forget_package(folder: &Path) -> Outcome {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_fingerprints = folder.ends_with(".fingerprint");
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if is_fingerprints && name.starts_with(concat!(env!("CARGO_PKG_NAME"), "-")) {
            std::fs::remove_dir_all(&path).map_err(TaskError::file("remove", &path))?;
        } else if !is_fingerprints && !matches!(name.as_str(), "deps" | "build" | "incremental" | "examples") {
            forget_package(&path)?;
        }
    }
    Ok(())
}

fn cache_dir(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let under = |name: &str, rest: &str| variable(name).map(|dir| PathBuf::from(dir).join(rest));
    under("FEATURESCOPE_CACHE", "")
        .or_else(|| under("XDG_CACHE_HOME", "featurescope"))
        .or_else(|| under("HOME", ".cache/featurescope"))
        .or_else(|| under("LOCALAPPDATA", "featurescope"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn another_checkout_compiles_its_own_package_and_keeps_the_dependencies() {
        let cache = std::env::temp_dir().join(format!("featurescope-places-{}", std::process::id()));
        let fingerprints = cache.join("target/wasm/wasm32-unknown-unknown/browser/.fingerprint");
        let kinds = || [fingerprints.join("featurescope-1a"), fingerprints.join("serde-2b")].map(|path| path.exists());
        let make =
            || ["featurescope-1a", "serde-2b"].map(|name| std::fs::create_dir_all(fingerprints.join(name)).unwrap());
        let places = |checkout: &str| Places { checkout: PathBuf::from(checkout), cache: cache.clone() };
        make();
        places("/a").take_over().unwrap();
        assert_eq!(kinds(), [false, true]);
        make();
        places("/a").take_over().unwrap();
        assert_eq!(kinds(), [true, true]);
        places("/b").take_over().unwrap();
        assert_eq!(kinds(), [false, true]);
        std::fs::remove_dir_all(cache).unwrap();
    }

    #[test]
    fn an_explicit_cache_wins() {
        let found = cache_dir(with(&[("FEATURESCOPE_CACHE", "/c"), ("HOME", "/h")]));
        assert_eq!(found, Some(PathBuf::from("/c")));
    }

    #[test]
    fn xdg_comes_before_home() {
        let found = cache_dir(with(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]));
        assert_eq!(found, Some(PathBuf::from("/x/featurescope")));
        assert_eq!(cache_dir(with(&[("HOME", "/h")])), Some(PathBuf::from("/h/.cache/featurescope")));
    }

    #[test]
    fn without_any_variable_there_is_no_cache() {
        assert_eq!(cache_dir(with(&[])), None);
    }
}
