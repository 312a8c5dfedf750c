//! Gene sets of a feature card in words and bars, in either mode; pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{MOST_BARS, WIDTH};
use crate::plot::charts::{Bar, BarChart, ChartError, TermBar, TermBars, bar_chart, term_bars};
use crate::plot::format::{count, decimals, fold, p_value, p_value_of_log10, signed, significant};
use crate::protocol::{AnalysisParams, CardTerm, Direction, TermTests};

/// Terms that the chart of sound mode shows.
const MOST_TERMS: usize = 10;

/// Groups that are named.
const MOST_GROUPS: usize = 6;

/// Near-copies of a term that are named.
const MOST_COPIES: usize = 8;

/// A gene set tested as in the paper.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PaperTermRow {
    pub(super) name: String,
    /// Both tests in short.
    pub(super) tests: String,
    /// Hits, expected, fold, effect.
    pub(super) numbers: String,
    pub(super) hits: String,
}

/// A gene set of sound mode.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoundTermRow {
    pub(super) name: String,
    /// One text for each of [`SoundTerms::heads`].
    pub(super) numbers: Vec<String>,
    pub(super) hits: String,
    /// Sets it stands for, by name; empty if there are none.
    pub(super) alike: String,
    /// The group of the ontology it is in; empty without one.
    pub(super) group: String,
}

/// Gene sets of sound mode as a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoundTerms {
    /// Heading and what it means, a column each.
    pub(super) heads: Vec<(&'static str, &'static str)>,
    pub(super) rows: Vec<SoundTermRow>,
}

/// The gene sets tested as in the paper, as rows.
pub(super) fn paper_rows(terms: &[CardTerm]) -> Vec<PaperTermRow> {
    terms.iter().filter_map(paper_row).collect()
}

fn paper_row(term: &CardTerm) -> Option<PaperTermRow> {
    let TermTests::Paper { binomial_p, mann_whitney_p, effect_size } = term.tests else { return None };
    Some(PaperTermRow {
        name: term.name.clone(),
        tests: format!("Mann-Whitney p {}, binomial p {}", p_value(mann_whitney_p), p_value(binomial_p)),
        numbers: format!(
            "{} of {} genes selected, {} expected ({}); effect size {}",
            count(term.n_hits),
            count(term.set_size),
            significant(term.expected, 2),
            fold(term.fold),
            decimals(effect_size, 2)
        ),
        hits: term.hits.join(", "),
    })
}

/// The gene sets of sound mode; q over all features has a column where an analysis has run.
pub(super) fn sound_terms(terms: &[CardTerm]) -> SoundTerms {
    let has_global = terms.iter().any(|term| matches!(term.tests, TermTests::Sound { log10_padj_global: Some(_), .. }));
    let global = has_global.then_some(("q all", "p adjusted over all sets of all features"));
    let first = [
        ("Genes", "Whether the set is among genes that go up or down"),
        ("Hits", "Selected genes of the set, and its genes in the universe"),
        ("Fold", "Hits over expected hits"),
        ("Odds", "Odds ratio of being in the set and being selected"),
        ("q", "p adjusted over all sets of this feature, up and down"),
    ];
    let last = ("z", "Rank test of all genes of the set: above 0 where they rank high, selected or not");
    SoundTerms {
        heads: first.into_iter().chain(global).chain([last]).collect(),
        rows: own_terms(terms).filter_map(|(at, term)| sound_row(term, alike(terms, at), has_global)).collect(),
    }
}

/// How the terms spread over the groups of the ontology, most first; empty without an ontology.
pub(super) fn groups_line(terms: &[CardTerm]) -> String {
    let mut by_group: BTreeMap<&str, usize> = BTreeMap::new();
    for group in own_terms(terms).filter_map(|(_, term)| term.group.as_deref()) {
        *by_group.entry(group).or_default() += 1;
    }
    let mut groups: Vec<(&str, usize)> = by_group.into_iter().collect();
    groups.sort_by_key(|&(_, n)| Reverse(n));
    let shown = groups.iter().take(MOST_GROUPS).map(|&(group, n)| format!("{group} {}", count(n)));
    let shown = shown.collect::<Vec<_>>().join(" · ");
    match groups.len() {
        0 => String::new(),
        n if n > MOST_GROUPS => format!("By group: {shown} · and {} more", count(n - MOST_GROUPS)),
        _ => format!("By group: {shown}"),
    }
}

