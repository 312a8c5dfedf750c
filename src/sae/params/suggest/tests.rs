//! What is suggested for data of many shapes.

use super::*;
use crate::sae::{InputScaling, Variant};

fn shape(n_cells: usize, d_in: usize) -> DataShape {
    DataShape { n_cells, d_in, offset_ratio: Some(0.5), ..DataShape::default() }
}

fn for_shape(n_cells: usize, d_in: usize) -> SaeParams {
    suggest(&shape(n_cells, d_in), &Wishes::default()).params
}

#[test]
fn suggestions_are_valid_for_data_of_any_shape() {
    for n_cells in [1, 2, 5, 40, 99, 100, 240, 3000, 25_000, 1_000_000] {
        for d_in in [1, 2, 3, 8, 20, 50, 512, 4096] {
            for kind in VariantKind::ALL {
                for has_gpu in [false, true] {
                    let shape = DataShape { has_gpu, ..shape(n_cells, d_in) };
                    let params = suggest(&shape, &Wishes { kind: Some(kind), ..Wishes::default() }).params;
                    assert_eq!(params.check(n_cells, d_in), Ok(()), "{n_cells} × {d_in}, {kind:?}: {params:?}");
                    assert_eq!(params.variant.kind(), kind);
                }
            }
        }
    }
}

#[test]
fn width_decides_features_and_k() {
    let sizes = |n_cells, d_in| {
        let params = for_shape(n_cells, d_in);
        (params.n_features, params.variant.k(params.n_features).unwrap())
    };
    assert_eq!(sizes(25_000, 50), (512, 16));
    assert_eq!(sizes(25_000, 512), (4096, 32));
    assert_eq!(sizes(25_000, 32), (256, 16));
    assert_eq!(sizes(25_000, 20), (128, 8));
    assert_eq!(sizes(25_000, 2), (64, 1));
}

#[test]
fn few_cells_bear_few_features() {
    assert_eq!(for_shape(1000, 50).n_features, 512);
    assert_eq!(for_shape(500, 50).n_features, 256);
    assert_eq!(for_shape(100, 50).n_features, 64);
    assert_eq!(for_shape(40, 50).n_features, 32);
}

#[test]
fn a_run_has_five_thousand_steps_unless_that_takes_too_long() {
    let steps = |n_cells, d_in, has_gpu| {
        let params = suggest(&DataShape { has_gpu, ..shape(n_cells, d_in) }, &Wishes::default()).params;
        params.steps_per_epoch(n_cells - (0.1 * n_cells as f64).round() as usize) * params.n_epochs
    };
    for n_cells in [100, 3000, 25_000, 100_000] {
        assert!((5000..10_000).contains(&steps(n_cells, 50, false)), "{n_cells}: {}", steps(n_cells, 50, false));
    }
    assert!(steps(1_000_000, 1024, false) < 2000);
    assert!(steps(1_000_000, 1024, true) >= 5000);
}

#[test]
fn a_gpu_picks_over_the_batch() {
    let on = |has_gpu| suggest(&DataShape { has_gpu, ..shape(25_000, 50) }, &Wishes::default()).params.variant;
    assert!(matches!(on(false), Variant::TopK { k: 16, .. }));
    assert!(matches!(on(true), Variant::BatchTopK { k: 16, .. }));
}

#[test]
fn the_rest_follows_what_is_settled() {
    let wishes = Wishes { n_features: Some(16), batch_size: Some(64), ..Wishes::default() };
    let params = suggest(&shape(25_000, 50), &wishes).params;
    assert_eq!((params.n_features, params.batch_size, params.n_epochs), (16, 64, 15));
    assert_eq!(params.variant.k(16), Some(2));
    assert_eq!(params.learning_rate, SaeParams::usual_learning_rate(16));
}

#[test]
fn the_papers_variants_are_trained_plainly() {
    let wishes = Wishes { kind: Some(VariantKind::Bricken), ..Wishes::default() };
    let found = suggest(&shape(25_000, 20), &wishes);
    let params = &found.params;
    assert_eq!((params.center_inputs, params.scaling, params.clip), (false, InputScaling::None, None));
    assert_eq!((params.learning_rate, params.batch_size, params.hold_out.share), (1e-3, 128, 0.0));
    assert!(found.reason(SaeField::LearningRate).unwrap().contains("paper"));
}

