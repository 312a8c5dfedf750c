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

    /// Where browser tests leave their screenshots.
    pub(crate) fn screenshots(&self) -> PathBuf {
        self.cache.join("screenshots")
    }
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
