//! Features that go with how cells were made (batch, donor, lane) more than with what they are.
//!
//! A feature is flagged as confounded if its best association with a nuisance column is stronger than its best with
//! any other column. Strength is |AUROC − 0.5|, 0 to 0.5, the largest over categories of at least
//! [`MIN_BEST_CELLS`] cells. It is a flag, not a test: columns of many small categories reach larger values by chance,
//! and a cell type found in one batch only goes with both.
//!
//! Rules: a NaN AUROC (no cell, or no other cell) is left out. Of equal strengths the first counts, and equality is
//! not confounding. Without a nuisance column, or without any other, nothing is flagged.

use crate::lens::{CategoryRef, MIN_BEST_CELLS};

/// Words that mark a column as one of making, not of biology.
const NUISANCE_WORDS: [&str; 31] = [
    "animal",
    "assay",
    "batch",
    "channel",
    "chip",
    "dataset",
    "donor",
    "experiment",
    "flowcell",
    "ind",
    "individual",
    "lane",
    "lib",
    "library",
    "mouse",
    "orig",
    "participant",
    "patient",
    "plate",
    "pool",
    "protocol",
    "rep",
    "replicate",
    "run",
    "sample",
    "sequencer",
    "study",
    "subject",
    "tech",
    "technology",
    "well",
];

/// Whether a column's name says that it tells how cells were made: batch, donor, sample, lane and their like as whole
/// words, one or many. A guess to start from.
///
/// Words end at anything that is no letter, and where case rises (`donorId`, `DNABatch`); case does not matter.
///
/// # Examples
/// ```
/// use featurescope::lens::association::is_nuisance_name;
///
/// assert!(is_nuisance_name("sample_id") && is_nuisance_name("SeqBatch") && is_nuisance_name("orig.ident"));
/// assert!(!is_nuisance_name("cell_type") && !is_nuisance_name("indication") && !is_nuisance_name("planet"));
/// ```
pub fn is_nuisance_name(name: &str) -> bool {
    words(name).iter().any(|word| {
        let y_singular = word.strip_suffix("ies").map(|stem| format!("{stem}y"));
        let singulars = [Some(word.as_str()), word.strip_suffix('s'), word.strip_suffix("es"), y_singular.as_deref()];
        singulars.into_iter().flatten().any(|word| NUISANCE_WORDS.contains(&word))
    })
}

/// The words of a name in lower case.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let rises = letter.is_uppercase() && before.is_some_and(char::is_lowercase);
        let ends_capitals = letter.is_uppercase()
            && before.is_some_and(char::is_uppercase)
            && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if !letter.is_alphabetic() || rises || ends_capitals {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphabetic()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// One column's associations with a feature.
#[derive(Clone, Copy, Debug)]
pub struct ColumnAurocs<'a> {
    /// Position of the column in the table.
    pub column: usize,
    /// Whether it tells how cells were made.
    pub is_nuisance: bool,
    /// Cells per category, `[n_categories]`.
    pub sizes: &'a [u32],
    /// AUROC per category, `[n_categories]`.
    pub aurocs: &'a [f64],
}

/// A category and how far a feature tells it apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrongestLabel {
    /// The category.
    pub label: CategoryRef,
    /// Its AUROC, above or below one half.
    pub auroc: f64,
}

impl StrongestLabel {
    /// |AUROC − 0.5|, 0 to 0.5.
    pub fn strength(&self) -> f64 {
        (self.auroc - 0.5).abs()
    }
}

/// A feature's strongest associations on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Confounding {
    /// The strongest of the nuisance columns; `None` if none can be measured.
    pub nuisance: Option<StrongestLabel>,
    /// The strongest of the other columns; `None` if none can be measured.
    pub other: Option<StrongestLabel>,
}

impl Confounding {
    /// Whether the nuisance columns go with the feature more than any other.
    pub fn is_confounded(&self) -> bool {
        match (self.nuisance, self.other) {
            (Some(nuisance), Some(other)) => nuisance.strength() > other.strength(),
            _ => false,
        }
    }
}

/// Finds a feature's strongest associations with nuisance and with other columns.
///
/// # Examples
/// ```
/// use featurescope::lens::association::{ColumnAurocs, confounding};
///
/// let donor = ColumnAurocs { column: 0, is_nuisance: true, sizes: &[50, 50], aurocs: &[0.9, 0.1] };
/// let cell_type = ColumnAurocs { column: 1, is_nuisance: false, sizes: &[99, 1], aurocs: &[0.3, 1.0] };
/// let found = confounding([donor, cell_type]);
/// assert!(found.is_confounded());
/// assert_eq!(found.other.unwrap().auroc, 0.3);
/// ```
pub fn confounding<'a>(columns: impl IntoIterator<Item = ColumnAurocs<'a>>) -> Confounding {
    let mut found = Confounding::default();
    for column in columns {
        let best = if column.is_nuisance { &mut found.nuisance } else { &mut found.other };
        for (category, (&size, &auroc)) in column.sizes.iter().zip(column.aurocs).enumerate() {
            let candidate = StrongestLabel { label: CategoryRef { column: column.column, category }, auroc };
            let is_measured = size as usize >= MIN_BEST_CELLS && !auroc.is_nan();
            if is_measured && best.is_none_or(|known| candidate.strength() > known.strength()) {
                *best = Some(candidate);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_making_are_known_by_whole_words() {
        let nuisance = ["batch", "Batch", "BATCH", "donor_id", "donorId", "sample.name", "Patient-ID", "ind", "lane1"];
        let more = ["batch2", "10x run", "seq_batches", "libraries", "DNAPlate", "orig.ident", "Well ID", "techs"];
        for name in nuisance.into_iter().chain(more) {
            assert!(is_nuisance_name(name), "{name}");
        }
        let biology = ["cell_type", "condition", "stim", "index", "indication", "rund", "swell", "laneway"];
        for name in biology.into_iter().chain(["leiden", "multiplets", "", "_", "biotechnologies", "representative"]) {
            assert!(!is_nuisance_name(name), "{name}");
        }
    }

    #[test]
    fn below_one_half_counts_as_much_as_above() {
        let donor = ColumnAurocs { column: 0, is_nuisance: true, sizes: &[20], aurocs: &[0.125] };
        let other = ColumnAurocs { column: 1, is_nuisance: false, sizes: &[20, 20], aurocs: &[0.75, f64::NAN] };
        let found = confounding([other, donor]);
        assert!(found.is_confounded());
        assert_eq!(found.nuisance.unwrap().strength(), 0.375);
    }

    #[test]
    fn equality_small_categories_and_one_sided_data_flag_nothing() {
        let donor = ColumnAurocs { column: 0, is_nuisance: true, sizes: &[20], aurocs: &[0.25] };
        let equal = ColumnAurocs { column: 1, is_nuisance: false, sizes: &[20], aurocs: &[0.75] };
        assert!(!confounding([donor, equal]).is_confounded());
        let small = ColumnAurocs { sizes: &[9], ..donor };
        let weak = ColumnAurocs { aurocs: &[0.5], ..equal };
        assert!(!confounding([small, weak]).is_confounded());
        assert!(!confounding([donor]).is_confounded());
        assert_eq!(confounding([small]), Confounding::default());
    }
}
