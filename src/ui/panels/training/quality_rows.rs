//! The quality of a sparse autoencoder in words and bars, ready to be placed.

use crate::plot::charts::{ChartError, ChartSize, Histogram, histogram};
use crate::plot::format::{count, decimals, percent, significant};
use crate::protocol::{CellQuality, SaeQuality};

/// A measure, what it means, and how it reads on some cells.
struct Measure {
    name: &'static str,
    meaning: &'static str,
    text: fn(&CellQuality) -> String,
}

const MEASURES: [Measure; 9] = [
    Measure { name: "Cells", meaning: "Cells measured", text: |on| count(on.n_cells) },
    Measure {
        name: "Explained variance",
        meaning: "1 is a perfect reconstruction of the embedding",
        text: |on| decimals(on.explained_variance, 3),
    },
    Measure {
        name: "Unexplained (FVU)",
        meaning: "Fraction of variance unexplained: 1 minus the explained variance",
        text: |on| significant(on.fvu, 3),
    },
    Measure {
        name: "Cosine",
        meaning: "Mean cosine of a cell and its reconstruction; 1 is the same direction",
        text: |on| decimals(on.cosine, 3),
    },
    Measure {
        name: "Active per cell (L0)",
        meaning: "Mean number of active features in a cell",
        text: |on| significant(on.l0, 3),
    },
    Measure {
        name: "Sum per cell (L1)",
        meaning: "Mean sum of a cell's activations",
        text: |on| significant(on.l1, 3),
    },
    Measure {
        name: "Error per value",
        meaning: "Squared error, mean over cells and dimensions: the paper's code",
        text: |on| significant(on.mse_per_value, 3),
    },
    Measure {
        name: "Error per cell",
        meaning: "Squared error, summed over dimensions, mean over cells: the paper's formula",
        text: |on| significant(on.mse_per_cell, 3),
    },
    Measure {
        name: "Silent features",
        meaning: "Features active in none of these cells; fewer cells make more of them",
        text: |on| percent(on.dead_share),
    },
];

/// A row of the table: name, meaning, one text for each column.
pub(super) type QualityRow = (&'static str, &'static str, Vec<String>);

/// Heads of the columns: trained and held out apart, or all cells.
pub(super) fn heads(quality: &SaeQuality) -> Vec<&'static str> {
    match (&quality.training, &quality.held_out) {
        (Some(_), Some(_)) => vec!["Trained on", "Held out"],
        _ => vec!["All cells"],
    }
}

/// The table's rows.
pub(super) fn rows(quality: &SaeQuality) -> Vec<QualityRow> {
    let columns = match (&quality.training, &quality.held_out) {
        (Some(training), Some(held_out)) => vec![training, held_out],
        _ => vec![&quality.all],
    };
    let row =
        |measure: &Measure| (measure.name, measure.meaning, columns.iter().map(|on| (measure.text)(on)).collect());
    MEASURES.iter().map(row).collect()
}

/// What is true of the dictionary, whatever the cells: name, meaning, text.
pub(super) fn dictionary(quality: &SaeQuality) -> Vec<(&'static str, &'static str, String)> {
    let cosine = |value: Option<f64>| value.map_or_else(|| "Not compared".to_owned(), |value| decimals(value, 3));
    let mut facts = vec![
        (
            "Closest two features",
            "Largest cosine of any two decoder rows; near 1 they say the same",
            cosine(quality.max_decoder_cosine),
        ),
        (
            "Typical closest",
            "Median over features of the cosine with the most similar other one",
            cosine(quality.median_decoder_cosine),
        ),
        (
            "Encoder against decoder",
            "Mean cosine of what a feature reads and what it writes; low values mean interference",
            decimals(quality.encoder_decoder_cosine, 3),
        ),
    ];
    if let Some(dead) = &quality.dead_in_training {
        facts.push((
            "Dead in training",
            "Fired for no cell in the last window of training",
            dead_text(dead.share, dead.window_epochs),
        ));
    }
    facts
}

fn dead_text(share: f64, window_epochs: f64) -> String {
    let unit = if window_epochs == 1.0 { "epoch" } else { "epochs" };
    format!("{} in {} {unit}", percent(share), significant(window_epochs, 3))
}

