//! Gene sets at the edge: of nothing, of everything, copies, the same name or gene twice.

use featurescope::enrich::GeneSetId;
use featurescope::lens::sound::{Direction, Findings, Universe};
use featurescope::lens::{AnalysisParams, Lens};

use super::{Made, first, params, set};

/// Genes 0 to 2 are up in the first cells, 3 and 4 are down, 5 to 9 are neither.
fn made(sets: &[featurescope::data::GeneSet]) -> Made {
    let down: Vec<f32> = first(6, 14).iter().map(|value| 1.0 - value).collect();
    let noise: Vec<f32> = (0..14).map(|cell| f32::from(u8::from(cell % 2 == 0))).collect();
    let up = first(6, 14);
    let genes: Vec<&[f32]> = (0..10)
        .map(|gene| [&up, &down, &noise][usize::from(gene > 2) + usize::from(gene > 4)])
        .map(|gene| &gene[..])
        .collect();
    Made::new(&genes, &[&first(6, 14)], sets)
}

fn strict() -> AnalysisParams {
    let mut params = params();
    params.sound.alpha = 0.2;
    params
}

fn numbers(findings: &Findings) -> Vec<(GeneSetId, Direction, u32, f64)> {
    findings.terms.iter().map(|term| (term.set, term.direction, term.n_hits, term.ln_padj)).collect()
}

#[test]
fn sets_of_nothing_are_not_sets_and_the_universe_is_never_a_term() {
    let all: Vec<String> = (0..10).map(|gene| format!("g{gene}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let given = [set("none", &[]), set("strangers", &["x", "y"]), set("all", &all), set("up", &["g0", "g1", "g2"])];
    let made = made(&given);
    let plan = made.plan(&strict());
    let names: Vec<&str> = plan.sets.ids().map(|set| plan.sets.name(set)).collect();
    assert_eq!(names, ["all", "up"]);
    let found = made.outcome(&strict());
    assert_eq!(found.findings.n_selected, [3, 2]);
    let terms = numbers(&found.findings);
    // Up: P(3 of 3) of 3 among 10 is 1/120, in a family of 2 sets × 2 directions.
    assert_eq!(terms.len(), 1);
    assert_eq!((terms[0].0, terms[0].1, terms[0].2), (GeneSetId(1), Direction::Up, 3));
    assert!((terms[0].3.exp() - 4.0 / 120.0).abs() < 1e-14);
    // Everything against nothing has no rank test.
    let counts = found.report.term_counts(&plan, &found.findings.terms[0]);
    assert_eq!((counts.set_size, counts.n_selected, counts.hits.len()), (3, 3, 3));
    assert!(counts.odds_ratio.is_finite() && (counts.fold - 10.0 / 3.0).abs() < 1e-14);
}

#[test]
fn without_sets_or_without_a_known_gene_there_are_genes_alone() {
    for given in [&[][..], &[set("strangers", &["x"])]] {
        let made = made(given);
        let found = made.outcome(&strict()).findings;
        assert_eq!((found.n_selected, found.terms.len(), found.ln_p_values.len()), ([3, 2], 0, 0));
        let mut annotated = strict();
        annotated.sound.universe = Universe::Annotated;
        assert_eq!(made.outcome(&annotated).findings.n_selected, [3, 2]);
    }
}

#[test]
fn names_and_genes_given_twice_count_once() {
    let once = made(&[set("up", &["g0", "g1", "g2"]), set("mixed", &["g0", "g3", "g9"])]);
    let twice = made(&[set("up", &["g2", "g0", "g0", "g1", "g2", "x"]), set("up", &["g3", "g9", "g0", "g0"])]);
    assert_eq!(twice.outcome(&strict()).findings, once.outcome(&strict()).findings);
}

#[test]
fn copies_of_a_set_have_the_same_numbers_in_the_files_order() {
    let copy = ["g0", "g1", "g2"];
    let found = made(&[set("a", &copy), set("noise", &["g8"]), set("b", &copy)]).outcome(&strict()).findings;
    let [first, second] = &found.terms[..] else { panic!("{:?}", found.terms) };
    assert_eq!((first.set, second.set), (GeneSetId(0), GeneSetId(2)));
    assert_eq!(*first, featurescope::lens::sound::TermFinding { set: first.set, ..*second });
}

#[test]
fn genes_of_one_name_are_tested_apart_and_the_first_is_in_the_sets() {
    let mut made = made(&[set("up", &["g0", "g2"])]);
    made.gene_names[5] = "g0".to_owned();
    made.gene_names[2] = "g9".to_owned();
    let plan = made.plan(&strict());
    assert_eq!(plan.sets.genes(GeneSetId(0)), [0]);
    assert_eq!(made.outcome(&strict()).findings.n_selected, [3, 2]);
    let mut all_twice = made.clone();
    all_twice.gene_names.fill("g0".to_owned());
    assert_eq!(all_twice.outcome(&strict()).findings.n_selected, [3, 2]);
    assert!(Lens::new(&all_twice.expression(), &all_twice.sets, &strict()).is_ok());
}

#[test]
fn copies_of_genes_and_features_have_the_same_rows() {
    let mut made = made(&[set("up", &["g0", "g1"])]);
    made.scores = vec![made.scores[0].clone(), first(3, 14), made.scores[0].clone()];
    let found: Vec<_> = made.outcomes(&strict()).into_iter().map(Result::unwrap).collect();
    assert_eq!(found[0].findings, found[2].findings);
    assert_ne!(found[0].findings, found[1].findings);
    for table in found.iter().map(|outcome| &outcome.table) {
        for column in
            [&table.t, &table.df, &table.t_ln_padj, &table.z, &table.u, &table.z_ln_padj, &table.mean_negative]
        {
            let row = super::bits(column);
            assert!(row[0] == row[1] && row[1] == row[2] && row[3] == row[4] && row[5..].iter().all(|&x| x == row[5]));
        }
    }
}
