//! Near-copies among gene sets: of sets that share most of their genes the first stands for the others.
//!
//! Sets are gone through in the order given, best first. A set whose Jaccard index |A ∩ B| / |A ∪ B| with a set that
//! already stands for itself is at least the limit goes to the first such set; else it stands for itself. The result
//! depends on the order, not on chance; two sets that stand for the same one may overlap little with each other.

use super::{GeneSetId, MatchedGeneSets};

/// Which set stands for each: a position in `ordered`, its own where a set stands for itself.
///
/// # Shapes
/// The result is as long as `ordered`.
///
/// # Panics
/// If a set is not one of `sets`.
///
/// # Examples
/// ```
/// use featurescope::data::GeneSet;
/// use featurescope::enrich::{GeneSetId, MatchedGeneSets, representatives};
/// let genes = ["A", "B", "C", "D"].map(str::to_owned);
/// let set = |name: &str, genes: &[String]| GeneSet { name: name.into(), description: "".into(), genes: genes.to_vec() };
/// let sets = [set("three", &genes[..3]), set("four", &genes), set("last", &genes[3..])];
/// let sets = MatchedGeneSets::new(&genes, &sets, 1, 9);
/// let ordered: Vec<GeneSetId> = sets.ids().collect();
/// assert_eq!(representatives(&sets, &ordered, 0.5), [0, 0, 2]);
/// ```
#[must_use]
pub fn representatives(sets: &MatchedGeneSets, ordered: &[GeneSetId], min_jaccard: f64) -> Vec<usize> {
    let mut standing: Vec<usize> = Vec::new();
    let mut found = Vec::with_capacity(ordered.len());
    for (at, &set) in ordered.iter().enumerate() {
        let genes = sets.genes(set);
        let is_alike = |other: &&usize| jaccard(genes, sets.genes(ordered[**other])) >= min_jaccard;
        let first = standing.iter().find(is_alike).copied();
        if first.is_none() {
            standing.push(at);
        }
        found.push(first.unwrap_or(at));
    }
    found
}

/// |A ∩ B| / |A ∪ B| of ascending lists; 0 of two empty ones.
fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut n_shared) = (0, 0, 0_usize);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        n_shared += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    let n_all = a.len() + b.len() - n_shared;
    if n_all == 0 { 0.0 } else { n_shared as f64 / n_all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::gene_sets::tests::set;

    #[test]
    fn jaccard_counts_each_gene_once() {
        assert_eq!(jaccard(&[1, 3, 5], &[3, 4, 5]), 0.5);
        assert_eq!(jaccard(&[1], &[2]), 0.0);
        assert_eq!(jaccard(&[], &[]), 0.0);
    }

    #[test]
    fn a_copy_goes_to_the_first_that_stands_for_itself() {
        let genes: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        let given =
            [set("ab", &["A", "B"]), set("cd", &["C", "D"]), set("ba", &["B", "A"]), set("abc", &["A", "B", "C"])];
        let sets = MatchedGeneSets::new(&genes, &given, 1, 9);
        let order = [1, 0, 2, 3].map(GeneSetId);
        assert_eq!(representatives(&sets, &order, 0.6), [0, 1, 1, 1]);
        assert_eq!(representatives(&sets, &order, 0.7), [0, 1, 1, 3]);
        assert_eq!(representatives(&sets, &[], 0.5), Vec::<usize>::new());
    }
}
