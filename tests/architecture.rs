//! Who may import whom: every `crate::…` path of `src/` against one table, and that table against `src/README.md`.
//!
//! Sources are read as text, comments and string literals taken out (`source`), and paths are found in what is left:
//! `crate::a::b`, `crate::{a::b, c}`, and `super::…` where it leaves the module. Unit tests obey the same rules.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Source, sources};

/// A module and the modules it may import; binaries may import everything.
const TABLE: [(&str, &[&str]); 14] = [
    ("data", &[]),
    ("plot", &["data"]),
    ("stats", &["data"]),
    ("io", &["data"]),
    ("sae", &["data", "stats"]),
    ("enrich", &["data", "stats"]),
    ("lens", &["data", "stats", "enrich", "sae"]),
    ("steer", &["data", "stats", "enrich", "sae"]),
    ("protocol", &["data", "sae", "lens", "steer"]),
    ("pool", &["data", "io", "sae", "enrich", "lens", "protocol"]),
    ("platform", &["data", "io", "protocol", "pool"]),
    ("engine", &["data", "stats", "io", "sae", "enrich", "lens", "steer", "protocol", "pool", "platform"]),
    ("cli", &["data", "stats", "io", "sae", "enrich", "lens", "steer", "protocol", "platform", "engine"]),
    ("ui", &["data", "plot", "protocol", "platform"]),
];

/// Modules that may name a browser or a front-end crate.
const BROWSER_MODULES: [&str; 3] = ["platform", "ui", "bin"];
const BROWSER_CRATES: [&str; 7] =
    ["web_sys", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "serde_wasm_bindgen", "leptos", "send_wrapper"];
/// Modules that may ask which machine they are built for.
const TARGET_MODULES: [&str; 2] = ["platform", "bin"];
/// Burn's WebGPU device exists only in wasm builds, so the place that makes devices, the kernels for it and tests in a
/// browser must ask, too.
const TARGET_FILES: [&str; 5] =
    ["sae/device.rs", "sae/bench.rs", "sae/kernels/mod.rs", "sae/kernels/tests/mod.rs", "sae/train/tests.rs"];

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    TABLE.iter().map(|(module, imports)| (*module, imports.iter().copied().collect())).collect()
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// Every (source, path) with a path from the crate's root, `crate::` taken off.
fn crate_paths(sources: &[Source]) -> impl Iterator<Item = (&Source, Vec<String>)> {
    sources.iter().flat_map(|source| source.crate_paths().into_iter().map(move |path| (source, path)))
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let (sources, allowed) = (sources(), allowed());
    let mut violations = Vec::new();
    for (source, path) in crate_paths(&sources) {
        let (from, to) = (source.module.as_str(), path[0].as_str());
        let is_free = from == "bin" || from == "lib" || from == to;
        if !is_free && !allowed.get(from).is_some_and(|imports| imports.contains(to)) {
            violations.push(format!("src/{}: {from} may not import crate::{}", source.name, path.join("::")));
        }
    }
    assert_none(&violations);
}

#[test]
fn every_module_stands_in_the_table() {
    let allowed = allowed();
    let unknown: Vec<String> = sources()
        .into_iter()
        .filter(|source| !["bin", "lib"].contains(&source.module.as_str()))
        .filter(|source| !allowed.contains_key(source.module.as_str()))
        .map(|source| format!("src/{}: module {} is not in the table", source.name, source.module))
        .collect();
    assert_none(&unknown);
}

/// Files that hold parameters.
const PARAMETER_FILES: [&str; 3] = ["params", "sweep", "weight_format"];

/// What these files export: `protocol` re-exports these and nothing else of the science.
fn exported_params(sources: &[Source], module: &str) -> BTreeSet<String> {
    let root = sources.iter().find(|source| source.name == format!("{module}/mod.rs")).unwrap();
    let uses = PARAMETER_FILES.iter().flat_map(|file| root.relative_uses(file));
    uses.filter_map(|path| path.last().cloned()).collect()
}

#[test]
fn protocol_takes_only_parameter_types_from_the_science() {
    let sources = sources();
    let mut violations = Vec::new();
    for module in ["sae", "lens", "steer"] {
        let exported = exported_params(&sources, module);
        assert!(!exported.is_empty(), "{module}/mod.rs exports no parameters");
        for (source, path) in
            crate_paths(&sources).filter(|(source, path)| source.module == "protocol" && path[0] == module)
        {
            if !(path.len() == 2 && exported.contains(&path[1])) {
                violations.push(format!("src/{}: {} is not a parameter type", source.name, path.join("::")));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn the_page_uses_only_the_web_half_of_platform() {
    let sources = sources();
    let violations: Vec<String> = crate_paths(&sources)
        .filter(|(source, path)| source.module == "ui" && path[0] == "platform")
        .filter(|(_, path)| path.get(1).is_none_or(|part| part != "web"))
        .map(|(source, path)| format!("src/{}: crate::{}", source.name, path.join("::")))
        .collect();
    assert_none(&violations);
}

#[test]
fn only_sae_knows_burn_and_only_the_outside_knows_the_browser() {
    let mut violations = Vec::new();
    for source in sources() {
        let forbid = |names: &[&str], violations: &mut Vec<String>| {
            let found = names.iter().filter(|name| source.names_crate(name));
            violations.extend(found.map(|name| format!("src/{}: {} may not use {name}", source.name, source.module)));
        };
        if source.module != "sae" {
            forbid(&["burn"], &mut violations);
        }
        if !BROWSER_MODULES.contains(&source.module.as_str()) {
            forbid(&BROWSER_CRATES, &mut violations);
        }
    }
    assert_none(&violations);
}

#[test]
fn only_platform_and_binaries_ask_for_the_target() {
    let violations: Vec<String> = sources()
        .into_iter()
        .filter(|source| !TARGET_MODULES.contains(&source.module.as_str()))
        .filter(|source| !TARGET_FILES.contains(&source.name.as_str()))
        .filter(|source| source.has_word("target_arch"))
        .map(|source| format!("src/{}: cfg(target_arch) belongs in platform or bin", source.name))
        .collect();
    assert_none(&violations);
}

/// The backticked words of a cell of the map.
fn code_words(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_readme_maps_every_module_with_the_same_table() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/README.md")).unwrap();
    let rows: BTreeMap<&str, &str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once('`'))
        .map(|(module, rest)| (module, rest.rsplit(" | ").next().unwrap()))
        .collect();
    for (module, imports) in allowed() {
        let cell = rows.get(module).unwrap_or_else(|| panic!("src/README.md has no row for {module}"));
        assert_eq!(code_words(cell), imports, "what src/README.md lets {module} import");
    }
    let declared: BTreeSet<String> = sources().into_iter().map(|source| source.module).collect();
    for module in declared.iter().filter(|module| !["bin", "lib"].contains(&module.as_str())) {
        assert!(rows.contains_key(module.as_str()), "src/README.md has no row for {module}");
    }
}
