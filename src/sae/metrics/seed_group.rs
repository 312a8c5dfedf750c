//! Runs that differ in seed alone, beside each other: which features come out again.
//!
//! Every pair of runs is matched one to one by the signed cosine of decoder rows ([`match_decoders`]), live features
//! only. A feature is found again in another run if its partner's cosine is at least .7: a convention, not a test; Paulo
//! & Belrose 2025 (arXiv 2501.16615) call features of two seeds shared from the same cosine on. The mean cosine of a
//! feature is that over all other runs; where the other run had too few live features and none was left, it counts as
//! 0. The MCC of a run is the mean over the other runs of the mean matched cosine ([`super::Matching::mean`]).
//!
//! Rules: a run without live features has no cosines (NaN) and takes no part in the others' means; with one run, or one
//! that has live features, there is nothing to compare.

use super::cosines::{Directions, SignRule};
use super::matching::match_decoders;
use crate::data::FeatureId;
use crate::sae::Sae;

/// From this cosine on a feature counts as found again.
pub const FOUND_FROM: f64 = 0.7;

/// A feature in the other runs of its group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureSeeds {
    /// Other runs in which it was found again.
    pub n_found: u32,
    /// Other runs.
    pub n_others: u32,
    /// Mean cosine with its partners, −1 to 1.
    pub mean_cosine: f64,
}

/// A run beside the other runs of its group.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSeeds {
    /// Of every feature, `[n_features]`; `None` for a dead one, and where there is no other run.
    pub features: Vec<Option<FeatureSeeds>>,
    /// Other runs compared with.
    pub n_others: u32,
    /// Mean over the other runs of the mean matched cosine; NaN without another run.
    pub mcc: f64,
    /// Share of the live features found again in every other run, 0 to 1; NaN without another run.
    pub found_share: f64,
    /// Whether every matching was certainly the best one.
    pub is_exact: bool,
}

/// A run: its autoencoder and its live features.
#[derive(Clone, Copy, Debug)]
pub struct SeedMember<'a> {
    /// The autoencoder.
    pub sae: &'a Sae,
    /// Its live features, ascending.
    pub live: &'a [FeatureId],
}

/// A comparison that can be done pair by pair.
#[derive(Clone, Debug)]
pub struct SeedGroup<'a> {
    members: Vec<SeedMember<'a>>,
    pairs: Vec<(usize, usize)>,
    /// Found again and sum of cosines of every live feature of every run.
    sums: Vec<Vec<(u32, f64)>>,
    mccs: Vec<Vec<f64>>,
    is_exact: bool,
}

impl<'a> SeedGroup<'a> {
    /// Nothing compared yet.
    ///
    /// # Panics
    /// If the autoencoders read different numbers of dimensions, or a live feature does not exist.
    #[must_use]
    pub fn new(members: Vec<SeedMember<'a>>) -> Self {
        let d_in = members.first().map(|member| member.sae.d_in());
        assert!(members.iter().all(|member| Some(member.sae.d_in()) == d_in), "runs of a group read the same inputs");
        let is_alive = |at: &usize| !members[*at].live.is_empty();
        let alive: Vec<usize> = (0..members.len()).filter(is_alive).collect();
        let pairs = alive.iter().enumerate().flat_map(|(at, &one)| alive[at + 1..].iter().map(move |&two| (one, two)));
        // The last pair is taken first.
        let mut pairs: Vec<(usize, usize)> = pairs.collect();
        pairs.reverse();
        let sums = members.iter().map(|member| vec![(0, 0.0); member.live.len()]).collect();
        Self { mccs: vec![Vec::new(); members.len()], sums, pairs, members, is_exact: true }
    }

    /// Matches one more pair of runs; whether there is another.
    pub fn step(&mut self) -> bool {
        let Some((one, two)) = self.pairs.pop() else { return false };
        let rows = |at: usize| {
            let SeedMember { sae, live } = self.members[at];
            sae.weights().w_dec.select_rows(live.iter().map(|feature| feature.index()))
        };
        let (from, to) = (rows(one), rows(two));
        let matching = match_decoders(&Directions::new(&from), &Directions::new(&to), SignRule::Signed);
        self.is_exact &= matching.is_exact;
        for found in &matching.matches {
            let Some(partner) = found.partner else { continue };
            for (run, feature) in [(one, found.feature), (two, partner)] {
                let (n_found, sum) = &mut self.sums[run][feature.index()];
                *n_found += u32::from(found.similarity >= FOUND_FROM);
                *sum += found.similarity;
            }
        }
        self.mccs[one].push(matching.mean);
        self.mccs[two].push(matching.mean);
        !self.pairs.is_empty()
    }

    /// What was found, for every run in the order given.
    #[must_use]
    pub fn finish(mut self) -> Vec<RunSeeds> {
        while self.step() {}
        (0..self.members.len()).map(|run| self.of_run(run)).collect()
    }

