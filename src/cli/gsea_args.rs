//! The options of gene set enrichment analysis along rankings (GSEA).

use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::error::CliError;
use crate::data::FeatureId;
use crate::protocol::{
    Convention, ExportKind, FeatureGseaParams, GseaFeatures, GseaMethod, GseaWeight, RankBy, TableFormat, TableStyle,
};

/// Options of GSEA.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of GSEA (--mode sound, with --gene-sets)")]
pub(super) struct GseaOptions {
    /// Run GSEA for these features and write gsea.csv: numbers separated by commas, or `all` live ones; for `all` give
    /// --gsea-weight rank --gsea-method simple, too, or it takes seconds a feature.
    #[arg(long, value_name = "FEATURE[,FEATURE…]|all")]
    gsea: Option<FeaturesArg>,
    /// What genes are ranked by [default: wilcoxon].
    #[arg(long, value_enum, requires = "gsea")]
    gsea_rank: Option<RankName>,
    /// What a gene of a set weighs: its statistic to this power (1 is GSEA's, 0 all the same), or its rank [default: 1].
    #[arg(long, value_name = "EXPONENT|rank", requires = "gsea", allow_hyphen_values = true)]
    gsea_weight: Option<WeightArg>,
    /// How p is found [default: multilevel].
    #[arg(long, value_enum, requires = "gsea")]
    gsea_method: Option<MethodName>,
    /// Random sets of each size [default: 1000].
    #[arg(long, value_name = "N", requires = "gsea", allow_negative_numbers = true)]
    gsea_permutations: Option<usize>,
    /// The smallest p that --gsea-method multilevel tells apart [default: 1e-50].
    #[arg(long, value_name = "P", requires = "gsea", allow_hyphen_values = true)]
    gsea_eps: Option<f64>,
    /// Whose columns gsea.csv has [default: featurescope].
    #[arg(long, value_enum, value_name = "TOOL", requires = "gsea")]
    gsea_convention: Option<ConventionName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RankName {
    /// Wilcoxon's z.
    Wilcoxon,
    /// Welch's t.
    Welch,
    /// Log2 fold change.
    Log2fc,
    /// AUROC − 0.5.
    Auroc,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum MethodName {
    /// Random sets, and multilevel splitting for small p.
    Multilevel,
    /// Random sets alone.
    Simple,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConventionName {
    Featurescope,
    Gseapy,
    Fgsea,
    Clusterprofiler,
}

#[derive(Clone, Debug, PartialEq)]
struct FeaturesArg(GseaFeatures);

#[derive(Clone, Copy, Debug, PartialEq)]
struct WeightArg(GseaWeight);

impl FromStr for FeaturesArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self(GseaFeatures::All));
        }
        let number = |part: &str| {
            let found = part.trim().parse().map(FeatureId);
            found.map_err(|_| format!("{part:?} is no feature; expected numbers such as 3,17, or all"))
        };
        text.split(',').map(number).collect::<Result<_, _>>().map(|features| Self(GseaFeatures::These(features)))
    }
}

impl FromStr for WeightArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rank" => Ok(Self(GseaWeight::Rank)),
            number => {
                let exponent = number.parse().map_err(|_| "expected a number such as 1, or rank".to_owned());
                exponent.map(|exponent| Self(GseaWeight::Statistic(exponent)))
            }
        }
    }
}

