//! Distributions, tests and the whole lens against numbers from mpmath, SciPy and statsmodels.
//!
//! `fixtures/lens/` holds the scripts that made the numbers.

mod annotations;
mod gene_family;
mod hostile;
mod ontology;
mod order;
mod reference;
mod sample;
mod sound;
mod tables;

use std::path::PathBuf;

use featurescope::stats;

/// The continued fraction, below 30 degrees of freedom, loses most; the references carry 15 digits.
const T_TOLERANCE: f64 = 1e-13;
/// A few units in the last place.
const DISTRIBUTION_TOLERANCE: f64 = 2e-14;
/// SciPy's binomial chances themselves lose digits (its incomplete beta at n = 5,000).
const BINOMIAL_TOLERANCE: f64 = 1e-10;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lens").join(name)
}

#[derive(serde::Deserialize)]
struct Distributions {
    two_sided_t: Vec<(f64, f64, f64)>,
    binomial_of_14053: Vec<(usize, usize, u32, f64)>,
    ln_normal_cdf: Vec<(f64, f64)>,
    ln_beta: Vec<(f64, f64, f64)>,
}

fn distributions() -> Distributions {
    serde_json::from_str(&std::fs::read_to_string(fixture("distributions.json")).unwrap()).unwrap()
}

fn assert_relative(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

#[test]
fn logarithms_of_distributions_match_mpmath() {
    let golden = distributions();
    for (t, df, ln_p) in golden.two_sided_t {
        assert_relative(stats::ln_two_sided_t(t, df), ln_p, T_TOLERANCE, &format!("t {t} df {df}"));
    }
    for (x, ln_cdf) in golden.ln_normal_cdf {
        assert_relative(stats::ln_normal_cdf(x), ln_cdf, DISTRIBUTION_TOLERANCE, &format!("normal {x}"));
    }
    for (a, b, ln_beta) in golden.ln_beta {
        assert_relative(stats::ln_beta(a, b), ln_beta, DISTRIBUTION_TOLERANCE, &format!("beta {a} {b}"));
    }
}

#[test]
fn binomial_test_matches_scipy() {
    for (n, k, size, p) in distributions().binomial_of_14053 {
        let found = stats::binomial_test(k, n, f64::from(size) / 14053.0);
        assert_relative(found, p, BINOMIAL_TOLERANCE, &format!("n {n} k {k} size {size}"));
    }
}