#[test]
fn donors_are_held_out_whole_unless_one_is_too_large() {
    let with = |sizes: Vec<usize>| {
        let n_cells = sizes.iter().sum();
        suggest(&DataShape { donors: Some(("donor".into(), sizes)), ..shape(n_cells, 50) }, &Wishes::default())
    };
    let even = with(vec![500; 8]);
    assert_eq!(even.params.hold_out, HoldOut { share: 0.1, label: Some("donor".into()) });
    assert!(even.reason(SaeField::HoldOut).unwrap().contains("8 in all"));
    // The steps of an epoch are those of the cells left when a tenth and one more donor are out.
    assert!(even.params.steps_per_epoch(4000 - 400 - 500) * even.params.n_epochs >= 5000);
    let lopsided = with(vec![2000, 1000, 1000]);
    assert_eq!(lopsided.params.hold_out.label, None);
    assert!(lopsided.reason(SaeField::HoldOut).unwrap().contains("too many cells"));
    assert_eq!(with(vec![10; 8]).params.hold_out, HoldOut { share: 0.0, label: None });
}

#[test]
fn a_far_mean_is_the_reason_to_centre() {
    let reason = |offset_ratio| {
        let shape = DataShape { offset_ratio, ..shape(3000, 50) };
        suggest(&shape, &Wishes::default()).reason(SaeField::Center).unwrap().to_owned()
    };
    assert!(reason(Some(3.24)).contains("3.2 times"));
    for near in [Some(0.5), Some(f64::NAN), None] {
        assert!(!reason(near).contains("times"), "{}", reason(near));
    }
}

#[test]
fn thousands_are_parted() {
    assert_eq!([7, 999, 1000, 13_576, 1_000_000].map(counted), ["7", "999", "1,000", "13,576", "1,000,000"]);
}

#[test]
fn reasons_are_plain_sentences() {
    for kind in VariantKind::ALL {
        for (field, reason) in suggest(&shape(3000, 50), &Wishes { kind: Some(kind), ..Wishes::default() }).reasons {
            assert!(reason.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()), "{field:?}: {reason}");
            assert!(reason.ends_with('.') && reason.len() <= 130, "{field:?}: {reason}");
        }
    }
}

fn donor_of(labels: &[(&str, &[&str])]) -> Option<String> {
    let labels: Vec<(&str, Vec<(String, usize)>)> = labels
        .iter()
        .map(|(name, categories)| (*name, categories.iter().map(|category| ((*category).to_owned(), 50)).collect()))
        .collect();
    donor_label(labels.iter().map(|(name, categories)| (*name, categories.as_slice()))).map(str::to_owned)
}

#[test]
fn donors_are_known_by_their_labels_name() {
    const THREE: &[&str] = &["a", "b", "c"];
    for name in ["donor", "Donor_ID", "patients", "ind", "orig.subject", "sampleID", "replicate", "PatientId", "donor2"]
    {
        assert_eq!(donor_of(&[(name, THREE)]).as_deref(), Some(name));
    }
    for name in ["cell_type", "indication", "donor_group", "sample_type", "industry", "resample"] {
        assert_eq!(donor_of(&[(name, THREE)]), None, "{name}");
    }
    assert_eq!(donor_of(&[("sample", THREE), ("donor", THREE)]).as_deref(), Some("donor"));
}

#[test]
fn conditions_and_labels_of_single_cells_are_no_donors() {
    assert_eq!(donor_of(&[("sample", &["ctrl", "stim"])]), None);
    assert_eq!(donor_of(&[("donor", &["one"])]), None);
    let cells: Vec<(String, usize)> = (0..100).map(|cell| (format!("s{cell}"), 1)).collect();
    assert_eq!(donor_label([("sample_id", cells.as_slice())].into_iter()), None);
}
