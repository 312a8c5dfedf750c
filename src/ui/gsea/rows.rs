//! GSEA in words, rows and a chart; pure.

use crate::plot::charts::{ChartError, ChartSize, RunningSum, running_sum};
use crate::plot::format::{count, p_value, p_value_of_log10, percent, signed, significant};
use crate::protocol::{FeatureGseaParams, GseaCurve, GseaMethod, GseaTable, GseaTerm, GseaWeight};
use crate::ui::card::WIDTH;

/// Near-copies of a set that are named.
const MOST_COPIES: usize = 8;
/// Genes of a leading edge that are named.
const MOST_GENES: usize = 40;
/// Ties among the ranked genes are worth a word from this share on.
const MANY_TIES: f64 = 0.01;

/// A set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GseaRow {
    /// Its number.
    pub(super) set: u32,
    pub(super) name: String,
    pub(super) way: Way,
    /// One text for each of [`HEADS`].
    pub(super) numbers: [String; 5],
    /// Its leading edge.
    pub(super) edge: String,
    /// Sets it stands for, by name; empty if there are none.
    pub(super) alike: String,
}

/// Where a set's genes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
    Neither,
}

/// Heading and what it means, a column each.
pub(super) const HEADS: [(&str, &str); 5] = [
    ("Genes", "Whether the set's genes stand together among those that go up or down"),
    ("NES", "Normalised enrichment score: against the mean of random sets of its size and sign"),
    ("p", "Chance that a random set of its size scores as high, among those with a score of its sign"),
    ("q", "p adjusted over all tested sets of this feature (Benjamini–Hochberg)"),
    ("Size", "Genes of the set that are ranked"),
];

/// The sets that no other stands for.
pub(super) fn rows(table: &GseaTable) -> Vec<GseaRow> {
    let own = table.terms.iter().enumerate().filter(|(_, term)| term.like.is_none());
    own.map(|(at, term)| row(term, alike(&table.terms, at))).collect()
}

fn row(term: &GseaTerm, alike: String) -> GseaRow {
    let numbers = [
        arrow(way(term.es)).to_owned(),
        signed(term.nes, 3),
        p_value_of_log10(term.log10_p_value),
        p_value_of_log10(term.log10_padj),
        count(term.size),
    ];
    GseaRow { set: term.set, name: term.name.clone(), way: way(term.es), numbers, edge: edge(term), alike }
}

fn way(es: f64) -> Way {
    match es {
        es if es > 0.0 => Way::Up,
        es if es < 0.0 => Way::Down,
        _ => Way::Neither,
    }
}

fn arrow(way: Way) -> &'static str {
    match way {
        Way::Up => "↑ up",
        Way::Down => "↓ down",
        Way::Neither => "neither",
    }
}

fn edge(term: &GseaTerm) -> String {
    let n = term.leading_edge.len();
    let named = term.leading_edge.iter().take(MOST_GENES).cloned().collect::<Vec<_>>().join(", ");
    let rest = if n > MOST_GENES { format!(" and {} more", count(n - MOST_GENES)) } else { String::new() };
    format!("Leading edge, {} of {} genes: {named}{rest}", count(n), count(term.size))
}

fn alike(terms: &[GseaTerm], at: usize) -> String {
    let copies: Vec<&str> = terms.iter().filter(|term| term.like == Some(at)).map(|term| term.name.as_str()).collect();
    let named = copies.iter().take(MOST_COPIES).copied().collect::<Vec<_>>().join("; ");
    let rest = if copies.len() > MOST_COPIES {
        format!("; and {} more", count(copies.len() - MOST_COPIES))
    } else {
        String::new()
    };
    match copies.len() {
        0 => String::new(),
        1 => format!("1 near-copy: {named}"),
        n => format!("{} near-copies: {named}{rest}", count(n)),
    }
}

/// How it was done: ranking, weight, counts, method, seed.
pub(super) fn method(table: &GseaTable) -> String {
    let [min, max] = table.size_limits.map(count);
    [
        "GSEA, preranked".to_owned(),
        format!("{} genes by {}", count(table.n_genes), table.params.rank_by.name()),
        weight(&table.params),
        format!("{} sets of {min} to {max} genes", count(table.n_sets)),
        p_method(&table.params),
        format!("q over all {} sets", count(table.n_sets)),
        format!("seed {}", table.params.seed),
    ]
    .join(" · ")
}

fn weight(params: &FeatureGseaParams) -> String {
    match params.weight {
        GseaWeight::Statistic(0.0) => "hits weigh the same (exponent 0)".to_owned(),
        GseaWeight::Statistic(exponent) => {
            format!("hits weigh by the statistic (exponent {})", significant(exponent, 3))
        }
        GseaWeight::Rank => "hits weigh by rank".to_owned(),
    }
}

fn p_method(params: &FeatureGseaParams) -> String {
    let n = count(params.n_permutations);
    match params.method {
        GseaMethod::Multilevel { eps } => {
            format!("p: {n} random sets of each size, small ones multilevel down to {}", p_value(eps))
        }
        GseaMethod::Simple => format!("p: {n} random sets of each size"),
    }
}

