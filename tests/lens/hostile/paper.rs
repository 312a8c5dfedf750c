//! Paper mode on the same data: nothing breaks, and what the method promises holds.

use featurescope::data::FeatureId;
use featurescope::lens::{AnalysisMode, AnalysisParams, ExpressionValues, Lens};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Made, any_data, first, set};

fn params() -> AnalysisParams {
    AnalysisParams {
        mode: AnalysisMode::Paper,
        values: ExpressionValues::Raw,
        min_set_size: 1,
        ..AnalysisParams::default()
    }
}

fn assert_sound_numbers(made: &Made) {
    let mut lens = Lens::new(&made.expression(), &made.sets, &params()).unwrap();
    let activations = made.activations();
    for feature in (0..made.scores.len()).map(FeatureId::from_index) {
        let tests = lens.gene_tests(&activations, feature).unwrap().clone();
        for gene in 0..tests.n_genes() {
            let (p, padj) = (tests.p_value[gene], tests.padj[gene]);
            assert!((0.0..=1.0).contains(&p) && p <= padj && padj <= 1.0, "p {p} padj {padj}");
            assert!(tests.ln_p_value[gene] <= 0.0);
            assert!(!tests.t[gene].is_nan() || p == 1.0);
        }
        let mut ranks = tests.rank.clone();
        ranks.sort_unstable();
        assert!(ranks.iter().copied().eq(1..=tests.n_genes() as u32));
        let found = lens.analyse(&activations, feature).unwrap();
        assert!(found.n_selected <= tests.n_genes());
        assert!(found.terms.iter().all(|term| term.hits.len() == term.over_representation.n_hits));
        assert!(found.genes_up.iter().all(|gene| gene.fold_change > 1.0));
    }
}

#[test]
fn features_active_nowhere_everywhere_or_in_one_cell_are_analysed() {
    let constant = [2.5_f32; 8];
    let mut one = [0.0_f32; 8];
    one[5] = 3.0;
    let made = Made::new(
        &[&constant, &[0.0; 8], &one, &first(4, 8), &[-1.0, 2.0, -3.0, 0.0, 0.5, 0.0, 1.0, -1.0]],
        &[&[0.0; 8], &constant, &one, &first(7, 8), &[-1.0; 8]],
        &[set("none", &[]), set("all", &["g0", "g1", "g2", "g3", "g4"]), set("two", &["g2", "g2", "g3"])],
    );
    assert_sound_numbers(&made);
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_data_have_numbers_in_range(made in any_data()) {
        assert_sound_numbers(&made);
    }
}
