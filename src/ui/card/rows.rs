//! Cells and labels of a feature card in words and bars, ready to be placed.
//!
//! Pure: numbers come from the engine in their final order, here they only become text. What an AUROC means is said
//! where [`FeatureCard`] is defined.

use super::{MOST_BARS, WIDTH};
use crate::plot::charts::{Bar, BarChart, ChartError, ChartSize, Histogram, bar_chart, histogram};
use crate::plot::format::{count, decimals, percent, significant};
use crate::protocol::{
    CardConfounding, FeatureCard, FeatureRow, FoundAgain, HistogramData, LabelAssociation, LabelClass,
};

/// An AUROC must be better than the baseline's by this much to be called better.
const CLOSE: f64 = 0.005;

/// A name and its value.
pub(super) type Fact = (&'static str, String);

/// How often and how strongly the feature is active.
pub(super) fn facts(row: &FeatureRow) -> Vec<Fact> {
    let active = format!("{} ({})", count(row.n_active), percent(row.density));
    let mean = if row.sd_active.is_nan() {
        significant(row.mean_active, 3)
    } else {
        format!("{} ± {}", significant(row.mean_active, 3), significant(row.sd_active, 2))
    };
    vec![("Active cells", active), ("Mean of active", mean), ("Largest", significant(row.max, 3))]
}

/// In how many other seeds the feature was found again, and whether that is all of them.
pub(super) fn stability_badge(found: &FoundAgain) -> (String, bool) {
    let FoundAgain { n_found, n_others, mean_cosine } = found;
    let seeds = if *n_others == 1 { "seed" } else { "seeds" };
    let text = format!("Found again in {n_found} of {n_others} other {seeds}, cosine {}", decimals(*mean_cosine, 2));
    (text, n_found == n_others)
}

/// The histogram of activations.
///
/// # Errors
/// If no cell is active.
pub(super) fn activation_chart(data: &HistogramData) -> Result<String, ChartError> {
    histogram(&Histogram {
        title: "Activations of active cells",
        x_label: "activation",
        min: data.min,
        max: data.max,
        counts: &data.counts,
        unit: "cells",
        n_zero: data.n_zero,
        size: ChartSize { width: WIDTH, height: 130 },
    })
}

/// The histogram as a table: from, to, cells.
pub(super) fn histogram_rows(data: &HistogramData) -> Vec<Vec<String>> {
    let step = (data.max - data.min) / data.counts.len().max(1) as f64;
    let edge = |i: usize| significant(data.min + step * i as f64, 3);
    let bins = data.counts.iter().enumerate();
    let zero = (data.n_zero > 0).then(|| vec!["0".to_owned(), "0".to_owned(), count(data.n_zero as usize)]);
    zero.into_iter().chain(bins.map(|(i, &n)| vec![edge(i), edge(i + 1), count(n as usize)])).collect()
}

/// One label column and how the feature goes with its categories.
pub(super) struct LabelGroup {
    pub(super) column: String,
    pub(super) chart: Result<String, ChartError>,
    /// The sentence about the baseline.
    pub(super) verdict: String,
    /// The sentence about F1 and the paper's rule.
    pub(super) detection: String,
    /// Category, cells, AUROC, F1, its threshold, baseline, share active, mean in, mean elsewhere.
    pub(super) rows: Vec<Vec<String>>,
}

/// Labels by column.
pub(super) fn label_groups(labels: &[LabelAssociation]) -> Vec<LabelGroup> {
    labels.chunk_by(|a, b| a.column == b.column).map(label_group).collect()
}

fn label_group(group: &[LabelAssociation]) -> LabelGroup {
    let column = group[0].column.clone();
    let bars: Vec<Bar> = group.iter().take(MOST_BARS).map(label_bar).collect();
    let chart = bar_chart(&BarChart {
        title: &format!("AUROC by {column}"),
        value_label: "AUROC",
        reference_label: "the best single dimension of the embedding",
        bars: &bars,
        start: 0.5,
        end: Some(1.0),
        width: WIDTH,
    });
    let rows = group.iter().map(label_row).collect();
    LabelGroup { chart, verdict: verdict(&group[0]), detection: detection(group), rows, column }
}

fn label_bar(label: &LabelAssociation) -> Bar {
    Bar {
        label: label.category.clone(),
        value: label.auroc,
        value_text: decimals(label.auroc, 3),
        reference: Some(label.baseline_auroc),
    }
}

fn label_row(label: &LabelAssociation) -> Vec<String> {
    vec![
        label.category.clone(),
        count(label.n_cells),
        decimals(label.auroc, 3),
        decimals(label.f1, 3),
        significant(label.threshold, 3),
        format!("{} (dim {})", decimals(label.baseline_auroc, 3), label.baseline_dim + 1),
        percent(label.fraction_active),
        significant(label.mean_in, 3),
        significant(label.mean_out, 3),
    ]
}

/// Whether the feature tells the category apart better than one dimension of the embedding does.
fn verdict(best: &LabelAssociation) -> String {
    let LabelAssociation { category, auroc, baseline_auroc, baseline_dim, .. } = best;
    let (own, baseline, dim) = (decimals(*auroc, 3), decimals(*baseline_auroc, 3), baseline_dim + 1);
    if auroc.is_nan() || baseline_auroc.is_nan() {
        return format!("No comparison for {category}: a group is empty.");
    }
    let relation = match auroc - baseline_auroc {
        d if d > CLOSE => "better than",
        d if d < -CLOSE => "worse than",
        _ => "about as well as",
    };
    format!("Tells {category} apart {relation} the embedding's dimension {dim} alone does ({own} against {baseline}).")
}

/// The category detected best, and in how many the feature is higher.
fn detection(group: &[LabelAssociation]) -> String {
    let best = group
        .iter()
        .filter(|label| !label.f1.is_nan())
        .reduce(|best, next| if next.f1 > best.f1 { next } else { best });
    let best = best.map_or_else(
        || "No category can be detected: none has cells on both sides. ".to_owned(),
        |best| {
            let (f1, threshold) = (decimals(best.f1, 3), significant(best.threshold, 3));
            format!("Detects {} best: F1 {f1} above an activation of {threshold}. ", best.category)
        },
    );
    let higher = group.iter().filter(|label| label.is_significant).count();
    let class = match group[0].class {
        LabelClass::None => "Higher in no category by the paper's rule.".to_owned(),
        LabelClass::Local => {
            let name = group.iter().find(|label| label.is_significant).map_or("", |label| label.category.as_str());
            format!("Local by the paper's rule: higher in {name} alone.")
        }
        LabelClass::Global => {
            format!("Global by the paper's rule: higher in {} of {} categories.", count(higher), count(group.len()))
        }
    };
    best + &class
}

/// The sentence of the badge that marks a confounded feature: which column, and by how much.
pub(super) fn confounding_text(found: &CardConfounding) -> String {
    let named = |(column, category, auroc): &(String, String, f64)| {
        format!("{column} {category} (AUROC {}, {} from chance)", decimals(*auroc, 3), decimals((auroc - 0.5).abs(), 3))
    };
    format!(
        "Confounded: it goes with {} more than with any label of biology, of which {} is the strongest.",
        named(&found.nuisance),
        named(&found.other)
    )
}

/// The cells on top as rows: name, activation, labels.
pub(super) fn cell_rows(card: &FeatureCard) -> Vec<Vec<String>> {
    let row = |cell: &crate::protocol::TopCell| {
        let first = [cell.name.clone(), significant(f64::from(cell.activation), 3)];
        first.into_iter().chain(cell.labels.iter().cloned()).collect()
    };
    card.top_cells.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(category: &str, auroc: f64, baseline_auroc: f64) -> LabelAssociation {
        LabelAssociation {
            column: "condition".into(),
            category: category.into(),
            n_cells: 10,
            auroc,
            fraction_active: 0.5,
            mean_in: 1.0,
            mean_out: 0.1,
            f1: auroc / 2.0,
            threshold: 0.25,
            is_significant: auroc > 0.8,
            class: LabelClass::Local,
            baseline_auroc,
            baseline_dim: 4,
        }
    }

    #[test]
    fn a_better_baseline_is_said() {
        let text = verdict(&label("stimulated", 0.91, 0.985));
        assert_eq!(
            text,
            "Tells stimulated apart worse than the embedding's dimension 5 alone does (0.910 against 0.985)."
        );
        assert!(verdict(&label("stimulated", 0.985, 0.983)).contains("about as well as"));
        assert!(verdict(&label("stimulated", 0.985, 0.9)).contains("better than"));
        assert!(verdict(&label("stimulated", f64::NAN, 0.9)).starts_with("No comparison"));
    }

    #[test]
    fn the_best_detected_category_and_the_class_are_said() {
        let group = [label("stim", 0.9, 0.8), label("ctrl", 0.1, 0.8)];
        let text =
            "Detects stim best: F1 0.450 above an activation of 0.25. Local by the paper's rule: higher in stim alone.";
        assert_eq!(detection(&group), text);
        let [stim, ctrl] = group;
        let global = [LabelAssociation { class: LabelClass::Global, ..stim }, ctrl];
        assert!(detection(&global).ends_with("Global by the paper's rule: higher in 1 of 2 categories."));
        let none = LabelAssociation { class: LabelClass::None, f1: f64::NAN, ..label("x", 0.5, 0.5) };
        assert!(detection(&[none]).starts_with("No category can be detected"));
    }

    #[test]
    fn a_confounded_feature_says_by_which_column_and_how_much() {
        let found = CardConfounding {
            nuisance: ("donor".into(), "101".into(), 0.1),
            other: ("type".into(), "B cells".into(), 0.75),
        };
        assert_eq!(
            confounding_text(&found),
            "Confounded: it goes with donor 101 (AUROC 0.100, 0.400 from chance) more than with any label of biology, \
             of which type B cells (AUROC 0.750, 0.250 from chance) is the strongest."
        );
    }

    #[test]
    fn labels_are_grouped_by_column_in_their_order() {
        let mut other = label("B", 0.6, 0.7);
        other.column = "type".into();
        let groups = label_groups(&[label("stim", 0.9, 0.8), label("ctrl", 0.1, 0.8), other]);
        assert_eq!(groups.iter().map(|group| group.column.as_str()).collect::<Vec<_>>(), ["condition", "type"]);
        assert_eq!(groups[0].rows.len(), 2);
        assert!(groups[0].chart.is_ok());
    }

    #[test]
    fn a_feature_active_in_one_cell_has_no_spread() {
        let row = FeatureRow {
            feature: crate::data::FeatureId(3),
            n_active: 1,
            density: 0.000_1,
            mean_active: 2.5,
            sd_active: f64::NAN,
            max: 2.5,
            best_label: None,
            top_genes: Vec::new(),
            n_terms: None,
            top_term: None,
            found_again: None,
        };
        assert_eq!(facts(&row)[1], ("Mean of active", "2.5".to_owned()));
    }

    #[test]
    fn the_badge_says_in_how_many_seeds_a_feature_came_out_again() {
        let found = FoundAgain { n_found: 4, n_others: 4, mean_cosine: 0.967 };
        assert_eq!(stability_badge(&found), ("Found again in 4 of 4 other seeds, cosine 0.97".to_owned(), true));
        let lost = FoundAgain { n_found: 0, n_others: 1, mean_cosine: 0.5 };
        assert_eq!(stability_badge(&lost), ("Found again in 0 of 1 other seed, cosine 0.50".to_owned(), false));
    }

    #[test]
    fn the_histograms_table_starts_with_zeros() {
        let data = HistogramData { min: 0.0, max: 2.0, counts: vec![3, 1], n_zero: 7 };
        assert_eq!(histogram_rows(&data), [["0", "0", "7"], ["0", "1", "3"], ["1", "2", "1"]]);
    }
}
