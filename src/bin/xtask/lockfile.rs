//! Reads a package's version from `Cargo.lock`, so that tools are installed in the version the code was built for.
//!
//! Only the two lines `name` and `version` of each `[[package]]` matter, so no TOML parser is needed. Where a
//! package is locked in several versions, the first one listed (the lowest) is returned.

/// The version of `package` in the text of a `Cargo.lock`.
pub(crate) fn locked_version<'a>(lockfile: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lockfile.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == "[[package]]" && lines.next().and_then(|l| quoted(l, "name")) == Some(package) {
            return lines.next().and_then(|l| quoted(l, "version"));
        }
    }
    None
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry"
"#;

    #[test]
    fn the_version_is_that_of_the_exact_name() {
        assert_eq!(locked_version(LOCKFILE, "wasm-bindgen"), Some("0.2.130"));
    }

    #[test]
    fn an_unlocked_package_has_no_version() {
        assert_eq!(locked_version(LOCKFILE, "trunk"), None);
    }

    #[test]
    fn this_projects_lockfile_names_wasm_bindgen() {
        let lockfile = include_str!("../../../Cargo.lock");
        assert!(locked_version(lockfile, "wasm-bindgen").is_some_and(|version| version.starts_with("0.2.")));
    }
}
