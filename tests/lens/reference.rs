//! The whole method against the reference script's tables.

use std::io::Read;

use featurescope::data::FeatureId;
use featurescope::lens::{
    AnalysisParams, ExpressionValues, FeatureAnalysis, LabelBaselines, LabelIndex, Lens, feature_statistics,
};

use super::sample::{N_FEATURES, Sample, sample};
use super::{assert_relative, fixture};

/// The tables carry 13 digits; sums in another order cost a few units in the last place, p of t a few more.
const TOLERANCE: f64 = 1e-10;

fn rows(name: &str) -> Vec<Vec<String>> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn assert_number(found: f64, expected: &str, what: &str) {
    match expected.parse::<f64>() {
        Ok(expected) => assert_relative(found, expected, TOLERANCE, what),
        Err(_) => assert!(expected.is_empty() && found.is_nan(), "{what}: {found} is not {expected:?}"),
    }
}

fn lens(sample: &Sample, values: ExpressionValues) -> Lens {
    let params = AnalysisParams { values, min_set_size: 10, max_set_size: 30, ..AnalysisParams::default() };
    Lens::new(&sample.expression, &sample.gene_sets, &params).unwrap()
}

fn analyses(sample: &Sample, values: ExpressionValues) -> Vec<FeatureAnalysis> {
    let mut lens = lens(sample, values);
    (0..N_FEATURES as u32).map(|feature| lens.analyse(&sample.activations, FeatureId(feature)).unwrap()).collect()
}

fn both(sample: &Sample) -> Vec<(&'static str, FeatureAnalysis)> {
    let named = |name: &'static str, values| analyses(sample, values).into_iter().map(move |found| (name, found));
    named("raw", ExpressionValues::Raw).chain(named("log", ExpressionValues::LogNormalized)).collect()
}

#[test]
fn feature_statistics_match_pandas() {
    let found = feature_statistics(&sample().activations);
    let expected = rows("statistics.csv");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let what = format!("feature {}", found.feature);
        assert_eq!(found.n_active.to_string(), expected[1], "{what}");
        assert_number(found.mean_active, &expected[2], &what);
        assert_number(found.sd_active, &expected[3], &what);
        assert_number(found.max, &expected[4], &what);
    }
}

#[test]
fn label_association_and_baseline_match_scipy() {
    let sample = sample();
    let index = LabelIndex::new(&sample.cells);
    let baselines = LabelBaselines::new(&sample.cells, &sample.latents);
    for row in rows("labels.csv") {
        let what = format!("category {} feature {}", row[0], row[1]);
        let category = "ABCD".find(&row[0]).unwrap();
        let all = index.associations(&sample.activations, FeatureId(row[1].parse().unwrap()));
        let found = all.iter().find(|association| association.label.category == category).unwrap();
        assert_number(found.auroc, &row[2], &what);
        let baseline = baselines.get(found.label).unwrap();
        assert_number(baseline.auroc, &row[3], &what);
        assert_eq!(baseline.dim.to_string(), row[4], "{what}");
    }
}

#[test]
fn every_gene_of_every_feature_matches() {
    let sample = sample();
    let mut lens = lens(&sample, ExpressionValues::LogNormalized);
    for rows in rows("genes.csv.gz").chunk_by(|a, b| a[0] == b[0]) {
        let tests = lens.gene_tests(&sample.activations, FeatureId(rows[0][0].parse().unwrap())).unwrap();
        assert_eq!(tests.n_genes(), rows.len());
        for (gene, row) in rows.iter().enumerate() {
            let columns =
                [&tests.mean_positive, &tests.mean_negative, &tests.fold_change, &tests.t, &tests.p_value, &tests.padj];
            for (column, expected) in columns.iter().zip(&row[2..]) {
                assert_number(column[gene], expected, &format!("feature {} gene {gene}", row[0]));
            }
        }
    }
}

#[test]
fn groups_and_thresholds_match() {
    let (found, expected) = (both(&sample()), rows("features.csv"));
    assert_eq!(found.len(), expected.len());
    for ((values, found), expected) in found.into_iter().zip(expected) {
        let counts = [found.feature.0 as usize, found.n_positive, found.n_negative, found.n_selected];
        assert_eq!(values, expected[0]);
        assert_eq!(counts.map(|count| count.to_string()), expected[1..5]);
        assert_number(found.p_threshold, &expected[5], "p threshold");
        assert_number(found.fold_change_threshold.unwrap_or(f64::NAN), &expected[6], "fold threshold");
    }
}

#[test]
fn kept_terms_match_with_every_number() {
    let sample = sample();
    let lens = lens(&sample, ExpressionValues::Raw);
    let mut found = Vec::new();
    for (values, mut analysis) in both(&sample) {
        analysis.terms.sort_by_key(|term| term.set);
        found.extend(analysis.terms.into_iter().map(|term| (values, analysis.feature, term)));
    }
    let expected = rows("terms.csv");
    assert_eq!(found.len(), expected.len());
    for ((values, feature, term), row) in found.into_iter().zip(expected) {
        let what = row[..3].join(" ");
        assert_eq!([values, &feature.to_string(), lens.sets().name(term.set)], row[..3]);
        let (binomial, ranks) = (term.over_representation, term.mann_whitney);
        assert_eq!((binomial.n_hits.to_string(), term.hits.len()), (row[3].clone(), binomial.n_hits), "{what}");
        assert_eq!(if binomial.is_over() { "+" } else { "-" }, row[6], "{what}");
        let numbers = [binomial.expected, binomial.p_value(), binomial.fold, binomial.miss_share];
        for (found, column) in numbers.into_iter().zip([4, 5, 7, 8]) {
            assert_number(found, &row[column], &what);
        }
        for (found, column) in [ranks.z, ranks.p_value, ranks.effect_size].into_iter().zip([9, 10, 11]) {
            assert_number(found, &row[column], &what);
        }
    }
}
