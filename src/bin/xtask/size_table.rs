//! Sizes of the files of a site: as they are, and as gzip and brotli send them.

use std::fmt::Write as _;

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSize {
    /// Its path in the site.
    pub(crate) name: String,
    /// Bytes as it is.
    pub(crate) raw: u64,
    /// Bytes with gzip; equal to `raw` where compression gains nothing.
    pub(crate) gzip: u64,
    /// Bytes with brotli; equal to `raw` where compression gains nothing.
    pub(crate) brotli: u64,
}

/// When the page loads a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before it draws the demo for the first time.
    FirstPicture,
    /// Afterwards, to have the demo's data.
    Demo,
    /// When something is to be computed.
    Engine,
    /// Never: it is for people and other programs.
    Never,
}

/// A table with one line a file, largest first, and sums: all, and what each phase loads.
pub(crate) fn table(files: &[FileSize], phase: impl Fn(&str) -> Phase) -> String {
    let mut sorted = files.to_vec();
    sorted.sort_by(|a, b| b.raw.cmp(&a.raw).then_with(|| a.name.cmp(&b.name)));
    let of = |wanted: Phase| sorted.iter().filter(|file| phase(&file.name) == wanted).cloned().collect::<Vec<_>>();
    let sums = [
        sum("all files", &sorted),
        sum("  first picture of the demo", &of(Phase::FirstPicture)),
        sum("  the demo's data", &of(Phase::Demo)),
        sum("  the engine", &of(Phase::Engine)),
    ];
    let width = sorted.iter().chain(&sums).map(|file| file.name.chars().count()).max().unwrap_or(0);
    let mut table = format!("{:<width$}  {:>10}  {:>10}  {:>10}\n", "file", "raw", "gzip", "brotli");
    for file in sorted.iter().chain(&sums) {
        let [raw, gzip, brotli] = [file.raw, file.gzip, file.brotli].map(shown);
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{:<width$}  {raw:>10}  {gzip:>10}  {brotli:>10}", file.name);
    }
    table
}

fn sum(name: &str, files: &[FileSize]) -> FileSize {
    let of = |size: fn(&FileSize) -> u64| files.iter().map(size).sum();
    FileSize { name: name.to_owned(), raw: of(|f| f.raw), gzip: of(|f| f.gzip), brotli: of(|f| f.brotli) }
}

/// Bytes in kB (1,000 bytes) or MB.
fn shown(bytes: u64) -> String {
    if bytes < 1_000_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { format!("{:.2} MB", bytes as f64 / 1e6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, raw: u64) -> FileSize {
        FileSize { name: name.to_owned(), raw, gzip: raw / 2, brotli: raw / 4 }
    }

    #[test]
    fn the_largest_file_comes_first_and_sums_last() {
        let phase = |name: &str| if name.contains("engine") { Phase::Engine } else { Phase::FirstPicture };
        let table = table(&[file("app.js", 40_000), file("engine_bg.wasm", 20_000_000)], phase);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].starts_with("engine_bg.wasm"));
        assert!(lines[3].starts_with("all files") && lines[3].contains("20.04 MB"));
        assert!(lines[4].contains("first picture") && lines[4].ends_with("10.0 kB"));
    }
}
