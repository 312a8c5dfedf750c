//! Protocol values in words: what labels, maps and colours are called on the page.

use std::time::Duration;

use crate::data::{CellSelection, JoinMethod, ValueKind};
use crate::plot::format;
use crate::protocol::{
    CellColor, ComputeDevice, ExpressionValues, GeneTest, L0Penalty, LossConvention, MapSource, MatrixChoice,
    MatrixInfo, SaeOrigin, Variant,
};

/// A duration as people say it: `5 s`, `2 min 10 s`, `1 h 3 min`.
pub fn duration(secs: f64) -> String {
    let Ok(duration) = Duration::try_from_secs_f64(secs.max(0.0).round()) else { return format::NO_VALUE.to_owned() };
    let secs = duration.as_secs();
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, secs) => format!("{minutes} min {secs} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The matrices that expression can be read from: what each is asked for by, and its text.
pub fn matrices(choice: &MatrixChoice) -> Vec<(String, String)> {
    let text = |matrix: &MatrixInfo| match matrix.n_genes {
        0 => matrix.name.clone(),
        n => format!("{} ({} genes)", matrix.name, format::count(n)),
    };
    choice.known.iter().map(|matrix| (matrix.name.clone(), text(matrix))).collect()
}

/// A map's name.
pub fn map_name(source: &MapSource) -> String {
    match source {
        MapSource::Embedding(name) => name.strip_prefix("X_").unwrap_or(name).to_owned(),
        MapSource::Pca(name) => format!("PCA of {name}"),
    }
}

/// What the map is coloured by; `gene_names` may not have arrived yet.
pub fn color_name(color: &CellColor, gene_names: Option<&[String]>) -> String {
    match color {
        CellColor::Label(name) => name.clone(),
        CellColor::Feature(feature) => format!("Feature {feature}"),
        CellColor::Gene(gene) => {
            gene_names.and_then(|names| names.get(gene.index())).cloned().unwrap_or_else(|| format!("gene {gene}"))
        }
    }
}

/// What the expression values are.
pub fn value_kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Counts => "Raw counts",
        ValueKind::NonNegative => "Normalised",
        ValueKind::Scaled => "Scaled, some negative",
    }
}

/// How rows found their cells.
pub fn join_method(method: JoinMethod) -> &'static str {
    match method {
        JoinMethod::SameFile => "same file",
        JoinMethod::Id => "joined by cell id",
        JoinMethod::Order => "joined by order",
    }
}

/// The chosen cells in words.
pub fn selection_name(selection: &CellSelection) -> String {
    match selection {
        CellSelection::All => "All cells".to_owned(),
        CellSelection::Rows(_) => "Lasso".to_owned(),
        CellSelection::Labels(choices) => {
            choices.iter().map(|choice| choice.category.as_str()).collect::<Vec<_>>().join(", ")
        }
    }
}

/// A device's short name.
pub fn device_name(device: ComputeDevice) -> &'static str {
    match device {
        ComputeDevice::Cpu => "CPU",
        ComputeDevice::Gpu => "GPU",
    }
}

/// A variant with its own setting.
pub fn variant_name(variant: Variant) -> String {
    match variant {
        Variant::TopK { k, .. } => format!("TopK, k = {k}"),
        Variant::BatchTopK { k, .. } => format!("BatchTopK, k = {k}"),
        Variant::Matryoshka { k, n_prefixes, .. } => format!("Matryoshka, k = {k}, {n_prefixes} nested"),
        Variant::TopKShare { percent } => format!("TopK, {percent} % of features"),
        Variant::Vanilla { l1, loss } => format!("Vanilla, λ = {l1} ({})", convention(loss)),
        Variant::Bricken { l1, loss } => format!("Bricken, λ = {l1} ({})", convention(loss)),
        Variant::ReluL1 { l1 } => format!("ReLU with L1, λ = {l1}"),
        Variant::Gated { l1 } => format!("Gated, λ = {l1}"),
        Variant::JumpRelu { penalty: L0Penalty::Step { weight }, .. } => format!("JumpReLU, λ = {weight}"),
        Variant::JumpRelu { penalty: L0Penalty::Target { l0, .. }, .. } => format!("JumpReLU, L0 = {l0}"),
    }
}

fn convention(loss: LossConvention) -> &'static str {
    match loss {
        LossConvention::AsCoded => "as coded",
        LossConvention::AsPrinted => "as printed",
    }
}

/// Where a sparse autoencoder came from.
pub fn origin(origin: &SaeOrigin) -> String {
    match origin {
        SaeOrigin::Columns => "The embedding's own columns".to_owned(),
        SaeOrigin::Loaded { name } => format!("Loaded from {name}"),
        SaeOrigin::Trained { params, last, ran_out_of_patience } => {
            let time = duration(last.elapsed_secs);
            let end = match (last.step < last.n_steps, *ran_out_of_patience) {
                (false, _) => "",
                (true, true) => ", ended early because held-out cells gained nothing more",
                (true, false) => ", stopped early",
            };
            format!("Trained here: {} epochs in {time}{end}; {}", last.epoch, variant_name(params.variant))
        }
    }
}

/// Which expression is compared.
pub fn expression_values(values: ExpressionValues) -> &'static str {
    match values {
        ExpressionValues::Raw => "values as in the file",
        ExpressionValues::LogNormalized => "log-normalised values",
    }
}

/// A test's short name.
pub fn gene_test(test: GeneTest) -> &'static str {
    match test {
        GeneTest::Wilcoxon => "Wilcoxon",
        GeneTest::Welch => "Welch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{GeneId, LabelChoice};

    #[test]
    fn durations_read_as_people_say_them() {
        let texts = [0.2, 5.0, 120.0, 130.0, 3_800.0, f64::INFINITY, -1.0].map(duration);
        assert_eq!(texts, ["0 s", "5 s", "2 min", "2 min 10 s", "1 h 3 min", "–", "0 s"]);
    }

    #[test]
    fn genes_without_a_name_yet_are_numbered() {
        let names = ["ISG15".to_owned()];
        assert_eq!(color_name(&CellColor::Gene(GeneId(0)), Some(&names)), "ISG15");
        assert_eq!(color_name(&CellColor::Gene(GeneId(1)), Some(&names)), "gene 1");
    }

    #[test]
    fn selections_are_named_by_their_categories() {
        let choice = |category: &str| LabelChoice { column: "type".into(), category: category.into() };
        assert_eq!(selection_name(&CellSelection::Labels(vec![choice("B"), choice("T")])), "B, T");
    }

    #[test]
    fn matrices_are_told_with_their_genes_where_these_are_known() {
        let matrix = |name: &str, n_genes| MatrixInfo { name: name.into(), n_genes };
        let known = vec![matrix("raw/X", 32_738), matrix("layers/odd", 0)];
        let choice = MatrixChoice { read: "raw/X".into(), known };
        let texts: Vec<String> = matrices(&choice).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["raw/X (32\u{202f}738 genes)", "layers/odd"]);
    }
}