/// One sentence on what the held-out cells say.
pub(super) fn verdict(quality: &SaeQuality) -> Option<String> {
    /// Below this the two are as good as equal.
    const CLOSE: f64 = 0.02;
    let (training, held_out) = (quality.training.as_ref()?, quality.held_out.as_ref()?);
    let lost = training.explained_variance - held_out.explained_variance;
    if lost.is_nan() {
        return None;
    }
    Some(if lost <= CLOSE {
        "Cells that training never saw are rebuilt as well as those it was trained on.".to_owned()
    } else {
        format!(
            "Cells that training never saw are rebuilt less well, by {}: some of what was learnt is of single cells \
             or donors.",
            decimals(lost, 3)
        )
    })
}

/// Features by how many cells they are active in.
///
/// # Errors
/// If every feature is silent.
pub(super) fn density_chart(quality: &SaeQuality, size: ChartSize) -> Result<String, ChartError> {
    let edge = |at: Option<&f64>| at.copied().unwrap_or(f64::NAN);
    histogram(&Histogram {
        title: "Features by the share of cells they are active in",
        x_label: "log10 of the share of cells",
        min: edge(quality.density_edges.first()),
        max: edge(quality.density_edges.last()),
        counts: &quality.density_counts,
        unit: "features",
        n_zero: quality.n_silent,
        size,
    })
}

/// The histogram as a table; empty bins are left out.
pub(super) fn density_rows(quality: &SaeQuality) -> Vec<Vec<String>> {
    let share = |log10: f64| percent(10.0_f64.powf(log10));
    let bins = quality.density_edges.windows(2).zip(&quality.density_counts).filter(|(_, n)| **n > 0);
    let silent =
        (quality.n_silent > 0).then(|| vec!["0 %".to_owned(), "0 %".to_owned(), count(quality.n_silent as usize)]);
    let row = |(edges, n): (&[f64], &u32)| vec![share(edges[0]), share(edges[1]), count(*n as usize)];
    silent.into_iter().chain(bins.map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::DeadInTraining;

    fn on(n_cells: usize, explained_variance: f64) -> CellQuality {
        CellQuality {
            n_cells,
            fvu: 1.0 - explained_variance,
            explained_variance,
            mse_per_value: 0.5,
            mse_per_cell: 5.0,
            l0: 16.0,
            l1: 30.0,
            cosine: f64::NAN,
            n_dead: 5,
            dead_share: 0.05,
        }
    }

    fn quality(parts: Option<(f64, f64)>) -> SaeQuality {
        SaeQuality {
            all: on(100, 0.9),
            training: parts.map(|(training, _)| on(90, training)),
            held_out: parts.map(|(_, held_out)| on(10, held_out)),
            dead_in_training: Some(DeadInTraining { share: 0.025, window_epochs: 1.0 }),
            density_edges: vec![-2.0, -1.0, 0.0],
            density_counts: vec![0, 95],
            n_silent: 5,
            max_decoder_cosine: Some(0.75),
            median_decoder_cosine: None,
            encoder_decoder_cosine: 0.5,
        }
    }

    #[test]
    fn training_and_held_out_cells_stand_apart() {
        let apart = quality(Some((0.91, 0.85)));
        assert_eq!(heads(&apart), ["Trained on", "Held out"]);
        assert_eq!(rows(&apart)[1].2, ["0.910", "0.850"]);
        assert_eq!((heads(&quality(None)), rows(&quality(None))[0].2.clone()), (vec!["All cells"], vec!["100".into()]));
    }

    #[test]
    fn a_loss_on_held_out_cells_is_said() {
        assert!(verdict(&quality(Some((0.91, 0.9)))).unwrap().contains("as well as"));
        assert!(verdict(&quality(Some((0.91, 0.8)))).unwrap().contains("by 0.110"));
        assert_eq!(verdict(&quality(None)), None);
        assert_eq!(verdict(&quality(Some((f64::NAN, 0.8)))), None);
    }

    #[test]
    fn numbers_that_do_not_exist_are_dashes_and_silent_features_have_a_row() {
        let all = quality(None);
        assert_eq!(rows(&all)[3].2, ["–"]);
        assert_eq!(dictionary(&all)[1].2, "Not compared");
        assert!(dictionary(&all)[3].2.ends_with("in 1 epoch"));
        assert_eq!(density_rows(&all).len(), 2);
        assert!(density_chart(&all, ChartSize { width: 260, height: 120 }).is_ok());
    }
}