/// The terms that no other stands for.
fn own_terms(terms: &[CardTerm]) -> impl Iterator<Item = (usize, &CardTerm)> {
    terms.iter().enumerate().filter(|(_, term)| term.like.is_none())
}

/// The sets a term stands for: the first few by name.
fn alike(terms: &[CardTerm], at: usize) -> String {
    let copies: Vec<&str> = terms.iter().filter(|term| term.like == Some(at)).map(|term| term.name.as_str()).collect();
    let named = copies.iter().take(MOST_COPIES).copied().collect::<Vec<_>>().join("; ");
    match copies.len() {
        0 => String::new(),
        n if n > MOST_COPIES => format!("{} near-copies: {named}; and {} more", count(n), count(n - MOST_COPIES)),
        1 => format!("1 near-copy: {named}"),
        n => format!("{} near-copies: {named}", count(n)),
    }
}

fn sound_row(term: &CardTerm, alike: String, has_global: bool) -> Option<SoundTermRow> {
    let TermTests::Sound { direction, odds_ratio, log10_padj, log10_padj_global, rank_z, .. } = term.tests else {
        return None;
    };
    let global = has_global.then(|| p_value_of_log10(log10_padj_global.unwrap_or(f64::NAN)));
    let first = [
        arrow(direction).to_owned(),
        format!("{}/{}", count(term.n_hits), count(term.set_size)),
        fold(term.fold),
        significant(odds_ratio, 3),
        p_value_of_log10(log10_padj),
    ];
    Some(SoundTermRow {
        name: term.name.clone(),
        numbers: first.into_iter().chain(global).chain([signed(rank_z, 3)]).collect(),
        hits: term.hits.join(", "),
        alike,
        group: term.group.as_ref().map(|group| format!("Group: {group}")).unwrap_or_default(),
    })
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "↑ up",
        Direction::Down => "↓ down",
    }
}

/// The first gene sets as bars: −log10 q up and down in sound mode, −log10 of the Mann-Whitney p in paper mode.
///
/// # Errors
/// Without a gene set.
pub(super) fn term_chart(terms: &[CardTerm], params: &AnalysisParams) -> Result<String, ChartError> {
    let sound: Vec<TermBar> = own_terms(terms).filter_map(|(_, term)| sound_bar(term)).take(MOST_TERMS).collect();
    if sound.is_empty() {
        return paper_chart(terms);
    }
    term_bars(&TermBars {
        title: "Gene sets by q",
        value_label: "−log10 q",
        bars: &sound,
        threshold: Some(-params.sound.alpha.log10()),
        width: WIDTH,
    })
}

fn sound_bar(term: &CardTerm) -> Option<TermBar> {
    let TermTests::Sound { direction, log10_padj, .. } = term.tests else { return None };
    let value = if direction == Direction::Up { -log10_padj } else { log10_padj };
    let q = p_value_of_log10(log10_padj);
    let value_text = format!("q {q}, {} of {}", count(term.n_hits), count(term.set_size));
    Some(TermBar { label: term.name.clone(), value, value_text })
}

fn paper_chart(terms: &[CardTerm]) -> Result<String, ChartError> {
    let bar = |term: &CardTerm| {
        let TermTests::Paper { mann_whitney_p, .. } = term.tests else { return None };
        Some(Bar {
            label: term.name.clone(),
            value: minus_log10(mann_whitney_p),
            value_text: format!("p {}", p_value(mann_whitney_p)),
            reference: None,
        })
    };
    let bars: Vec<Bar> = terms.iter().filter_map(bar).take(MOST_BARS).collect();
    bar_chart(&BarChart {
        title: "Gene sets by Mann-Whitney p",
        value_label: "−log10 p",
        reference_label: "",
        bars: &bars,
        start: 0.0,
        end: None,
        width: WIDTH,
    })
}