    fn of_run(&self, run: usize) -> RunSeeds {
        let SeedMember { sae, live } = self.members[run];
        let n_others = self.mccs[run].len() as u32;
        let mut features = vec![None; sae.n_features()];
        let mut n_found_everywhere = 0;
        for (&feature, &(n_found, sum)) in live.iter().zip(&self.sums[run]) {
            n_found_everywhere += usize::from(n_found == n_others);
            let seeds = FeatureSeeds { n_found, n_others, mean_cosine: sum / f64::from(n_others) };
            features[feature.index()] = (n_others > 0).then_some(seeds);
        }
        let found_share = if n_others == 0 { f64::NAN } else { n_found_everywhere as f64 / live.len() as f64 };
        let mcc = self.mccs[run].iter().sum::<f64>() / f64::from(n_others);
        RunSeeds { features, n_others, mcc, found_share, is_exact: self.is_exact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;
    use crate::sae::metrics::seed_stability;
    use crate::sae::{Architecture, SaeWeights};

    fn sae(decoder: &[[f32; 2]]) -> Sae {
        let n = decoder.len();
        let weights = SaeWeights {
            w_enc: DenseMatrix::zeros(2, n),
            b_enc: vec![0.0; n],
            w_dec: DenseMatrix::new(n, 2, decoder.concat()).unwrap(),
            b_dec: vec![0.0; 2],
            threshold: None,
        };
        Sae::new(Architecture::Standard, weights, false).unwrap()
    }

    fn ids(ids: &[u32]) -> Vec<FeatureId> {
        ids.iter().copied().map(FeatureId).collect()
    }

    #[test]
    fn features_are_found_again_where_their_direction_is() {
        // The second has both directions of the first, in another order, the third only one.
        let (one, two) = (sae(&[[1.0, 0.0], [0.0, 1.0]]), sae(&[[0.0, 3.0], [2.0, 0.0]]));
        let three = sae(&[[1.0, 0.0], [-0.8, -0.6]]);
        let both = ids(&[0, 1]);
        let members = [&one, &two, &three].map(|sae| SeedMember { sae, live: &both }).to_vec();
        let found = SeedGroup::new(members).finish();
        let is = |run: usize, feature: usize, n_found, mean_cosine: f64| {
            let seeds = found[run].features[feature].unwrap();
            assert_eq!((seeds.n_found, seeds.n_others), (n_found, 2), "run {run}, feature {feature}");
            approx::assert_abs_diff_eq!(seeds.mean_cosine, mean_cosine, epsilon = 1e-6);
        };
        is(0, 0, 2, 1.0);
        is(0, 1, 1, 0.2);
        is(1, 0, 1, 0.2);
        is(1, 1, 2, 1.0);
        is(2, 0, 2, 1.0);
        is(2, 1, 0, -0.6);
        approx::assert_abs_diff_eq!(found[0].mcc, 0.6, epsilon = 1e-6);
        approx::assert_abs_diff_eq!(found[2].mcc, 0.2, epsilon = 1e-6);
        assert_eq!((found[0].found_share, found[2].found_share), (0.5, 0.5));
        assert!(found[0].is_exact);
    }

    #[test]
    fn two_runs_agree_with_the_comparison_of_a_pair() {
        let decoder = |angles: &[f32]| sae(&angles.iter().map(|angle| [angle.cos(), angle.sin()]).collect::<Vec<_>>());
        let (one, two) = (decoder(&[0.1, 1.0, 2.0, 4.0]), decoder(&[1.2, 0.0, 2.5]));
        let (some, all) = (ids(&[0, 2, 3]), ids(&[0, 1, 2]));
        let found = SeedGroup::new(vec![SeedMember { sae: &one, live: &some }, SeedMember { sae: &two, live: &all }]);
        let found = found.finish();
        let pair = seed_stability((&one, &some), (&two, &all)).unwrap();
        assert_eq!((found[0].mcc, found[1].mcc), (pair.mcc, pair.mcc));
        assert_eq!(found[0].features[1], None, "a dead feature has no partner");
        for feature in &pair.features {
            let seeds = found[0].features[feature.feature.index()].unwrap();
            assert_eq!(seeds.mean_cosine, feature.matched.cosine);
            assert_eq!(seeds.n_found, u32::from(feature.matched.cosine >= FOUND_FROM));
        }
    }

    #[test]
    fn a_feature_without_a_partner_counts_as_zero() {
        let (one, two) = (sae(&[[1.0, 0.0], [0.8, 0.6]]), sae(&[[1.0, 0.0]]));
        let (both, first) = (ids(&[0, 1]), ids(&[0]));
        let group = SeedGroup::new(vec![SeedMember { sae: &one, live: &both }, SeedMember { sae: &two, live: &first }]);
        let found = group.finish();
        assert_eq!(found[0].features[1], Some(FeatureSeeds { n_found: 0, n_others: 1, mean_cosine: 0.0 }));
        assert_eq!((found[0].mcc, found[0].found_share, found[1].found_share), (1.0, 0.5, 1.0));
    }

    #[test]
    fn nothing_to_compare_with_is_said() {
        let one = sae(&[[1.0, 0.0]]);
        let live = ids(&[0]);
        let alone = SeedGroup::new(vec![SeedMember { sae: &one, live: &live }, SeedMember { sae: &one, live: &[] }]);
        for run in alone.finish() {
            assert!(run.n_others == 0 && run.features == [None] && run.mcc.is_nan() && run.found_share.is_nan());
        }
        assert!(SeedGroup::new(Vec::new()).finish().is_empty());
    }
}
