//! How an analysis was done, in one line for each table of its results: mode, groups, tests, families and counts.
//!
//! Pure. Families are counted once an analysis of all features has run; a feature looked at before that has families
//! of its own only, and the line says so.

use crate::plot::format::{count, significant};
use crate::protocol::{
    AnalysisMode, AnalysisParams, AnalysisSummary, ExpressionValues, FoldChangeFormula, GeneTest, Negatives, Positives,
    SoundParams, Universe,
};
use crate::ui::text;

const PAPER: &str = "Paper mode (scFeatureLens as coded) · no correction over terms or features";
const SEPARATOR: &str = " · ";

/// The line of the feature table.
#[must_use]
pub fn table(summary: &AnalysisSummary) -> String {
    let params = &summary.params;
    if params.mode == AnalysisMode::Paper {
        return PAPER.to_owned();
    }
    let mut parts = vec![groups(&params.sound), test(&params.sound).to_owned(), genes_family(Some(summary))];
    if summary.n_sets > 0 {
        parts.extend([format!("terms: hypergeometric, {}", terms_family(Some(summary))), universe(params, summary)]);
    }
    parts.extend(left_out(summary));
    if summary.is_so_far {
        parts.push(format!("so far {} of {} features", count(summary.n_done), count(summary.n_live)));
    }
    joined(parts)
}

/// The line over a feature's genes; without a summary for a feature by itself.
#[must_use]
pub fn genes(params: &AnalysisParams, summary: Option<&AnalysisSummary>) -> String {
    if params.mode == AnalysisMode::Paper {
        return PAPER.to_owned();
    }
    let sound = &params.sound;
    joined(vec![
        groups(sound),
        text::expression_values(params.values).to_owned(),
        test(sound).to_owned(),
        genes_family(summary),
        format!("log2 FC: {}", fold_change(params)),
        significance(sound),
    ])
}

/// The line over a feature's gene sets; without a summary for a feature by itself.
#[must_use]
pub fn terms(params: &AnalysisParams, summary: Option<&AnalysisSummary>) -> String {
    if params.mode == AnalysisMode::Paper {
        return PAPER.to_owned();
    }
    let universe = summary.map_or_else(|| universe_name(params), |summary| universe(params, summary));
    joined(vec![format!("hypergeometric, up and down apart, {}", terms_family(summary)), universe])
}

fn joined(parts: Vec<String>) -> String {
    ["Sound mode".to_owned()].into_iter().chain(parts).collect::<Vec<_>>().join(SEPARATOR)
}

fn groups(sound: &SoundParams) -> String {
    let positives = match sound.positives {
        Positives::Active => "active cells".to_owned(),
        Positives::Percentile(q) => {
            format!("cells above percentile {} (at least {})", significant(q, 6), count(sound.min_cells))
        }
        Positives::Top(n) => format!("top {} cells", count(n)),
    };
    let negatives = match &sound.negatives {
        Negatives::Rest => "all the rest".to_owned(),
        Negatives::Sample(n) => format!("a sample of {} others (seed {})", count(*n), sound.seed),
        Negatives::Matched(column) => format!("others matched within {column} (seed {})", sound.seed),
    };
    format!("{positives} against {negatives}")
}

fn test(sound: &SoundParams) -> &'static str {
    match sound.primary() {
        GeneTest::Wilcoxon => "Wilcoxon (ties, continuity)",
        GeneTest::Welch => "Welch's t",
    }
}

fn fold_change(params: &AnalysisParams) -> &'static str {
    if params.values == ExpressionValues::Raw {
        return "of mean values (their difference where some are negative)";
    }
    match params.sound.fold_change {
        FoldChangeFormula::Scanpy => "scanpy's",
        FoldChangeFormula::LinearMean => "of mean linear values",
        FoldChangeFormula::SeuratV5 => "Seurat 5's",
        FoldChangeFormula::SeuratV4 => "Seurat 4's",
        FoldChangeFormula::MeanDifference => "difference of mean logarithms",
    }
}

fn genes_family(summary: Option<&AnalysisSummary>) -> String {
    match summary {
        Some(summary) => format!("padj over {} genes of a feature", count(summary.n_genes)),
        None => "padj over all genes of this feature".to_owned(),
    }
}

fn significance(sound: &SoundParams) -> String {
    let alpha = format!("significant: padj < {}", significant(sound.alpha, 3));
    match sound.min_log2_fold_change {
        0.0 => alpha,
        least => format!("{alpha} and |log2 FC| ≥ {}", significant(least, 3)),
    }
}

fn terms_family(summary: Option<&AnalysisSummary>) -> String {
    match summary {
        Some(summary) if summary.is_so_far => format!("q over 2 × {} sets of a feature", count(summary.n_sets)),
        Some(summary) => format!(
            "q over 2 × {} sets of a feature, q all over {} features, too",
            count(summary.n_sets),
            count(summary.n_done)
        ),
        None => "q over all sets of this feature, both ways".to_owned(),
    }
}