impl GseaOptions {
    /// The features and how, if GSEA is asked for.
    ///
    /// # Errors
    /// [`CliError::Usage`] for values that make no sense.
    pub(super) fn request(&self, seed: Option<u64>) -> Result<Option<(GseaFeatures, FeatureGseaParams)>, CliError> {
        let Some(FeaturesArg(features)) = &self.gsea else { return Ok(None) };
        let is_simple = self.gsea_method == Some(MethodName::Simple);
        if is_simple && self.gsea_eps.is_some() {
            return Err(CliError::Usage("--gsea-eps belongs to --gsea-method multilevel".to_owned()));
        }
        let defaults = FeatureGseaParams::default();
        let multilevel = self.gsea_eps.map_or(defaults.method, |eps| GseaMethod::Multilevel { eps });
        let params = FeatureGseaParams {
            rank_by: self.gsea_rank.map_or(defaults.rank_by, RankName::rank_by),
            weight: self.gsea_weight.map_or(defaults.weight, |weight| weight.0),
            method: if is_simple { GseaMethod::Simple } else { multilevel },
            n_permutations: self.gsea_permutations.unwrap_or(defaults.n_permutations),
            seed: seed.unwrap_or(defaults.seed),
        };
        params.check().map_err(|error| CliError::Usage(format!("--gsea: {error}")))?;
        Ok(Some((features.clone(), params)))
    }

    /// Whether GSEA is asked for.
    pub(super) fn is_asked_for(&self) -> bool {
        self.gsea.is_some()
    }

    /// The first feature asked for that a sparse autoencoder of so many features lacks.
    pub(super) fn unknown_feature(&self, n_features: usize) -> Option<FeatureId> {
        match &self.gsea {
            Some(FeaturesArg(GseaFeatures::These(features))) => {
                features.iter().copied().find(|feature| feature.index() >= n_features)
            }
            Some(FeaturesArg(GseaFeatures::All)) | None => None,
        }
    }

    /// The table of what it found.
    pub(super) fn table(&self) -> ExportKind {
        let convention = match self.gsea_convention {
            None | Some(ConventionName::Featurescope) => Convention::FeatureScope,
            Some(ConventionName::Gseapy) => Convention::GseaPy,
            Some(ConventionName::Fgsea) => Convention::Fgsea,
            Some(ConventionName::Clusterprofiler) => Convention::ClusterProfiler,
        };
        ExportKind::Gsea { feature: None, style: TableStyle { format: TableFormat::Csv, convention } }
    }
}

impl RankName {
    fn rank_by(self) -> RankBy {
        match self {
            Self::Wilcoxon => RankBy::WilcoxonZ,
            Self::Welch => RankBy::WelchT,
            Self::Log2fc => RankBy::Log2FoldChange,
            Self::Auroc => RankBy::Auroc,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: GseaOptions,
    }

    fn request(line: &[&str]) -> Result<Option<(GseaFeatures, FeatureGseaParams)>, String> {
        let parsed = Line::try_parse_from(["x"].iter().chain(line)).map_err(|error| error.to_string())?;
        parsed.options.request(Some(3)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_run_unless_asked_for() {
        assert_eq!(request(&[]), Ok(None));
        assert!(request(&["--gsea-rank", "welch"]).unwrap_err().contains("--gsea"));
    }

    #[test]
    fn options_are_read_as_they_are_documented() {
        let (features, params) = request(&["--gsea", "3,17"]).unwrap().unwrap();
        assert_eq!(features, GseaFeatures::These(vec![FeatureId(3), FeatureId(17)]));
        assert_eq!(params, FeatureGseaParams { seed: 3, ..FeatureGseaParams::default() });
        let all = ["--gsea", "all", "--gsea-weight", "rank", "--gsea-method", "simple", "--gsea-rank", "auroc"];
        let (features, params) = request(&all).unwrap().unwrap();
        assert_eq!((features, params.weight, params.method), (GseaFeatures::All, GseaWeight::Rank, GseaMethod::Simple));
        assert_eq!(params.rank_by, RankBy::Auroc);
    }

    #[test]
    fn senseless_values_are_refused() {
        assert!(request(&["--gsea", "3,x"]).unwrap_err().contains("\"x\" is no feature"));
        assert!(request(&["--gsea", "3", "--gsea-weight", "-1"]).unwrap_err().contains("exponent is -1"));
        assert!(request(&["--gsea", "3", "--gsea-permutations", "5"]).unwrap_err().contains("5 random sets"));
        let line = ["--gsea", "3", "--gsea-method", "simple", "--gsea-eps", "1e-9"];
        assert!(request(&line).unwrap_err().contains("belongs to --gsea-method multilevel"));
    }
}
