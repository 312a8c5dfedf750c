//! Genes of a feature card in words and points, in either mode; pure.
//!
//! The volcano has every gene; names are known only of those that the card lists, so only these are named in it.

use std::collections::BTreeMap;

use super::WIDTH;
use super::gene_table::GeneRow;
use crate::plot::charts::{ChartError, ChartSize, Volcano, VolcanoPoint, volcano};
use crate::plot::format::{NO_VALUE, count, decimals, fold, p_value_of_log10, signed, significant};
use crate::protocol::{AnalysisMode, CardGene, CardGeneSound, FeatureCard};
use crate::ui::text;

/// Genes named in the volcano.
const N_NAMED: usize = 8;

/// Headings of the gene table, the first as given.
pub(super) fn heads(title: &'static str, mode: AnalysisMode) -> Vec<&'static str> {
    match mode {
        AnalysisMode::Sound => vec![title, "log2 FC", "AUROC", "+ / − %", "Adj. p"],
        AnalysisMode::Paper => vec![title, "Fold", "Adjusted p"],
    }
}

/// Genes as rows.
pub(super) fn gene_rows(genes: &[CardGene]) -> Vec<GeneRow> {
    genes.iter().map(gene_row).collect()
}

fn gene_row(gene: &CardGene) -> GeneRow {
    let [p, padj] = [gene.log10_p_value, gene.log10_padj].map(p_value_of_log10);
    let (positive, negative) = (significant(gene.mean_positive, 3), significant(gene.mean_negative, 3));
    let global = gene.sound.and_then(|sound| sound.log10_padj_global).map(p_value_of_log10);
    let global = global.map(|q| format!("; adjusted over the genes of all features {q}")).unwrap_or_default();
    let details = format!("mean {positive} in positive cells, {negative} in negative cells; p = {p}{global}");
    let numbers = match gene.sound {
        Some(sound) => vec![signed(gene.fold_change, 3), decimals(sound.auroc, 3), share_pair(&sound), padj],
        None => vec![fold(gene.fold_change), padj],
    };
    GeneRow { gene: gene.gene, name: gene.name.clone(), numbers, details }
}

/// Per cent of positive and of negative cells with the gene: `98 / 12`.
fn share_pair(sound: &CardGeneSound) -> String {
    let [positive, negative] = [sound.fraction_positive, sound.fraction_negative].map(whole_percent);
    format!("{positive} / {negative}")
}

/// A share in whole per cent; neither few nor nearly all are rounded away.
fn whole_percent(share: f64) -> String {
    match share {
        share if share.is_nan() => NO_VALUE.to_owned(),
        share if share > 0.0 && share < 0.01 => "< 1".to_owned(),
        share if share > 0.99 && share < 1.0 => "> 99".to_owned(),
        share => decimals(share * 100.0, 0),
    }
}

/// How many genes are selected for the gene sets: `142 up, 37 down` where the mode tells them apart.
pub(super) fn selected_text(n_selected: &[usize]) -> String {
    match n_selected {
        [up, down] => format!("{} up, {} down", count(*up), count(*down)),
        all => count(all.iter().sum()),
    }
}

/// How the groups compared are made, in words.
pub(super) fn group_note(card: &FeatureCard) -> String {
    let (positive, negative) = (count(card.n_positive), count(card.n_negative));
    let selected = selected_text(&card.n_selected);
    match card.params.mode {
        AnalysisMode::Sound => {
            format!(
                "{positive} positive cells against {negative} negative; significant genes: {selected}. + / − %: how many \
                 positive and negative cells have the gene."
            )
        }
        AnalysisMode::Paper => format!(
            "{positive} cells with high activation against {negative} with low; {selected} genes selected for the gene \
             sets."
        ),
    }
}

/// Every gene's change against its p; `None` where the mode knows only the listed genes.
pub(super) fn volcano_chart(card: &FeatureCard) -> Option<Result<String, ChartError>> {
    let data = card.volcano.as_ref()?;
    let listed = card.genes_up.iter().chain(&card.genes_down);
    let names: BTreeMap<usize, &str> = listed.map(|gene| (gene.gene.index(), gene.name.as_str())).collect();
    let pairs = data.log2_fold_change.iter().zip(data.minus_log10_p.iter());
    let points: Vec<VolcanoPoint<'_>> = pairs
        .enumerate()
        .map(|(gene, (&change, &minus_log10_p))| VolcanoPoint {
            name: names.get(&gene).copied().unwrap_or_default(),
            log2_fold_change: f64::from(change),
            log10_p: -f64::from(minus_log10_p),
        })
        .collect();
    // The points are f32, so the cut-off is rounded as they are: the last significant gene stays on its side.
    let cutoff = data.threshold.map_or(f64::NEG_INFINITY, |threshold| -f64::from(threshold as f32));
    Some(volcano(&Volcano {
        title: &format!("Genes of feature {}: change against p", card.row.feature),
        x_label: "log2 fold change",
        y_label: &format!("−log10 p ({})", text::gene_test(card.params.sound.primary())),
        points: &points,
        log10_p_cutoff: cutoff,
        min_log2_fold_change: card.params.sound.min_log2_fold_change,
        n_labels: N_NAMED.min(names.len()),
        size: ChartSize { width: WIDTH, height: 260 },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{FeatureId, GeneId};
    use crate::protocol::{AnalysisParams, FeatureRow, HistogramData, Volcano as VolcanoData};

    fn gene(id: u32, sound: Option<CardGeneSound>) -> CardGene {
        CardGene {
            gene: GeneId(id),
            name: format!("G{id}"),
            mean_positive: 2.5,
            mean_negative: 0.125,
            fold_change: 4.321,
            log10_p_value: -412.0 + 1.9_f64.log10(),
            log10_padj: -2.0,
            sound,
        }
    }

    fn card(mode: AnalysisMode) -> FeatureCard {
        let row = FeatureRow {
            feature: FeatureId(12),
            n_active: 142,
            density: 0.1,
            mean_active: 1.0,
            sd_active: 1.0,
            max: 2.0,
            best_label: None,
            top_genes: Vec::new(),
            n_terms: None,
            top_term: None,
            found_again: None,
        };
        FeatureCard {
            row,
            histogram: HistogramData::default(),
            top_cells: Vec::new(),
            labels: Vec::new(),
            confounding: None,
            n_positive: 142,
            n_negative: 858,
            n_selected: vec![2, 1],
            params: AnalysisParams { mode, ..AnalysisParams::default() },
            volcano: None,
            genes_up: Vec::new(),
            genes_down: Vec::new(),
            terms: None,
            notices: Vec::new(),
        }
    }

    #[test]
    fn sound_genes_have_their_p_in_full() {
        let sound = CardGeneSound {
            fraction_positive: 0.98,
            fraction_negative: 0.004,
            auroc: 0.95,
            log10_padj_global: Some(-1.0),
        };
        let row = gene_row(&gene(1, Some(sound)));
        assert_eq!(row.numbers, ["+4.32", "0.950", "98 / < 1", "0.01"]);
        assert_eq!(row.numbers.len() + 1, heads("Higher", AnalysisMode::Sound).len());
        assert_eq!(
            row.details,
            "mean 2.5 in positive cells, 0.125 in negative cells; p = 1.9e-412; adjusted over the genes of all features 0.1"
        );
    }

    #[test]
    fn paper_genes_have_a_linear_fold() {
        let row = gene_row(&gene(1, None));
        assert_eq!(row.numbers, ["4.32×", "0.01"]);
        assert_eq!(row.numbers.len() + 1, heads("Higher", AnalysisMode::Paper).len());
        assert!(row.details.ends_with("; p = 1.9e-412"));
    }

    #[test]
    fn shares_round_neither_few_nor_nearly_all_away() {
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN].map(whole_percent), ["0", "< 1", "50", "> 99", "100", "–"]);
    }

    #[test]
    fn selected_genes_are_told_apart_where_the_mode_does() {
        assert_eq!(selected_text(&[142, 37]), "142 up, 37 down");
        assert_eq!(selected_text(&[179]), "179");
        let sound = "142 positive cells against 858 negative; significant genes: 2 up, 1 down. ";
        assert!(group_note(&card(AnalysisMode::Sound)).starts_with(sound));
        assert!(group_note(&card(AnalysisMode::Paper)).contains("with high activation"));
    }

    #[test]
    fn the_volcano_counts_the_gene_at_the_threshold_and_names_listed_ones() {
        let threshold = 2.345_678_901_234_f64;
        let mut card = card(AnalysisMode::Sound);
        card.genes_up = vec![gene(0, None)];
        card.volcano = Some(VolcanoData {
            log2_fold_change: vec![3.0, 1.0, -0.5, f32::NAN].into(),
            minus_log10_p: vec![40.0, threshold as f32, 0.1, f32::NAN].into(),
            threshold: Some(threshold),
        });
        let svg = volcano_chart(&card).unwrap().unwrap();
        assert!(svg.contains("2 up, 0 down, 1 other"), "{svg:.600}");
        assert!(svg.contains("G0"));
    }
}