fn universe(params: &AnalysisParams, summary: &AnalysisSummary) -> String {
    let n_genes = count(summary.n_universe);
    match &params.sound.universe {
        Universe::Measured => format!("universe: {n_genes} measured genes"),
        Universe::Annotated => format!("universe: {n_genes} annotated genes"),
        Universe::Listed { name, .. } => format!("universe: {n_genes} genes of {name}"),
    }
}

fn universe_name(params: &AnalysisParams) -> String {
    match &params.sound.universe {
        Universe::Measured => "universe: measured genes".to_owned(),
        Universe::Annotated => "universe: annotated genes".to_owned(),
        Universe::Listed { name, .. } => format!("universe: genes of {name}"),
    }
}

/// How many features were left out and why; `None` if none was.
#[must_use]
pub fn left_out(summary: &AnalysisSummary) -> Option<String> {
    let (n, min) = (summary.n_excluded, count(summary.params.sound.min_cells));
    let features = if n == 1 { "feature" } else { "features" };
    (n > 0).then(|| format!("{} {features} left out (fewer than {min} cells in a group)", count(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(params: AnalysisParams) -> AnalysisSummary {
        AnalysisSummary {
            params,
            n_live: 515,
            n_done: 512,
            is_so_far: false,
            n_excluded: 3,
            n_genes: 14_053,
            n_sets: 5216,
            n_universe: 14_053,
            n_features_with_terms: 400,
            notices: Vec::new(),
        }
    }

    fn with(change: impl FnOnce(&mut SoundParams)) -> AnalysisParams {
        let mut params = AnalysisParams::default();
        change(&mut params.sound);
        params
    }

    #[test]
    fn the_tables_line_names_mode_families_and_counts() {
        let line = table(&summary(AnalysisParams::default()));
        assert_eq!(
            line,
            "Sound mode · cells above percentile 99 (at least 10) against all the rest · Wilcoxon (ties, continuity) · padj over \
             14\u{202f}053 genes of a feature · terms: hypergeometric, q over 2 × 5216 sets of a feature, q all over 512 features, \
             too · universe: 14\u{202f}053 measured genes · 3 features left out (fewer than 10 cells in a group)"
        );
    }

    #[test]
    fn without_gene_sets_no_family_of_terms_is_named() {
        let line = table(&AnalysisSummary { n_sets: 0, n_excluded: 0, ..summary(AnalysisParams::default()) });
        assert!(line.ends_with("genes of a feature"), "{line}");
    }

    #[test]
    fn paper_mode_says_what_is_not_corrected() {
        let params = AnalysisParams { mode: AnalysisMode::Paper, ..AnalysisParams::default() };
        let line = "Paper mode (scFeatureLens as coded) · no correction over terms or features";
        assert_eq!(table(&summary(params.clone())), line);
        assert_eq!((genes(&params, None), terms(&params, None)), (line.to_owned(), line.to_owned()));
    }

    #[test]
    fn groups_and_thresholds_are_said_as_asked_for() {
        let params = with(|sound| {
            sound.positives = Positives::Percentile(99.5);
            sound.negatives = Negatives::Matched("donor".to_owned());
            sound.tests = vec![GeneTest::Welch, GeneTest::Wilcoxon];
            sound.fold_change = FoldChangeFormula::SeuratV5;
            sound.min_log2_fold_change = 0.25;
        });
        assert_eq!(
            genes(&params, None),
            "Sound mode · cells above percentile 99.5 (at least 10) against others matched within donor (seed 0) · log-normalised \
             values · Welch's t · padj over all genes of this feature · log2 FC: Seurat 5's · significant: padj < 0.05 \
             and |log2 FC| ≥ 0.25"
        );
        let params = with(|sound| {
            (sound.positives, sound.negatives) = (Positives::Top(100), Negatives::Sample(500));
            sound.seed = 7;
        });
        assert!(genes(&params, None).contains("top 100 cells against a sample of 500 others (seed 7)"));
    }

    #[test]
    fn terms_have_counts_once_all_features_are_analysed() {
        let params = with(|sound| sound.universe = Universe::Annotated);
        assert_eq!(
            terms(&params, None),
            "Sound mode · hypergeometric, up and down apart, q over all sets of this feature, both ways · universe: \
             annotated genes"
        );
        let line = terms(&params, Some(&summary(params.clone())));
        assert!(line.ends_with("universe: 14\u{202f}053 annotated genes"), "{line}");
    }

    #[test]
    fn one_feature_left_out_is_one_feature() {
        let so_far = AnalysisSummary { is_so_far: true, ..summary(AnalysisParams::default()) };
        let line = table(&so_far);
        assert!(line.ends_with("so far 512 of 515 features") && !line.contains("q all"), "{line}");
        let one = AnalysisSummary { n_excluded: 1, ..summary(AnalysisParams::default()) };
        assert_eq!(left_out(&one).as_deref(), Some("1 feature left out (fewer than 10 cells in a group)"));
        assert_eq!(left_out(&AnalysisSummary { n_excluded: 0, ..one }), None);
    }
}