/// What was found, in a sentence.
pub(super) fn finding(table: &GseaTable) -> String {
    let [up, down] = table.n_significant.map(count);
    let below = format!("q below {}", significant(table.alpha, 3));
    let share = table.n_tied as f64 / table.n_genes.max(1) as f64;
    let ties = if share >= MANY_TIES {
        format!(" {} of the genes have the statistic of another; their order is arbitrary.", percent(share))
    } else {
        String::new()
    };
    let rest = if table.terms.len() < table.n_sets {
        format!(" {} are listed, the best of each way; the saved table has all.", count(table.terms.len()))
    } else {
        String::new()
    };
    format!("{up} sets up and {down} down with {below}.{rest}{ties}")
}

/// The running sum.
///
/// # Errors
/// As [`running_sum`].
pub(super) fn chart(curve: &GseaCurve) -> Result<String, ChartError> {
    let corners: Vec<(f64, f64)> = curve.passed.iter().copied().zip(curve.sum.iter().copied()).collect();
    let term = &curve.term;
    let [p, q] = [term.log10_p_value, term.log10_padj].map(p_value_of_log10);
    running_sum(&RunningSum {
        title: &term.name,
        summary: &format!("NES {}, p {p}, q {q}", signed(term.nes, 3)),
        corners: &corners,
        hits: &curve.hits,
        metric: &curve.statistic,
        metric_label: curve.params.rank_by.name(),
        size: ChartSize { width: WIDTH, height: 260 },
    })
}

/// What the chart shows.
pub(super) const CAPTION: &str = "The curve rises at each gene of the set and falls in between; its peak is the \
    enrichment score. Ticks are the set's genes, those of the leading edge in the curve's colour.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FeatureId;

    fn term(name: &str, es: f64, like: Option<usize>) -> GseaTerm {
        GseaTerm {
            set: 7,
            name: name.to_owned(),
            size: 97,
            es,
            nes: 4.0 * es,
            log10_p_value: -41.0,
            log2_error: 1.2,
            log10_padj: -38.0,
            leading_edge: vec!["ISG15".to_owned(), "MX1".to_owned()],
            like,
        }
    }

    fn table(terms: Vec<GseaTerm>) -> GseaTable {
        GseaTable {
            feature: FeatureId(3),
            params: FeatureGseaParams::default(),
            n_genes: 14_053,
            n_tied: 0,
            size_limits: [10, 500],
            n_sets: 5216,
            n_significant: [31, 4],
            alpha: 0.05,
            terms,
            notices: Vec::new(),
        }
    }

    #[test]
    fn the_method_names_ranking_weight_counts_p_and_seed() {
        assert_eq!(
            method(&table(Vec::new())),
            "GSEA, preranked · 14\u{202f}053 genes by Wilcoxon z · hits weigh by the statistic (exponent 1) · 5216 sets of 10 to 500 \
             genes · p: 1000 random sets of each size, small ones multilevel down to 1e-50 · q over all 5216 sets · seed 0"
        );
    }

    #[test]
    fn near_copies_are_under_the_set_that_stands_for_them() {
        let terms = vec![term("a", 0.6, None), term("b", 0.5, Some(0)), term("c", -0.5, None)];
        let rows = rows(&table(terms));
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!((rows[0].alike.as_str(), rows[1].alike.as_str()), ("1 near-copy: b", ""));
        assert_eq!(rows[0].numbers, ["↑ up", "+2.4", "1e-41", "1e-38", "97"]);
        assert_eq!((rows[1].numbers[0].as_str(), rows[1].way), ("↓ down", Way::Down));
        assert_eq!(rows[0].edge, "Leading edge, 2 of 97 genes: ISG15, MX1");
    }

    #[test]
    fn a_set_without_p_has_dashes() {
        let nan = f64::NAN;
        let row =
            row(&GseaTerm { nes: nan, log10_p_value: nan, log10_padj: nan, ..term("a", 0.1, None) }, String::new());
        assert_eq!(row.numbers[1..4], ["–", "–", "–"]);
    }

    #[test]
    fn many_ties_and_sets_that_are_not_listed_are_said() {
        let found = finding(&GseaTable { n_tied: 1405, ..table(vec![term("a", 0.6, None)]) });
        assert!(found.starts_with("31 sets up and 4 down with q below 0.05. 1 are listed, the best"), "{found}");
        assert!(found.contains("their order is arbitrary"), "{found}");
        let all = finding(&GseaTable { n_sets: 1, ..table(vec![term("a", 0.6, None)]) });
        assert_eq!(all, "31 sets up and 4 down with q below 0.05.");
    }

    #[test]
    fn the_chart_has_the_set_and_its_numbers() {
        let curve = GseaCurve {
            feature: FeatureId(3),
            params: FeatureGseaParams::default(),
            term: term("INTERFERON", 0.6, None),
            passed: vec![0.0, 1.0, 3.0].into(),
            sum: vec![0.0, 1.0, 0.0].into(),
            hits: vec![0].into(),
            statistic: vec![2.0, 0.5, -1.0].into(),
        };
        let svg = chart(&curve).unwrap();
        assert!(svg.contains("INTERFERON") && svg.contains("NES +2.4, p 1e-41, q 1e-38"), "{svg:.400}");
    }
}
