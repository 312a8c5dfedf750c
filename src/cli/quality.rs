//! The quality of a sparse autoencoder as a file, for scripts.
//!
//! JSON as the engine tells it, or CSV with a line for each measure of each set of cells. A number that does not exist
//! is null in JSON and empty in CSV.

use clap::ValueEnum;

use super::error::CliError;
use crate::protocol::{Bytes, CellQuality, ExportedFile, SaeQuality};

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum QualityFormat {
    /// quality.json
    Json,
    /// quality.csv
    Csv,
}

/// The file.
///
/// # Errors
/// [`CliError::Failed`] if it has no such form, which no quality causes.
pub(super) fn file(quality: &SaeQuality, format: QualityFormat) -> Result<ExportedFile, CliError> {
    let (name, mime, text) = match format {
        QualityFormat::Json => {
            let text = serde_json::to_string_pretty(quality)
                .map_err(|error| CliError::Failed(format!("the quality can't be written: {error}")))?;
            ("quality.json", "application/json", format!("{text}\n"))
        }
        QualityFormat::Csv => ("quality.csv", "text/csv", csv(quality)),
    };
    Ok(ExportedFile { name: name.to_owned(), mime: mime.to_owned(), bytes: Bytes(text.into_bytes()) })
}

fn csv(quality: &SaeQuality) -> String {
    let mut text = "cells,measure,value\n".to_owned();
    let mut line = |cells: &str, measure: &str, value: f64| {
        let value = if value.is_finite() { value.to_string() } else { String::new() };
        text.extend([cells, ",", measure, ",", &value, "\n"]);
    };
    let parts =
        [("all", Some(&quality.all)), ("training", quality.training.as_ref()), ("held_out", quality.held_out.as_ref())];
    for (cells, on) in parts.into_iter().filter_map(|(cells, on)| Some((cells, on?))) {
        for (measure, value) in measures(on) {
            line(cells, measure, value);
        }
    }
    if let Some(dead) = &quality.dead_in_training {
        line("training", "dead_share_in_last_window", dead.share);
        line("training", "dead_window_epochs", dead.window_epochs);
    }
    line("", "max_decoder_cosine", quality.max_decoder_cosine.unwrap_or(f64::NAN));
    line("", "median_decoder_cosine", quality.median_decoder_cosine.unwrap_or(f64::NAN));
    line("", "encoder_decoder_cosine", quality.encoder_decoder_cosine);
    for (edges, &n) in quality.density_edges.windows(2).zip(&quality.density_counts) {
        line("all", &format!("n_features_with_log10_density_{}_to_{}", edges[0], edges[1]), f64::from(n));
    }
    line("all", "n_silent_features", f64::from(quality.n_silent));
    text
}

fn measures(on: &CellQuality) -> [(&'static str, f64); 10] {
    [
        ("n_cells", on.n_cells as f64),
        ("fvu", on.fvu),
        ("explained_variance", on.explained_variance),
        ("mse_per_value", on.mse_per_value),
        ("mse_per_cell", on.mse_per_cell),
        ("l0", on.l0),
        ("l1", on.l1),
        ("cosine", on.cosine),
        ("n_dead", on.n_dead as f64),
        ("dead_share", on.dead_share),
    ]
}
