//! A preranked analysis in small steps: null scores first, then the multilevel method where they are too coarse.
//!
//! Every set's score is compared with random sets of its size ([`super::null`]); where fewer of them are more extreme
//! than the count that makes counting precise ([`super::precision`]), p = P(ES ≥ x, ES > 0)/P(ES ≥ 0), the first by
//! one [`super::multilevel`] run for all sets of that size and sign, the second from the random sets, at least `eps`
//! (fgsea `fgseaMultilevel`). Results depend on ranking, set and parameters, not on other sets or their order, padj
//! apart.

use std::collections::BTreeMap;

use super::multilevel::{Ruler, Tail};
use super::null::{NullSampler, NullScores};
use super::params::GseaParams;
use super::precision::{fewest_to_count, multilevel_log2_error, simple_log2_error};
use super::random::multilevel_rng;
use super::score::score_with_edge;
use super::{GseaError, GseaResult, Ranking};
use crate::data::GeneId;
use crate::enrich::{GeneSetId, MatchedGeneSets};
use crate::stats::benjamini_hochberg;

/// Hits scored or moves tried in one step: about 10 ms.
const WORK_PER_STEP: usize = 500_000;
/// How much longer one tried move takes than one hit scored.
const MOVE_WORK: usize = 10;
/// Share of the progress that null scores are.
const NULL_SHARE: f64 = 0.2;

/// Sets of one size and sign share a multilevel run.
type RulerKey = (usize, bool);

#[derive(Clone, Debug)]
struct Scored {
    set: GeneSetId,
    size: usize,
    es: f64,
    leading_edge: Vec<GeneId>,
}

/// A gene set enrichment analysis that can be left and taken up again between any two steps.
///
/// # Examples
/// ```
/// use featurescope::{data::GeneSet, enrich::{GseaParams, GseaRun, MatchedGeneSets, Ranking}};
///
/// let genes: Vec<String> = (0..100).map(|gene| format!("g{gene}")).collect();
/// let set = GeneSet { name: "first".into(), description: String::new(), genes: genes[..20].to_vec() };
/// let sets = MatchedGeneSets::new(&genes, &[set], 1, 500);
/// let ranking = Ranking::new(&(0..100).map(|gene| 50.0 - f64::from(gene)).collect::<Vec<_>>())?;
/// let mut run = GseaRun::new(&ranking, &sets, &GseaParams::default())?;
/// while !run.is_done() {
///     run.step();
/// }
/// let results = run.finish();
/// assert_eq!(results[0].es, 1.0);
/// assert!(results[0].ln_p_value < -30.0);
/// # Ok::<(), featurescope::enrich::GseaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GseaRun {
    params: GseaParams,
    weights: Vec<f64>,
    reversed_weights: Vec<f64>,
    scored: Vec<Scored>,
    fewest_to_count: usize,
    sampler: Option<NullSampler>,
    nulls: BTreeMap<usize, NullScores>,
    /// Runs to do, the next one last, with the furthest score each must reach.
    targets: Vec<(RulerKey, f64)>,
    n_targets: usize,
    ruler: Option<(RulerKey, Ruler)>,
    tails: BTreeMap<usize, Tail>,
}

impl GseaRun {
    /// Scores all sets of eligible size; p values come with the steps.
    ///
    /// # Errors
    /// [`GseaError`] for parameters out of range or sets matched with other genes than were ranked.
    pub fn new(ranking: &Ranking, sets: &MatchedGeneSets, params: &GseaParams) -> Result<Self, GseaError> {
        params.check()?;
        let (n_genes, n_matched) = (ranking.n_genes(), sets.n_data_genes());
        if n_genes != n_matched {
            return Err(GseaError::GeneCount { n_genes, n_matched });
        }
        let weights = ranking.weights(params.weight)?;
        let largest = params.max_size.min(ranking.n_ranked() - 1);
        let scored: Vec<Scored> = sets
            .ids()
            .filter_map(|set| {
                let ranks = ranking.ranks_of(sets.genes(set));
                (params.min_size..=largest).contains(&ranks.len()).then(|| score(ranking, &weights, set, &ranks))
            })
            .collect();
        let sizes = scored.iter().map(|scored| scored.size);
        Ok(Self {
            sampler: Some(NullSampler::new(weights.len(), sizes, params.n_permutations, params.seed)),
            fewest_to_count: if params.is_multilevel {
                fewest_to_count(params.n_permutations, params.sample_size)
            } else {
                0
            },
            params: params.clone(),
            reversed_weights: weights.iter().rev().copied().collect(),
            weights,
            scored,
            nulls: BTreeMap::new(),
            targets: Vec::new(),
            n_targets: 0,
            ruler: None,
            tails: BTreeMap::new(),
        })
    }

    /// Number of sets of eligible size.
    pub fn n_sets(&self) -> usize {
        self.scored.len()
    }

    /// Whether all p values are known.
    pub fn is_done(&self) -> bool {
        self.sampler.is_none() && self.ruler.is_none() && self.targets.is_empty()
    }

    /// Does some 10 ms of work; the fraction done, 0 to 1.
    pub fn step(&mut self) -> f64 {
        let mut work = 0;
        while work < WORK_PER_STEP && !self.is_done() {
            work += 1 + if self.sampler.is_some() { self.step_null() } else { self.step_ruler() };
        }
        self.fraction()
    }

