//! What options ask for and data do not have, said before hours are spent.

use super::args::RunOptions;
use super::error::CliError;
use crate::data::ValueKind;
use crate::protocol::{AnalysisParams, DatasetSummary, ExpressionValues, LabelInfo, LabelKind, SaeSummary};
use crate::sae::CONFIG_FILE;

/// What the analysis would refuse once training is over.
pub(super) fn check_expression(dataset: &DatasetSummary, params: &AnalysisParams) -> Result<(), CliError> {
    let name = &dataset.name;
    match (dataset.values, params.values) {
        (None, _) => Err(CliError::Refused(format!(
            "{name:?} has no expression (no X), so features can't be analysed; give --expression a file with one"
        ))),
        (Some(ValueKind::Scaled), ExpressionValues::LogNormalized) => Err(CliError::Refused(format!(
            "the expression of {name:?} has negative values, so it is scaled already and can't be log-normalised; \
             give --values raw to compare it as it is, --matrix to read another matrix of the file, or a file with raw \
             counts"
        ))),
        _ => Ok(()),
    }
}

/// Label columns and categories that options name and that the data do not have.
pub(super) fn check_columns(dataset: &DatasetSummary, options: &RunOptions) -> Result<(), CliError> {
    for (option, groups) in options.groups() {
        if let Some(text) = groups.missing_in(dataset) {
            return Err(CliError::Refused(format!("{option}: {text}")));
        }
    }
    let has_categories = |label: &&LabelInfo| matches!(label.kind, LabelKind::Categorical { .. });
    let known: Vec<&str> = dataset.labels.iter().filter(has_categories).map(|label| label.name.as_str()).collect();
    match options.label_columns().into_iter().find(|(_, column)| !known.contains(&column.as_str())) {
        None => Ok(()),
        Some((option, column)) => Err(CliError::Refused(format!(
            "{option}: there is no label column {column:?} with categories; there are {known:?}"
        ))),
    }
}

/// The engine takes the embedding asked for, unless it has other dimensions or the configuration names another.
pub(super) fn check_weights_embedding(
    dataset: &DatasetSummary,
    sae: &SaeSummary,
    embedding: &str,
) -> Result<(), CliError> {
    let SaeSummary { embedding: found, d_in, .. } = sae;
    if found == embedding {
        return Ok(());
    }
    let known = dataset.embeddings.iter().find(|known| known.name == embedding);
    let text = match known.map(|known| known.n_dims).filter(|n_dims| n_dims != d_in) {
        Some(n_dims) => format!(
            "the weights read {d_in} dimensions, and --embedding is {embedding:?}, which has {n_dims}; give the \
             embedding they were trained on"
        ),
        None => format!(
            "{CONFIG_FILE} says these weights read {found:?}; --embedding is {embedding:?}; give --embedding \
             obsm/{found}, or take \"featurescope_embedding\" out of {CONFIG_FILE} if it is wrong"
        ),
    };
    Err(CliError::Refused(text))
}

/// Features that GSEA is asked for and that do not exist.
pub(super) fn check_features(sae: &SaeSummary, options: &RunOptions) -> Result<(), CliError> {
    match options.unknown_feature(sae.n_features) {
        None => Ok(()),
        Some(feature) => Err(CliError::Refused(format!(
            "--gsea: feature {feature} does not exist; there are features 0 to {}",
            sae.n_features.saturating_sub(1)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(values: Option<ValueKind>) -> DatasetSummary {
        DatasetSummary {
            name: "kang".to_owned(),
            n_cells: 3,
            n_genes: 2,
            values,
            matrices: None,
            labels: Vec::new(),
            embeddings: Vec::new(),
            default_embedding: None,
            default_map: None,
            gene_sets: None,
            notices: Vec::new(),
        }
    }

    fn refusal(values: Option<ValueKind>, asked: ExpressionValues) -> Option<String> {
        let params = AnalysisParams { values: asked, ..AnalysisParams::default() };
        check_expression(&dataset(values), &params).err().map(|error| error.to_string())
    }

    #[test]
    fn scaled_values_are_refused_before_training_unless_raw_is_asked_for() {
        let text = refusal(Some(ValueKind::Scaled), ExpressionValues::LogNormalized).unwrap();
        assert!(text.contains("--values raw"), "{text}");
        assert_eq!(refusal(Some(ValueKind::Scaled), ExpressionValues::Raw), None);
        assert_eq!(refusal(Some(ValueKind::Counts), ExpressionValues::LogNormalized), None);
    }

    #[test]
    fn data_without_expression_are_refused_before_training() {
        assert!(refusal(None, ExpressionValues::Raw).unwrap().contains("no expression"));
    }
}
