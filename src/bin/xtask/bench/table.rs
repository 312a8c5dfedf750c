//! The Markdown table: what, goal, tab, native, reference and how many times as long the reference takes.

use std::fmt::Write as _;

use super::Bench;
use super::measured::{Measured, Place, Reference};

/// Columns of the table.
const HEAD: &str = "| what | goal | tab | native | reference | reference ÷ tab | reference ÷ native |\n\
    |---|---|---|---|---|---|---|\n";
/// Stands where there is no number.
const NONE: &str = "–";

/// A number with its unit's name.
type Shown = fn(f64) -> String;

/// One line of the table.
struct Row {
    what: String,
    goal: &'static str,
    tab: Option<f64>,
    native: Option<f64>,
    reference: Option<(f64, String)>,
    shown: Shown,
}

/// The table with the machine above it and what was left out below.
pub(super) fn markdown(measured: &Measured, wanted: &[Bench]) -> String {
    let mut text = format!("{}.\n", measured.machine());
    let versions: Vec<&str> = measured.versions.iter().map(String::as_str).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}.\n\n{HEAD}{}", versions.join(", "), lines(measured, wanted));
    for sentence in &measured.skipped {
        let _ = writeln!(text, "- {sentence}");
    }
    text
}

fn lines(measured: &Measured, wanted: &[Bench]) -> String {
    let rows = wanted.iter().flat_map(|bench| match bench {
        Bench::Analysis | Bench::Paper => features(measured, *bench),
        Bench::Wilcoxon | Bench::Gsea => groups(measured, *bench),
        Bench::Opening | Bench::OpeningLarge => opening(measured, *bench),
        Bench::Training => training(measured),
    });
    rows.filter(|row| row.tab.or(row.native).is_some()).map(|row| row.line()).collect()
}

/// All features of a data set: total, a feature, opening, memory.
fn features(measured: &Measured, bench: Bench) -> Vec<Row> {
    let sizes = measured.sizes.get(&bench).copied().unwrap_or_default();
    let (name, goals) = match bench {
        Bench::Analysis => ("Kang", [NONE, "tab 12 ms", NONE]),
        _ => ("paper's scale", ["tab 60 s, native 30 s", NONE, "tab 1.5 GB"]),
    };
    let what = format!(
        "{name}: {} cells, {} features × {} genes × {} sets",
        grouped(sizes.cells),
        grouped(sizes.features),
        grouped(sizes.genes),
        grouped(sizes.sets)
    );
    let n = sizes.features.max(1) as f64;
    let per_feature = measured.references.iter().find(|reference| reference.bench == bench && reference.is_per_feature);
    let estimate =
        |reference: &Reference| (reference.secs * n, format!("{}, from the time of a feature", reference.what));
    let [total_goal, feature_goal, memory_goal] = goals;
    let total = row(measured, bench, "analyse", what, total_goal);
    let a_feature = Row {
        what: format!("{name}, a feature"),
        goal: feature_goal,
        tab: total.tab.map(|secs| secs / n),
        native: total.native.map(|secs| secs / n),
        reference: per_feature.map(|reference| (reference.secs, reference.what.clone())),
        shown: millis,
    };
    let total = Row { reference: per_feature.map(estimate), ..total };
    let opening = row(measured, bench, "open", format!("{name}, opening files, and activations"), NONE);
    vec![total, a_feature, opening, memory(measured, bench, format!("{name}, peak memory"), memory_goal)]
}

