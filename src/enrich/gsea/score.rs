//! The enrichment score of one set: how far a running sum over the ranking strays from 0.
//!
//! Going down the ranking, a hit (gene of the set) adds its share w/NR of the set's weights and a miss takes 1/(N −
//! k) (Subramanian et al., PNAS 2005). With S_i the rank (from 1) of the i-th of k hits, the sum is largest just
//! after a hit, tops_i = Σ_{j≤i} w_j/NR − (S_i − i)/(N − k), and smallest just before one, bottoms_i = tops_i −
//! w_i/NR, so k points say everything (fgsea `calcGseaStat`). ES is max tops if it is further from 0 than min
//! bottoms, min bottoms if that is, and 0 if they are equally far. Of equal extremes the first counts. A set whose
//! weights are all 0 is scored with equal weights.

/// Where the running sum of a set is furthest above and below 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extremes {
    top: f64,
    top_at: usize,
    bottom: f64,
    bottom_at: usize,
}

impl Extremes {
    /// The enrichment score.
    pub(super) fn es(self) -> f64 {
        if self.top == -self.bottom {
            0.0
        } else if self.top > -self.bottom {
            self.top
        } else {
            self.bottom
        }
    }

    /// The largest value of the running sum.
    pub(super) fn top(self) -> f64 {
        self.top
    }
}

/// The extremes of the running sum over ascending ranks, of which there are 1 to N − 1.
pub(super) fn extremes(weights: &[f64], ranks: &[u32]) -> Extremes {
    let total: f64 = ranks.iter().map(|&rank| weights[rank as usize]).sum();
    if total > 0.0 {
        extremes_by(weights.len(), ranks, total, |rank| weights[rank as usize])
    } else {
        extremes_by(weights.len(), ranks, ranks.len() as f64, |_| 1.0)
    }
}

fn extremes_by(n: usize, ranks: &[u32], total: f64, weight: impl Fn(u32) -> f64) -> Extremes {
    let n_misses = (n - ranks.len()) as f64;
    let mut found = Extremes { top: f64::NEG_INFINITY, top_at: 0, bottom: f64::INFINITY, bottom_at: 0 };
    let mut sum = 0.0;
    for (at, &rank) in ranks.iter().enumerate() {
        let weight = weight(rank);
        sum += weight;
        let top = sum / total - f64::from(rank - at as u32) / n_misses;
        let bottom = top - weight / total;
        if top > found.top {
            (found.top, found.top_at) = (top, at);
        }
        if bottom < found.bottom {
            (found.bottom, found.bottom_at) = (bottom, at);
        }
    }
    found
}

fn assert_set(weights: &[f64], ranks: &[u32]) {
    assert!(!ranks.is_empty() && ranks.len() < weights.len(), "{} of {} genes in the set", ranks.len(), weights.len());
    assert!(ranks.is_sorted_by(|a, b| a < b), "a set's ranks ascend, each once");
}

/// The enrichment score of a set, −1 to 1; positive if its genes stand high in the ranking.
///
/// # Shapes
/// `weights` `[n_ranked]` from [`super::Ranking::weights`]; `ranks` ascending, 0 the highest.
///
/// # Examples
/// ```
/// let ranking = featurescope::enrich::Ranking::new(&[3.0, 2.0, -1.0, -5.0])?;
/// let weights = ranking.weights(1.0)?;
/// // 3/8 after the first gene, −5/8 before the last.
/// assert_eq!(featurescope::enrich::enrichment_score(&weights, &[0, 3]), -0.625);
/// # Ok::<(), featurescope::enrich::GseaError>(())
/// ```
///
/// # Panics
/// If the set is empty or holds all ranks, or its ranks do not ascend.
#[must_use]
pub fn enrichment_score(weights: &[f64], ranks: &[u32]) -> f64 {
    assert_set(weights, ranks);
    extremes(weights, ranks).es()
}