/// p = 0 has the length of the smallest p that can be told from it.
fn minus_log10(p: f64) -> f64 {
    -p.max(1e-300).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(tests: TermTests) -> CardTerm {
        CardTerm {
            name: "response to virus".into(),
            set_size: 97,
            n_hits: 31,
            expected: 2.5,
            fold: 12.4,
            tests,
            hits: vec!["ISG15".into(), "MX1".into()],
            like: None,
            group: None,
        }
    }

    fn sound(direction: Direction, log10_padj_global: Option<f64>) -> CardTerm {
        term(TermTests::Sound {
            direction,
            odds_ratio: 18.25,
            log10_p_value: -350.0,
            log10_padj: -346.0,
            log10_padj_global,
            rank_z: 12.34,
            rank_log10_padj: -30.0,
        })
    }

    #[test]
    fn sound_terms_have_a_text_for_each_column() {
        let table = sound_terms(&[sound(Direction::Up, Some(-343.0)), sound(Direction::Down, None)]);
        assert_eq!(table.rows[0].numbers, ["↑ up", "31/97", "12.4×", "18.2", "1e-346", "1e-343", "+12.3"]);
        assert_eq!(table.rows[1].numbers[5], "–");
        assert!(table.rows.iter().all(|row| row.numbers.len() == table.heads.len()));
        assert_eq!(table.rows[0].hits, "ISG15, MX1");
    }

    #[test]
    fn near_copies_are_under_the_term_that_stands_for_them() {
        let of = |group: &str| CardTerm { group: Some(group.to_owned()), ..sound(Direction::Up, None) };
        let line = groups_line(&[of("transport"), of("immune response"), of("immune response")]);
        assert_eq!(line, "By group: immune response 2 · transport 1");
        assert_eq!(groups_line(&[sound(Direction::Up, None)]), "");
        let copy = CardTerm { name: "defense".into(), like: Some(0), ..sound(Direction::Up, None) };
        let terms = [sound(Direction::Up, None), copy, sound(Direction::Down, None)];
        let rows = sound_terms(&terms).rows;
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].alike.as_str(), rows[1].alike.as_str()), ("1 near-copy: defense", ""));
    }

    #[test]
    fn without_an_analysis_no_column_is_over_all_features() {
        let table = sound_terms(&[sound(Direction::Down, None)]);
        assert_eq!(table.rows[0].numbers, ["↓ down", "31/97", "12.4×", "18.2", "1e-346", "+12.3"]);
        assert_eq!(table.heads.len(), 6);
    }

    #[test]
    fn terms_that_go_down_have_bars_below_zero() {
        let svg = term_chart(&[sound(Direction::Down, None)], &AnalysisParams::default()).unwrap();
        assert!(svg.contains("response to virus down, q 1e-346, 31 of 97"), "{svg:.500}");
    }

    #[test]
    fn paper_terms_name_both_tests() {
        let tests = TermTests::Paper { binomial_p: 0.01, mann_whitney_p: 0.0, effect_size: 0.25 };
        let rows = paper_rows(&[term(tests.clone())]);
        assert_eq!(rows[0].tests, "Mann-Whitney p < 1e-300, binomial p 0.01");
        assert_eq!(rows[0].numbers, "31 of 97 genes selected, 2.5 expected (12.4×); effect size 0.25");
        let svg = term_chart(&[term(tests)], &AnalysisParams::default()).unwrap();
        assert!(svg.contains("Mann-Whitney"));
    }

    #[test]
    fn terms_with_p_zero_have_a_bar() {
        assert!((minus_log10(0.0) - 300.0).abs() < 1e-9);
        assert!(matches!(term_chart(&[], &AnalysisParams::default()), Err(ChartError::Empty { .. })));
    }
}