/// One feature: the test or GSEA beside every program that does the same.
fn groups(measured: &Measured, bench: Bench) -> Vec<Row> {
    let sizes = measured.sizes.get(&bench).copied().unwrap_or_default();
    let (cells, genes, sets) = (grouped(sizes.cells), grouped(sizes.genes), grouped(sizes.sets));
    let (step, name, what, goal) = match bench {
        Bench::Wilcoxon => {
            ("analyse", "Wilcoxon", format!("Wilcoxon, {cells} cells × {genes} genes, two groups"), "tab 0.8 s")
        }
        _ => ("gsea", "GSEA", format!("GSEA, one ranking of {genes} genes over {sets} sets"), "tab 10 s"),
    };
    let beside: Vec<&Reference> = measured.references.iter().filter(|reference| reference.bench == bench).collect();
    let ours = || row(measured, bench, step, what.clone(), goal);
    let mut rows: Vec<Row> = beside
        .iter()
        .map(|reference| Row { reference: Some((reference.secs, reference.what.clone())), ..ours() })
        .collect();
    if rows.is_empty() {
        rows.push(ours());
    }
    rows.push(memory(measured, bench, format!("{name}, peak memory"), NONE));
    rows
}

/// Time and memory of opening a file beside every program that does.
fn opening(measured: &Measured, bench: Bench) -> Vec<Row> {
    let what = if bench == Bench::Opening { "opening Kang" } else { "opening 76 million counts" };
    let goal = "native as fast as anndata, tab half";
    let beside: Vec<&Reference> = measured.references.iter().filter(|reference| reference.bench == bench).collect();
    let time = || row(measured, bench, "open", what.to_owned(), goal);
    let held = || memory(measured, bench, format!("{what}, peak memory"), NONE);
    let with = |row: Row, value: f64, other: &Reference| Row { reference: Some((value, other.what.clone())), ..row };
    let mut rows: Vec<Row> = beside.iter().map(|other| with(time(), other.secs, other)).collect();
    rows.extend(beside.iter().filter_map(|other| Some(with(held(), other.peak_bytes? as f64, other))));
    if rows.is_empty() {
        rows.extend([time(), held()]);
    }
    rows
}

fn training(measured: &Measured) -> Vec<Row> {
    let bench = Bench::Training;
    let ours = |step: &str| Row { shown: millis, ..row(measured, bench, step, format!("training step, {step}"), NONE) };
    let mut rows = Vec::new();
    for step in measured.steps(bench) {
        // PyTorch's step costs the same however few features are active.
        let is_same = |reference: &&Reference| reference.step.as_deref().is_some_and(|other| step.starts_with(other));
        let beside: Vec<&Reference> = measured.references.iter().filter(is_same).collect();
        rows.extend(beside.iter().map(|other| Row { reference: Some((other.secs, other.what.clone())), ..ours(step) }));
        if beside.is_empty() {
            rows.push(ours(step));
        }
    }
    rows
}

fn row(measured: &Measured, bench: Bench, step: &str, what: String, goal: &'static str) -> Row {
    let secs = |place| measured.secs(place, bench, step);
    Row { what, goal, tab: secs(Place::Tab), native: secs(Place::Native), reference: None, shown: seconds }
}

fn memory(measured: &Measured, bench: Bench, what: String, goal: &'static str) -> Row {
    let bytes = |place| measured.peak_bytes(place, bench).map(|bytes| bytes as f64);
    Row { what, goal, tab: bytes(Place::Tab), native: bytes(Place::Native), reference: None, shown: gigabytes }
}

impl Row {
    fn line(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), self.shown);
        let reference = self.reference.as_ref();
        let beside =
            reference.map_or_else(|| NONE.to_owned(), |(value, what)| format!("{} ({what})", (self.shown)(*value)));
        let times = |ours: Option<f64>| match (reference, ours) {
            (Some((theirs, _)), Some(ours)) if ours > 0.0 => ratio(theirs / ours),
            _ => NONE.to_owned(),
        };
        let cells = [
            self.what.clone(),
            self.goal.to_owned(),
            number(self.tab),
            number(self.native),
            beside,
            times(self.tab),
            times(self.native),
        ];
        format!("| {} |\n", cells.join(" | "))
    }
}

fn seconds(secs: f64) -> String {
    if secs < 10.0 { format!("{secs:.2} s") } else { format!("{secs:.1} s") }
}

