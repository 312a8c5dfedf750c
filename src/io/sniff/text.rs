//! What kind of text a file is: by its first lines, by the ending of its name where they can't tell.

use super::kinds::{EmbeddingFormat, ExpressionFormat, FileKind, GeneSetFormat, LabelsFormat};
use super::names::{extension, instead_of};
use super::{HEAD, unknown, unrecognised};
use crate::io::ImportError;
use crate::io::csv_embedding::is_embedding;
use crate::io::expression_table::is_csv_expression;
use crate::io::foreign::{failed_download, foreign_kind};
use crate::io::gaf::GAF_START;
use crate::io::mtx::MTX_MAGIC;
use crate::io::{gene_set_json, gene_set_table, ten_x_tables};

/// Fields that only the configuration of a sparse autoencoder has: SAELens and sparsify, dictionary_learning, bio-sae.
const SAE_FIELDS: [&str; 5] = ["\"d_in\"", "\"d_sae\"", "\"dict_class\"", "\"activation_dim\"", "\"d_model\""];

pub(super) fn sniff_text(name: &str, start: &[u8]) -> Result<FileKind, ImportError> {
    if start.starts_with(MTX_MAGIC) {
        return Ok(FileKind::CountMatrix);
    }
    if let Some((found, hint)) = foreign_kind(start) {
        return Err(unrecognised(name, found, hint));
    }
    if start.contains(&0) {
        return Err(unknown(name, "is a binary file of unknown kind", "check that it is the file you meant"));
    }
    let text = String::from_utf8_lossy(start);
    let first = text.trim_start_matches('\u{feff}').trim_start();
    if let Some((found, hint)) = failed_download(first) {
        return Err(unrecognised(name, &format!("{found}{}", instead_of(name)), hint));
    }
    if first.starts_with("format-version:") {
        return Ok(FileKind::Ontology);
    }
    if first.starts_with(GAF_START) {
        return Ok(FileKind::Annotations);
    }
    if first.starts_with('{') {
        return if SAE_FIELDS.iter().any(|field| text.contains(field)) {
            Ok(FileKind::SaeConfig)
        } else if gene_set_json::is_gene_sets(first) {
            Ok(FileKind::GeneSets(GeneSetFormat::Json))
        } else {
            let found = "is JSON without \"d_in\", \"d_sae\" and \"dict_class\", so not the configuration of a sparse \
                         autoencoder, and without lists of genes";
            Err(unknown(name, found, "choose the cfg.json or config.json beside the weights, or gene sets"))
        };
    }
    if let Some(kind) = ten_x_tables::kind_of(name, first) {
        return Ok(kind);
    }
    match extension(name).as_str() {
        "gmt" => Ok(FileKind::GeneSets(GeneSetFormat::Gmt)),
        "obo" => Ok(FileKind::Ontology),
        "gaf" => Ok(FileKind::Annotations),
        "yaml" | "yml" => Ok(FileKind::GeneSets(GeneSetFormat::Yaml)),
        "gmx" => Ok(FileKind::GeneSets(GeneSetFormat::Gmx)),
        "csv" | "tsv" | "txt" | "tab" => Ok(table_kind(start)),
        "h5ad" | "h5" | "npy" | "npz" | "parquet" | "pt" | "pth" | "safetensors" => {
            let hint = "it may not have been downloaded completely, so download it again";
            Err(unrecognised(name, &format!("is{}", instead_of(name).trim_start_matches(',')), hint))
        }
        "" => Err(unknown(name, "is text of unknown meaning", "give it an ending that says what it is")),
        other => {
            let found = format!("is text with the ending .{other}");
            Err(unknown(name, &found, "if it is a table, save it as .csv or .tsv"))
        }
    }
}

/// What a table is, by its first rows.
fn table_kind(start: &[u8]) -> FileKind {
    if gene_set_table::is_gene_sets(start) {
        FileKind::GeneSets(GeneSetFormat::Table)
    } else if is_csv_expression(start, start.len() < HEAD) {
        FileKind::Expression(ExpressionFormat::Csv)
    } else if is_embedding(start, start.len() < HEAD) {
        FileKind::Embedding(EmbeddingFormat::Csv)
    } else {
        FileKind::Labels(LabelsFormat::Csv)
    }
}
