//! What the analysis form offers, and what each choice means in a short line.

use crate::protocol::{AnalysisMode, ExpressionValues, FoldChangeFormula, GeneTest};
use crate::ui::named::Named;

/// Which cells are positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PositiveKind {
    /// All active ones.
    Active,
    /// Those above a percentile.
    #[default]
    Percentile,
    /// The first few.
    Top,
}

/// Which cells they are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NegativeKind {
    /// All others.
    #[default]
    Rest,
    /// A random sample.
    Sample,
    /// As many in each category of a label column.
    Matched,
}

/// Modes.
pub const MODES: [Named<AnalysisMode>; 2] = [
    Named {
        value: AnalysisMode::Sound,
        key: "sound",
        name: "Sound",
        note: "Every cell counts once; tests and corrections are named; up and down are apart.",
    },
    Named {
        value: AnalysisMode::Paper,
        key: "paper",
        name: "Paper",
        note: "scFeatureLens as its authors coded it, oddities included.",
    },
];

/// Positive groups.
pub const POSITIVES: [Named<PositiveKind>; 3] = [
    Named {
        value: PositiveKind::Active,
        key: "active",
        name: "All active cells",
        note: "Every cell in which the feature is above 0.",
    },
    Named {
        value: PositiveKind::Percentile,
        key: "percentile",
        name: "Cells above a percentile",
        note: "Only strongly active cells: those above this percentile of all cells.",
    },
    Named {
        value: PositiveKind::Top,
        key: "top",
        name: "The top cells",
        note: "So many cells with the largest activations; ties with the last count, too.",
    },
];

/// Negative groups.
pub const NEGATIVES: [Named<NegativeKind>; 3] = [
    Named { value: NegativeKind::Rest, key: "rest", name: "All the rest", note: "Every cell that is not positive." },
    Named {
        value: NegativeKind::Sample,
        key: "sample",
        name: "A random sample",
        note: "So many of the other cells, drawn at random: faster, and groups of like size.",
    },
    Named {
        value: NegativeKind::Matched,
        key: "matched",
        name: "Matched within a label",
        note: "As many of each cell type or donor on both sides, so that genes of the type itself don't show up.",
    },
];

/// Tests that select genes.
pub const TESTS: [Named<GeneTest>; 2] = [
    Named {
        value: GeneTest::Wilcoxon,
        key: "wilcoxon",
        name: "Wilcoxon",
        note: "Compares ranks, so a few extreme cells decide little. Welch's t is computed, too.",
    },
    Named {
        value: GeneTest::Welch,
        key: "welch",
        name: "Welch's t",
        note: "Compares means and allows unequal spread. Wilcoxon is computed, too.",
    },
];

/// Formulas of fold changes.
pub const FOLD_CHANGES: [Named<FoldChangeFormula>; 4] = [
    Named {
        value: FoldChangeFormula::Scanpy,
        key: "scanpy",
        name: "scanpy",
        note: "From means of logarithms, as rank_genes_groups does.",
    },
    Named {
        value: FoldChangeFormula::SeuratV5,
        key: "seurat5",
        name: "Seurat 5",
        note: "From sums of linear values, each with 1 more: rare genes stay finite.",
    },
    Named {
        value: FoldChangeFormula::SeuratV4,
        key: "seurat4",
        name: "Seurat 4",
        note: "From means of linear values, each with 1 more: weak genes shrink.",
    },
    Named {
        value: FoldChangeFormula::LinearMean,
        key: "linear",
        name: "Mean of linear values",
        note: "From means taken before the logarithm.",
    },
];

/// Universes: whether only annotated genes are in it.
pub const UNIVERSES: [Named<bool>; 2] = [
    Named {
        value: false,
        key: "measured",
        name: "Measured genes",
        note: "A universe is the genes a hit could have been: here all genes of the data.",
    },
    Named {
        value: true,
        key: "annotated",
        name: "Annotated genes",
        note: "A universe is the genes a hit could have been: here those in any gene set.",
    },
];

/// Expression that is compared.
pub const VALUES: [Named<ExpressionValues>; 2] = [
    Named {
        value: ExpressionValues::LogNormalized,
        key: "lognorm",
        name: "Log-normalised",
        note: "Counts scaled to 10,000 a cell, then ln(1 + x).",
    },
    Named {
        value: ExpressionValues::Raw,
        key: "raw",
        name: "As in the file",
        note: "The values of the file, unchanged.",
    },
];