fn millis(secs: f64) -> String {
    if secs < 1.0 { format!("{:.2} ms", secs * 1e3) } else { format!("{:.0} ms", secs * 1e3) }
}

fn gigabytes(bytes: f64) -> String {
    format!("{:.2} GB", bytes / 1e9)
}

fn ratio(times: f64) -> String {
    if times < 10.0 { format!("{times:.2}") } else { format!("{times:.0}") }
}

/// A count with commas between thousands.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::measured::Sizes;
    use super::*;

    fn measured() -> Measured {
        let mut measured = Measured::default();
        let sizes = Sizes { cells: 13_576, features: 500, genes: 14_053, sets: 5_216 };
        measured.sizes.insert(Bench::Analysis, sizes);
        measured.take(Place::Tab, "analysis", "analyse", 4.0);
        measured.take(Place::Native, "analysis", "analyse", 1.0);
        measured
    }

    fn reference(bench: Bench, secs: f64, is_per_feature: bool) -> Reference {
        Reference { bench, what: "Other, 1 thread".to_owned(), secs, is_per_feature, step: None, peak_bytes: None }
    }

    #[test]
    fn totals_and_features_stand_beside_the_same_program() {
        let mut measured = measured();
        measured.references.push(reference(Bench::Analysis, 5.0, true));
        let text = markdown(&measured, &[Bench::Analysis]);
        let total = "| Kang: 13,576 cells, 500 features × 14,053 genes × 5,216 sets | – | 4.00 s | 1.00 s | \
            2500.0 s (Other, 1 thread, from the time of a feature) | 625 | 2500 |";
        assert!(text.contains(total), "{text}");
        assert!(
            text.contains("| Kang, a feature | tab 12 ms | 8.00 ms | 2.00 ms | 5000 ms (Other, 1 thread) |"),
            "{text}"
        );
        assert!(!text.contains("memory"), "memory nobody knows has no line: {text}");
    }

    #[test]
    fn each_other_program_has_its_line_and_none_is_needed() {
        let mut measured = Measured::default();
        measured.take(Place::Tab, "wilcoxon", "analyse", 0.5);
        assert!(markdown(&measured, &[Bench::Wilcoxon]).contains("| tab 0.8 s | 0.50 s | – | – | – | – |"));
        measured.references.extend([3.0, 0.1].map(|secs| reference(Bench::Wilcoxon, secs, false)));
        let text = markdown(&measured, &[Bench::Wilcoxon]);
        assert!(text.contains("| 0.50 s | – | 3.00 s (Other, 1 thread) | 6.00 | – |"), "{text}");
        assert!(text.contains("| 0.50 s | – | 0.10 s (Other, 1 thread) | 0.20 | – |"), "{text}");
    }

    #[test]
    fn opening_has_time_and_memory_beside_each_program() {
        let mut measured = Measured::default();
        measured.take_lines(
            Place::Native,
            Some(Bench::Opening),
            "{\"step\":\"open\",\"secs\":2,\"peak_bytes\":1000000000}",
        );
        let text = markdown(&measured, &[Bench::Opening]);
        assert!(text.contains("| – | 2.00 s | – | – | – |") && text.contains("| – | 1.00 GB |"), "{text}");
        let other = reference(Bench::Opening, 3.0, false);
        measured.references.push(Reference { peak_bytes: Some(4_000_000_000), ..other });
        let text = markdown(&measured, &[Bench::Opening]);
        assert!(text.contains("| – | 2.00 s | 3.00 s (Other, 1 thread) | – | 1.50 |"), "{text}");
        assert!(text.contains("| – | 1.00 GB | 4.00 GB (Other, 1 thread) | – | 4.00 |"), "{text}");
    }

    #[test]
    fn what_was_left_out_is_said_below() {
        let mut measured = Measured::default();
        measured.skip("`gsea` was left out.".to_owned());
        assert!(markdown(&measured, &[Bench::Gsea]).ends_with("- `gsea` was left out.\n"));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
