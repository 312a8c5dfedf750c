//! The Mann-Whitney test of a set among ranks, in the form the paper's code has it (arXiv 2410.11468, scFeatureLens).
//!
//! U_s = n_s n_t + n_s(n_s + 1)/2 − R_s, U = min(U_s, n_s n_t − U_s), z = (U − n_s n_t/2)/√(n_s n_t (n + 1)/12),
//! p = Φ(z): half the two-sided p, whichever direction; no tie and no continuity correction. Effect =
//! U_s/(n_s n_t), below ½ if the set ranks high. Null: the set's ranks are a random draw. An empty set or one of
//! all values has z 0, p 1, effect 0, as in that code.

use super::normal::{ln_normal_cdf, normal_cdf};

/// The result of a Mann-Whitney test in the paper's form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// At most 0: U is the smaller of both sides.
    pub z: f64,
    /// Φ(z), 0 to ½.
    pub p_value: f64,
    /// ln Φ(z), finite where p underflows.
    pub ln_p_value: f64,
    /// U_s/(n_s n_t), 0 to 1; below ½ if the set ranks high.
    pub effect_size: f64,
}

/// Tests a set of `n_set` members with that sum of ranks among `n_all` ranks.
///
/// # Panics
/// If the set is larger than all: the caller's bug.
pub fn mann_whitney(rank_sum: f64, n_set: usize, n_all: usize) -> MannWhitney {
    assert!(n_set <= n_all, "a set of {n_set} among {n_all} ranks");
    let (n_s, n_t) = (n_set as f64, (n_all - n_set) as f64);
    let pairs = n_s * n_t;
    if pairs == 0.0 {
        return MannWhitney { z: 0.0, p_value: 1.0, ln_p_value: 0.0, effect_size: 0.0 };
    }
    let u_set = pairs + n_s * (n_s + 1.0) / 2.0 - rank_sum;
    let u = u_set.min(pairs - u_set);
    let z = (u - pairs / 2.0) / (pairs * (n_s + n_t + 1.0) / 12.0).sqrt();
    MannWhitney { z, p_value: normal_cdf(z), ln_p_value: ln_normal_cdf(z), effect_size: u_set / pairs }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(positions: &[u32]) -> MannWhitney {
        let rank_sum = positions.iter().map(|&at| f64::from(at + 1)).sum();
        mann_whitney(rank_sum, positions.len(), 20)
    }

    #[test]
    fn golden_sets_match_the_paper() {
        let up = of(&[15, 17, 18, 19]);
        assert!((up.z + 2.929_224_665_821_511).abs() < 1e-15);
        assert!((up.p_value - 0.001_699_043_572_2).abs() < 1e-13);
        assert_eq!(up.effect_size, 0.015_625);
        let down = of(&[0, 1, 3, 5]);
        assert!((down.z + 2.740_242_429_3).abs() < 1e-10);
        assert!((down.p_value - 0.003_069_694_1).abs() < 1e-10);
        assert_eq!(down.effect_size, 0.953_125);
        let even = of(&[0, 6, 13, 19]);
        assert_eq!((even.z, even.p_value, even.effect_size), (0.0, 0.5, 0.5));
    }

    #[test]
    fn an_empty_or_full_set_is_not_tested() {
        assert_eq!(mann_whitney(0.0, 0, 20).p_value, 1.0);
        assert_eq!(mann_whitney(210.0, 20, 20).p_value, 1.0);
    }
}
