//! Findings as columns, and back.

use crate::data::GeneId;
use crate::enrich::GeneSetId;
use crate::lens::sound::{Direction, FamilyCounts, Findings, GeneFinding, TermFinding};
use crate::protocol::{Bytes, F64Column, Lists, PoolFamilyCounts, PoolFindings, PoolGenes, PoolTerms, U32Column};

/// Findings of a block and the counts of its genes as columns.
#[must_use]
pub fn pack(found: &[Findings], counts: &FamilyCounts) -> PoolFindings {
    let ids = |genes: &[GeneFinding]| genes.iter().map(|gene| gene.gene.0).collect::<Vec<u32>>();
    let gene_lists: Vec<Vec<u32>> =
        found.iter().flat_map(|findings| [ids(&findings.genes_up), ids(&findings.genes_down)]).collect();
    let set_lists: Vec<Vec<u32>> =
        found.iter().map(|findings| findings.terms.iter().map(|term| term.set.0).collect()).collect();
    let of_genes = |number: fn(&GeneFinding) -> f64| {
        let genes = found.iter().flat_map(|findings| findings.genes_up.iter().chain(&findings.genes_down));
        F64Column(genes.map(number).collect())
    };
    let terms = || found.iter().flat_map(|findings| &findings.terms);
    let of_terms = |number: fn(&TermFinding) -> f64| F64Column(terms().map(number).collect());
    let mut family_starts = vec![0];
    family_starts.extend(found.iter().scan(0, |end, findings| {
        *end += findings.ln_p_values.len() as u32;
        Some(*end)
    }));
    PoolFindings {
        n_selected: U32Column(found.iter().flat_map(|findings| findings.n_selected).collect()),
        genes: PoolGenes {
            genes: Lists::collect(gene_lists.iter().map(Vec::as_slice)),
            statistic: of_genes(|gene| gene.statistic),
            log2_fold_change: of_genes(|gene| gene.log2_fold_change),
            ln_p_value: of_genes(|gene| gene.ln_p_value),
            ln_padj: of_genes(|gene| gene.ln_padj),
        },
        terms: PoolTerms {
            sets: Lists::collect(set_lists.iter().map(Vec::as_slice)),
            direction: Bytes(terms().map(|term| u8::from(term.direction == Direction::Down)).collect()),
            n_hits: U32Column(terms().map(|term| term.n_hits).collect()),
            ln_p_value: of_terms(|term| term.ln_p_value),
            ln_padj: of_terms(|term| term.ln_padj),
            rank_z: of_terms(|term| term.rank_z),
            rank_ln_p_value: of_terms(|term| term.rank_ln_p_value),
            rank_ln_padj: of_terms(|term| term.rank_ln_padj),
        },
        family_starts: U32Column(family_starts),
        family: F64Column(found.iter().flat_map(|findings| findings.ln_p_values.iter().copied()).collect()),
        gene_family: PoolFamilyCounts {
            n_tests: counts.n_tests(),
            places: U32Column(counts.bins_in_use().map(|(place, ..)| place).collect()),
            // A block has fewer tests than 2³².
            n: U32Column(counts.bins_in_use().map(|(_, n, _)| n as u32).collect()),
            smallest: F64Column(counts.bins_in_use().map(|(.., smallest)| smallest).collect()),
        },
    }
}

/// The findings of a block and the counts of its genes from columns; `None` if the columns are not those of [`pack`].
#[must_use]
pub fn unpack(columns: &PoolFindings) -> Option<(Vec<Findings>, FamilyCounts)> {
    let n_features = columns.n_selected.len() / 2;
    let found: Option<Vec<Findings>> = (0..n_features).map(|feature| unpack_one(columns, feature)).collect();
    Some((found?, unpack_counts(&columns.gene_family)?))
}

fn unpack_counts(counts: &PoolFamilyCounts) -> Option<FamilyCounts> {
    let PoolFamilyCounts { n_tests, places, n, smallest } = counts;
    if places.len() != n.len() || places.len() != smallest.len() {
        return None;
    }
    let bins =
        places.iter().zip(&**n).zip(&**smallest).map(|((&place, &n), &smallest)| (place, u64::from(n), smallest));
    FamilyCounts::from_bins(*n_tests, bins)
}

fn unpack_one(columns: &PoolFindings, feature: usize) -> Option<Findings> {
    let n_selected = [*columns.n_selected.get(2 * feature)?, *columns.n_selected.get(2 * feature + 1)?];
    Some(Findings {
        n_selected,
        genes_up: places(&columns.genes.genes.starts, 2 * feature)?
            .map(|at| gene(&columns.genes, at))
            .collect::<Option<_>>()?,
        genes_down: places(&columns.genes.genes.starts, 2 * feature + 1)?
            .map(|at| gene(&columns.genes, at))
            .collect::<Option<_>>()?,
        terms: places(&columns.terms.sets.starts, feature)?
            .map(|at| term(&columns.terms, at))
            .collect::<Option<_>>()?,
        ln_p_values: columns.family.get(places(&columns.family_starts, feature)?)?.to_vec(),
    })
}

fn places(starts: &[u32], list: usize) -> Option<std::ops::Range<usize>> {
    Some(*starts.get(list)? as usize..*starts.get(list + 1)? as usize)
}

fn gene(columns: &PoolGenes, at: usize) -> Option<GeneFinding> {
    Some(GeneFinding {
        gene: GeneId(*columns.genes.members.get(at)?),
        statistic: *columns.statistic.get(at)?,
        log2_fold_change: *columns.log2_fold_change.get(at)?,
        ln_p_value: *columns.ln_p_value.get(at)?,
        ln_padj: *columns.ln_padj.get(at)?,
    })
}

fn term(columns: &PoolTerms, at: usize) -> Option<TermFinding> {
    Some(TermFinding {
        set: GeneSetId(*columns.sets.members.get(at)?),
        direction: if *columns.direction.get(at)? == 0 { Direction::Up } else { Direction::Down },
        n_hits: *columns.n_hits.get(at)?,
        ln_p_value: *columns.ln_p_value.get(at)?,
        ln_padj: *columns.ln_padj.get(at)?,
        rank_z: *columns.rank_z.get(at)?,
        rank_ln_p_value: *columns.rank_ln_p_value.get(at)?,
        rank_ln_padj: *columns.rank_ln_padj.get(at)?,
    })
}