/// The ranks of the genes that make the score: of a positive one from the first to the peak, of a negative one from
/// the last back to the trough, none for a score of 0.
///
/// # Panics
/// As [`enrichment_score`].
#[must_use]
pub fn leading_edge(weights: &[f64], ranks: &[u32]) -> Vec<u32> {
    assert_set(weights, ranks);
    score_with_edge(weights, ranks).1
}

/// The score and the leading edge of a set of 1 to N − 1 ascending ranks.
pub(super) fn score_with_edge(weights: &[f64], ranks: &[u32]) -> (f64, Vec<u32>) {
    let found = extremes(weights, ranks);
    let es = found.es();
    let edge = if es > 0.0 {
        ranks[..=found.top_at].to_vec()
    } else if es < 0.0 {
        ranks[found.bottom_at..].iter().rev().copied().collect()
    } else {
        Vec::new()
    };
    (es, edge)
}

/// The corners of the running sum, for a plot: the start, bottom and top at every hit, the end.
///
/// x counts genes passed, 0 to N; y is the running sum, 0 at both ends. Between corners the line is straight.
///
/// # Panics
/// As [`enrichment_score`].
#[must_use]
pub fn running_sum(weights: &[f64], ranks: &[u32]) -> Vec<(f64, f64)> {
    assert_set(weights, ranks);
    let total: f64 = ranks.iter().map(|&rank| weights[rank as usize]).sum();
    let n_misses = (weights.len() - ranks.len()) as f64;
    let mut corners = vec![(0.0, 0.0)];
    let mut hits = 0.0;
    for (at, &rank) in ranks.iter().enumerate() {
        let misses = f64::from(rank - at as u32) / n_misses;
        corners.push((f64::from(rank), hits - misses));
        hits += if total > 0.0 { weights[rank as usize] / total } else { 1.0 / ranks.len() as f64 };
        corners.push((f64::from(rank) + 1.0, hits - misses));
    }
    corners.push((weights.len() as f64, 0.0));
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::Ranking;

    fn ten_to_minus_ten() -> Vec<f64> {
        let statistics: Vec<f64> = (-10..=10).rev().map(f64::from).collect();
        Ranking::new(&statistics).unwrap().weights(1.0).unwrap()
    }

    #[test]
    fn goldens_of_fgsea() {
        let weights = ten_to_minus_ten();
        assert!((enrichment_score(&weights, &[1, 3, 5, 7, 9]) - 0.71).abs() < 1e-15);
        assert_eq!(enrichment_score(&weights, &[9, 10, 11]), 0.0);
        assert_eq!(leading_edge(&weights, &[9, 10, 11]), [0_u32; 0]);
    }

    #[test]
    fn weightless_sets_are_scored_with_equal_weights() {
        let weights = [1.0, 0.0, 0.0, 0.0, 0.5];
        assert_eq!(enrichment_score(&weights, &[1, 3]), enrichment_score(&[1.0; 5], &[1, 3]));
        assert_eq!(running_sum(&weights, &[1, 3])[4], (4.0, 1.0 - 2.0 / 3.0));
    }

    #[test]
    fn leading_edges_run_from_the_end_of_the_ranking_inwards() {
        let weights = ten_to_minus_ten();
        assert_eq!(leading_edge(&weights, &[0, 1, 2, 20]), [0, 1, 2]);
        assert_eq!(leading_edge(&weights, &[0, 18, 19, 20]), [20, 19, 18]);
    }

    #[test]
    fn corners_hold_the_score_and_end_at_zero() {
        let (weights, ranks) = (ten_to_minus_ten(), [2, 3, 9, 15]);
        let corners = running_sum(&weights, &ranks);
        assert_eq!((corners.len(), corners[0], corners[9]), (10, (0.0, 0.0), (21.0, 0.0)));
        let highest = corners.iter().map(|corner| corner.1).fold(f64::MIN, f64::max);
        assert!((highest - enrichment_score(&weights, &ranks)).abs() < 1e-15);
    }

    #[test]
    #[should_panic(expected = "4 of 4 genes in the set")]
    fn a_set_of_everything_has_no_score() {
        let _ = enrichment_score(&[1.0; 4], &[0, 1, 2, 3]);
    }
}