    fn fraction(&self) -> f64 {
        match &self.sampler {
            Some(sampler) => NULL_SHARE * sampler.fraction(),
            None if self.is_done() => 1.0,
            None => {
                let n_left = self.targets.len() + usize::from(self.ruler.is_some());
                NULL_SHARE + (1.0 - NULL_SHARE) * (1.0 - n_left as f64 / self.n_targets as f64)
            }
        }
    }

    fn step_null(&mut self) -> usize {
        let Some(mut sampler) = self.sampler.take() else { return 0 };
        let work = if self.scored.is_empty() { 0 } else { sampler.step(&self.weights) };
        if sampler.is_done() || self.scored.is_empty() {
            self.nulls = sampler.finish();
            self.plan_rulers();
        } else {
            self.sampler = Some(sampler);
        }
        work
    }

    /// Which sets counting is too coarse for.
    fn needs_ruler(&self, scored: &Scored) -> bool {
        let null = &self.nulls[&scored.size];
        null.p_value(scored.es).is_some() && null.n_more_extreme(scored.es) < self.fewest_to_count && scored.es != 0.0
    }

    fn plan_rulers(&mut self) {
        let mut targets: BTreeMap<RulerKey, f64> = BTreeMap::new();
        for scored in self.scored.iter().filter(|scored| self.needs_ruler(scored)) {
            let target = targets.entry((scored.size, scored.es > 0.0)).or_insert(0.0);
            *target = target.max(scored.es.abs());
        }
        self.n_targets = targets.len();
        self.targets = targets.into_iter().rev().collect();
    }

    fn step_ruler(&mut self) -> usize {
        if self.ruler.is_none() {
            self.ruler = self.targets.pop().map(|(key, target)| (key, self.new_ruler(key, target)));
        }
        let Some((key, mut ruler)) = self.ruler.take() else { return 0 };
        if ruler.is_done() {
            self.read_tails(key, &ruler);
            return 0;
        }
        let work = MOVE_WORK * ruler.step(self.weights_for(key.1));
        self.ruler = Some((key, ruler));
        work
    }

    fn weights_for(&self, is_positive: bool) -> &[f64] {
        if is_positive { &self.weights } else { &self.reversed_weights }
    }

    fn new_ruler(&self, (size, is_positive): RulerKey, target: f64) -> Ruler {
        let rng = multilevel_rng(self.params.seed, size, is_positive);
        let sign = if is_positive { 1.0 } else { -1.0 };
        let ln_eps = libm::log(0.5 * self.params.eps * self.share_of_sign(size, sign));
        Ruler::new(self.weights_for(is_positive), size, self.params.sample_size, target, ln_eps, rng)
    }

    /// P(ES ≥ 0) or P(ES ≤ 0) of random sets, by the +1 rule.
    fn share_of_sign(&self, size: usize, es: f64) -> f64 {
        (self.nulls[&size].n_same_sign(es) + 1) as f64 / (self.params.n_permutations + 1) as f64
    }

    fn read_tails(&mut self, key: RulerKey, ruler: &Ruler) {
        for (at, scored) in self.scored.iter().enumerate() {
            if (scored.size, scored.es > 0.0) == key && self.needs_ruler(scored) {
                self.tails.insert(at, ruler.tail(scored.es.abs()));
            }
        }
    }

    /// The results in the order of the sets, after whatever steps are left.
    #[must_use]
    pub fn finish(mut self) -> Vec<GseaResult> {
        while !self.is_done() {
            self.step();
        }
        let tests: Vec<(f64, Option<f64>)> = (0..self.scored.len()).map(|at| self.p_value(at)).collect();
        let p_values: Vec<f64> = tests.iter().map(|test| libm::exp(test.0)).collect();
        let padj = benjamini_hochberg(&p_values);
        let nulls = self.nulls;
        let rows = self.scored.into_iter().zip(tests).zip(padj);
        rows.map(|((scored, (ln_p_value, log2_error)), padj)| GseaResult {
            set: scored.set,
            size: scored.size,
            es: scored.es,
            nes: nulls[&scored.size].nes(scored.es),
            ln_p_value,
            log2_error,
            padj,
            leading_edge: scored.leading_edge,
        })
        .collect()
    }

    /// ln p and the standard deviation of log2 p.
    fn p_value(&self, at: usize) -> (f64, Option<f64>) {
        let scored = &self.scored[at];
        let null = &self.nulls[&scored.size];
        let Some(simple) = null.p_value(scored.es) else { return (f64::NAN, None) };
        let ln_eps = libm::log(self.params.eps);
        let (ln_p, log2_error) = match self.tails.get(&at) {
            None => (libm::log(simple), Some(simple_log2_error(null.n_more_extreme(scored.es), null.len()))),
            Some(tail) => {
                let ln_p = (tail.ln_p - libm::log(self.share_of_sign(scored.size, scored.es))).min(0.0);
                (ln_p, tail.is_reliable.then(|| multilevel_log2_error(ln_p, self.params.sample_size)))
            }
        };
        if ln_p < ln_eps { (ln_eps, None) } else { (ln_p, log2_error) }
    }
}

fn score(ranking: &Ranking, weights: &[f64], set: GeneSetId, ranks: &[u32]) -> Scored {
    let (es, edge) = score_with_edge(weights, ranks);
    let leading_edge = edge.into_iter().map(|rank| ranking.gene(rank)).collect();
    Scored { set, size: ranks.len(), es, leading_edge }
}
