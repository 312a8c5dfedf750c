//! What a person chooses for GSEA, and what each choice means; pure.

use crate::protocol::{FeatureGseaParams, GseaWeight, RankBy};

/// What hits weigh, as it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightKind {
    /// The statistic.
    #[default]
    Statistic,
    /// The rank.
    Rank,
    /// All the same.
    Equal,
}

/// The choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GseaForm {
    /// What genes are ranked by.
    pub rank_by: RankBy,
    /// What hits weigh.
    pub weight: WeightKind,
}

impl GseaForm {
    /// The parameters.
    #[must_use]
    pub fn params(self) -> FeatureGseaParams {
        let weight = match self.weight {
            WeightKind::Statistic => GseaWeight::Statistic(1.0),
            WeightKind::Rank => GseaWeight::Rank,
            WeightKind::Equal => GseaWeight::Statistic(0.0),
        };
        FeatureGseaParams { rank_by: self.rank_by, weight, ..FeatureGseaParams::default() }
    }
}

/// Key, name and meaning of each ranking.
pub(super) fn rankings() -> [(&'static str, RankBy, &'static str); 4] {
    [
        ("wilcoxon_z", RankBy::WilcoxonZ, "How sure a gene's change is; robust, and the usual choice."),
        ("welch_t", RankBy::WelchT, "How sure the change of its mean is."),
        ("log2_fold_change", RankBy::Log2FoldChange, "How large its change is, sure or not: rare genes come first."),
        ("auroc", RankBy::Auroc, "How well it tells the cells apart, whatever their number."),
    ]
}

/// Key, name and meaning of each weight.
pub(super) fn weights() -> [(&'static str, WeightKind, &'static str, &'static str); 3] {
    [
        ("statistic", WeightKind::Statistic, "Statistic", "Genes far from 0 count more, as in GSEA."),
        ("rank", WeightKind::Rank, "Rank", "Genes far from the middle count more; a few extreme values do not decide."),
        ("equal", WeightKind::Equal, "Equal", "All genes of a set count the same (Kolmogorov–Smirnov)."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_chosen_is_the_default() {
        assert_eq!(GseaForm::default().params(), FeatureGseaParams::default());
    }

    #[test]
    fn every_ranking_and_weight_can_be_chosen_once() {
        assert_eq!(rankings().map(|(_, rank_by, _)| rank_by), RankBy::ALL);
        let chosen = weights().map(|(_, weight, _, _)| GseaForm { weight, ..GseaForm::default() }.params().weight);
        assert_eq!(chosen, [GseaWeight::Statistic(1.0), GseaWeight::Rank, GseaWeight::Statistic(0.0)]);
    }
}
