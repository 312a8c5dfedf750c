//! `cargo xtask dist`: the site as people get it, in `dist/`: optimised, stripped, compressed, measured.
//!
//! Trunk names the page's files by their content. The worker's files keep their names; the page asks for them
//! with the build's id, a hash of the engine, in the query string. Everything is relative, so that the folder works
//! below any path of any static host.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::clock::Stopwatch;
use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::process;
use crate::setup::announce;
use crate::site::{self, Workshop};
use crate::size_table::{self, FileSize, Phase};
use crate::system::Installer;
use crate::tools;

/// Endings of files that gain from compression.
const COMPRESSIBLE: [&str; 11] =
    ["bin", "html", "js", "css", "wasm", "json", "svg", "webmanifest", "txt", "csv", "gmt"];
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 24;
const GZIP_LEVEL: u32 = 9;
/// What the compiler emits for this project and every browser with WebGPU or WebGL2 runs.
const WASM_OPT: [&str; 8] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-producers",
];

/// Makes `dist/` anew with a cargo profile for the wasm files and returns its path.
///
/// # Errors
/// A tool is missing, the build fails, or a file cannot be written.
pub(crate) fn dist(places: &Places, profile: &str) -> Outcome<PathBuf> {
    let installer = Installer::find();
    let mut watch = Stopwatch::default();
    let workshop = watch.step("set-up", || Workshop::find_or_install(places, installer, &mut announce))?;
    let wasm_opt = tools::wasm_opt(places, installer, &mut announce)?;
    let site = places.checkout().join("dist");
    if site.exists() {
        std::fs::remove_dir_all(&site).map_err(TaskError::file("empty", &site))?;
    }
    watch.step("compiling", || site::build(places, &workshop, profile, &site))?;
    watch.step("wasm-opt", || optimise(&wasm_opt, &site))?;
    site::stamp(&site)?;
    let sizes = watch.step("compressing", || compress_all(&site))?;
    println!("{}\n{}", watch.table(), size_table::table(&sizes, phase));
    Ok(site)
}

/// When the page loads a file.
fn phase(name: &str) -> Phase {
    match name {
        "demo/manifest.json" | "demo/preview.bin" => Phase::FirstPicture,
        _ if is_engine(name) => Phase::Engine,
        _ if extension(Path::new(name)) == "md" => Phase::Never,
        _ if name.starts_with("demo/") => Phase::Demo,
        _ => Phase::FirstPicture,
    }
}

fn is_engine(name: &str) -> bool {
    name.starts_with("engine") || name.starts_with("stats")
}

fn optimise(wasm_opt: &Path, site: &Path) -> Outcome {
    for file in files_below(site)?.iter().filter(|file| extension(file) == "wasm") {
        let is_engine = file.file_name().is_some_and(|name| is_engine(&name.to_string_lossy()));
        // The engine is large and its inner loops are what counts; the page is small and its download is.
        let level = if is_engine { "-O2" } else { "-Oz" };
        let mut command = process::command(wasm_opt);
        command.arg(level).args(WASM_OPT).arg(file).arg("-o").arg(file);
        process::run("wasm-opt", &mut command)?;
    }
    Ok(())
}

fn compress_all(site: &Path) -> Outcome<Vec<FileSize>> {
    let mut sizes = Vec::new();
    for file in files_below(site)? {
        let bytes = std::fs::read(&file).map_err(TaskError::file("read", &file))?;
        let raw = bytes.len() as u64;
        let name = file.strip_prefix(site).unwrap_or(&file).display().to_string();
        let (gzip, brotli) = if COMPRESSIBLE.contains(&extension(&file).as_str()) {
            (keep(&file, "gz", gzipped(&bytes), raw)?, keep(&file, "br", brotlied(&bytes), raw)?)
        } else {
            (raw, raw)
        };
        sizes.push(FileSize { name, raw, gzip, brotli });
    }
    Ok(sizes)
}

/// Writes the compressed twin where it is smaller, and returns what a visitor downloads.
fn keep(file: &Path, ending: &str, packed: std::io::Result<Vec<u8>>, raw: u64) -> Outcome<u64> {
    let twin = PathBuf::from(format!("{}.{ending}", file.display()));
    let packed = packed.map_err(TaskError::file("compress", file))?;
    if packed.len() as u64 >= raw {
        return Ok(raw);
    }
    std::fs::write(&twin, &packed).map_err(TaskError::file("write", &twin))?;
    Ok(packed.len() as u64)
}

fn gzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotlied(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut packed, 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(bytes)?;
    encoder.flush()?;
    drop(encoder);
    Ok(packed)
}

/// All files below a folder, sorted by path.
fn files_below(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(TaskError::file("read", &folder))? {
            let path = entry.map_err(TaskError::file("read", &folder))?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn extension(path: &Path) -> String {
    path.extension().map_or_else(String::new, |extension| extension.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_and_the_demos_data_are_not_part_of_the_first_picture() {
        assert_eq!(phase("engine_bg.wasm"), Phase::Engine);
        assert_eq!(phase("demo/kang.h5ad"), Phase::Demo);
        assert_eq!(phase("demo/README.md"), Phase::Never);
        for name in ["app-0123_bg.wasm", "index.html", "demo/preview.bin"] {
            assert_eq!(phase(name), Phase::FirstPicture);
        }
    }

    #[test]
    fn both_compressions_unpack_to_the_same_bytes() {
        let bytes = b"features and cells ".repeat(50);
        let mut from_gzip = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzipped(&bytes).unwrap()[..]), &mut from_gzip)
            .unwrap();
        let mut from_brotli = Vec::new();
        brotli::BrotliDecompress(&mut &brotlied(&bytes).unwrap()[..], &mut from_brotli).unwrap();
        assert_eq!((&from_gzip, &from_brotli), (&bytes, &bytes));
    }
}
