//! What was measured: seconds and peak memory by place, bench and step, other programs' seconds, and the machine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Bench;

/// Where something ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The command line.
    Native,
    /// The page in Chromium.
    Tab,
}

/// What another program takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    /// What it is compared with.
    pub(super) bench: Bench,
    /// Which program, and how.
    pub(super) what: String,
    /// Its wall seconds, of everything or of one feature.
    pub(super) secs: f64,
    /// Whether they are of one feature.
    pub(super) is_per_feature: bool,
    /// The step it did, where a bench has several.
    pub(super) step: Option<String>,
    /// The most memory it held, if it says so.
    pub(super) peak_bytes: Option<u64>,
}

/// The sizes of an analysis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Cells opened.
    pub(super) cells: u64,
    /// Features analysed.
    pub(super) features: u64,
    /// Genes tested.
    pub(super) genes: u64,
    /// Gene sets tested.
    pub(super) sets: u64,
}

/// Everything measured in one call.
#[derive(Debug, Default)]
pub(super) struct Measured {
    secs: BTreeMap<(Place, String, String), Vec<f64>>,
    peaks: BTreeMap<(Place, String), u64>,
    /// Sizes, by bench.
    pub(super) sizes: BTreeMap<Bench, Sizes>,
    /// Other programs.
    pub(super) references: Vec<Reference>,
    /// What was left out and why.
    pub(super) skipped: Vec<String>,
    /// Versions of what ran.
    pub(super) versions: BTreeSet<String>,
    loads: Vec<String>,
}

impl Measured {
    /// Nothing yet, and how busy the machine is.
    pub(super) fn begin() -> Self {
        let versions = [concat!("featurescope ", env!("CARGO_PKG_VERSION")).to_owned()].into();
        Self { versions, loads: load().into_iter().collect(), ..Self::default() }
    }

    /// Notes how busy the machine is at the end.
    pub(super) fn end(&mut self) {
        self.loads.extend(load());
    }

    /// Notes that something was left out, and says so.
    pub(super) fn skip(&mut self, sentence: String) {
        println!("{sentence}");
        self.skipped.push(sentence);
    }

    /// Takes JSON lines of one place: `step`, `secs`, `peak_bytes`, and `bench` unless it is given; `browser` too.
    pub(super) fn take_lines(&mut self, place: Place, bench: Option<Bench>, lines: &str) {
        for row in rows(lines) {
            let Some(name) = bench.map(Bench::name).or_else(|| row["bench"].as_str()) else { continue };
            if let Some(browser) = row["browser"].as_str().and_then(chromium) {
                self.versions.insert(browser);
            }
            if let (Some(step), Some(secs)) = (row["step"].as_str(), row["secs"].as_f64()) {
                self.take(place, name, step, secs);
            }
            if let Some(bytes) = row["peak_bytes"].as_u64() {
                let peak = self.peaks.entry((place, name.to_owned())).or_default();
                *peak = bytes.max(*peak);
            }
        }
    }

    /// Takes one time.
    pub(super) fn take(&mut self, place: Place, bench: &str, step: &str, secs: f64) {
        self.secs.entry((place, bench.to_owned(), step.to_owned())).or_default().push(secs);
    }

    /// The median time of a step, if it ran.
    pub(super) fn secs(&self, place: Place, bench: Bench, step: &str) -> Option<f64> {
        median(self.secs.get(&(place, bench.name().to_owned(), step.to_owned()))?)
    }

    /// The steps of a bench that ran anywhere, by name.
    pub(super) fn steps(&self, bench: Bench) -> BTreeSet<&str> {
        self.secs.keys().filter(|(_, name, _)| name == bench.name()).map(|(_, _, step)| step.as_str()).collect()
    }

    /// The most memory held, if it is known.
    pub(super) fn peak_bytes(&self, place: Place, bench: Bench) -> Option<u64> {
        self.peaks.get(&(place, bench.name().to_owned())).copied()
    }

    /// Processors and load as a sentence.
    pub(super) fn machine(&self) -> String {
        let n = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let processors = if n == 1 { "1 processor".to_owned() } else { format!("{n} processors") };
        match self.loads.as_slice() {
            [] => format!("{processors}; load unknown"),
            loads => format!("{processors}; load average (1 min) at begin and end: {}", loads.join(", ")),
        }
    }
}

/// The objects among lines of JSON.
pub(super) fn rows(lines: &str) -> Vec<Value> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object).collect()
}

/// Of an even number the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(sorted[middle - 1], upper) })
}

/// `Chromium 131.0.0.0` from a browser's own description.
fn chromium(description: &str) -> Option<String> {
    let version = description.split_once("Chrome/")?.1.split_whitespace().next()?;
    Some(format!("Chromium {version}"))
}

fn load() -> Option<String> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn lines_are_filed_by_place_bench_and_step() {
        let mut measured = Measured::default();
        let lines = "{\"bench\":\"gsea\",\"browser\":\"Mozilla/5.0 HeadlessChrome/131.0.0.0 Safari\"}\nnot JSON\n\
            {\"bench\":\"gsea\",\"step\":\"gsea\",\"secs\":2.0,\"peak_bytes\":10}\n\
            {\"bench\":\"gsea\",\"step\":\"gsea\",\"secs\":4.0,\"peak_bytes\":null}\n";
        measured.take_lines(Place::Tab, None, lines);
        assert_eq!(measured.secs(Place::Tab, Bench::Gsea, "gsea"), Some(3.0));
        assert_eq!(measured.secs(Place::Native, Bench::Gsea, "gsea"), None);
        assert_eq!(measured.peak_bytes(Place::Tab, Bench::Gsea), Some(10));
        assert!(measured.versions.contains("Chromium 131.0.0.0"));
        measured.take_lines(Place::Native, Some(Bench::Paper), "{\"step\":\"open\",\"secs\":1.5}\n");
        assert_eq!(measured.secs(Place::Native, Bench::Paper, "open"), Some(1.5));
        assert_eq!(measured.peak_bytes(Place::Native, Bench::Paper), None);
    }
}
