use super::*;
use crate::data::{LabelColumn, LabelValues, MISSING_CODE, Silent};
use crate::io::fixtures::{compare_embeddings, json, open_file, survives_damage};
use crate::io::{EmbeddingFormat, FileKind, Imported, MemorySource, import_as};

#[test]
fn tables_of_pandas_and_arrow_have_their_numbers() {
    assert_eq!(compare_embeddings("parquet"), 10);
}

#[test]
fn labels_keep_ids_categories_and_missing_values() {
    let Imported::Labels(labels) = open_file("parquet/labels.parquet").unwrap() else { panic!("no labels") };
    assert_eq!((labels.n_rows, labels.id_column.as_deref()), (6, Some("__index_level_0__")));
    assert_eq!(labels.ids.unwrap()[5], "AAAC5-1");
    let names: Vec<&str> = labels.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["cell_type", "donor", "is_doublet", "n_genes", "score"]);
    let codes = |at: usize| labels.columns[at].categorical().unwrap();
    assert_eq!(codes(0), (&[0, 1, MISSING_CODE, 0, 1, 0][..], &["B".to_owned(), "T".to_owned()][..]));
    assert_eq!(codes(2).1, ["False", "True"]);
    assert_eq!(codes(3).1[0], "100");
    assert_eq!(codes(4).0[1], MISSING_CODE);
}

#[test]
fn other_codecs_are_named_with_what_to_do() {
    let message = open_file("parquet/brotli.parquet").unwrap_err().to_string();
    assert!(
        message.contains("\"UMAP_1\"") && message.contains("BROTLI") && message.contains("zstd, snappy"),
        "{message}"
    );
}

#[test]
fn delta_encodings_and_split_bytes_hold_what_arrow_wrote() {
    let Imported::Labels(labels) = open_file("parquet/many.parquet").unwrap() else { panic!("no labels") };
    let expected = json("parquet/many.json");
    assert_eq!(labels.ids, serde_json::from_value(expected["cell"].clone()).unwrap());
    let batches: Vec<Option<String>> = serde_json::from_value(expected["batch"].clone()).unwrap();
    let batches: Vec<String> = batches.into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!(labels.columns[0], LabelColumn::from_texts("batch", &batches));
    for column in &labels.columns[1..] {
        let LabelValues::Numeric(found) = &column.values else { panic!("{} is no number", column.name) };
        let wanted: Vec<Option<f64>> = serde_json::from_value(expected[&column.name].clone()).unwrap();
        assert_eq!(found.len(), wanted.len());
        let is_equal = |(found, wanted): (&f64, &Option<f64>)| wanted.map_or(found.is_nan(), |wanted| *found == wanted);
        assert!(found.iter().zip(&wanted).all(is_equal), "{}", column.name);
    }
}

#[test]
fn a_page_that_packs_far_is_read_where_its_values_take_the_room() {
    let Imported::Embedding { values, .. } = open_file("parquet/zeros.parquet").unwrap() else {
        panic!("no embedding")
    };
    assert_eq!((values.n_rows(), values.n_cols()), (300_000, 2));
    assert!(values.values().iter().all(|&value| value == 0.0));
}

#[test]
fn one_hot_labels_open_as_an_embedding_where_that_is_asked_for() {
    let bytes = crate::io::fixtures::bytes("parquet/labels.parquet");
    let kind = FileKind::Embedding(EmbeddingFormat::Parquet);
    let source = Arc::new(MemorySource(bytes));
    let Imported::Embedding { ids, values, .. } = import_as(kind, "l.parquet", source, &Silent).unwrap() else {
        panic!("no embedding")
    };
    assert_eq!((ids.unwrap().len(), values.n_cols()), (6, 3));
}

#[test]
fn damage_is_an_error_or_harmless() {
    for file in [
        "polars_zstd.parquet",
        "polars_lz4.parquet",
        "encodings_v1.parquet",
        "encodings_v2.parquet",
        "many.parquet",
        "snappy.parquet",
        "gzip_v2.parquet",
        "lists.parquet",
        "labels.parquet",
        "plain.parquet",
    ] {
        survives_damage(&format!("parquet/{file}"), 3000);
    }
}
