//! A file that holds more than one matrix, opened with one and again with another.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use featurescope::io::MemorySource;
use featurescope::protocol::{DatasetSummary, Event, Request, ViewQuery, ViewResult};

use super::{Desk, desk, find};

/// Opens a file whose X has 6 genes and whose raw has 8.
fn request(desk: &Desk, matrix: Option<&str>) -> Request {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/h5ad/anndata_0_12_csr_raw.h5ad.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
    let file = desk.session.host().add_source("cells.h5ad", Arc::new(MemorySource(bytes)));
    Request::Open { files: vec![file], embedding: None, trims: Vec::new(), matrix: matrix.map(str::to_owned) }
}

fn opened(desk: &mut Desk, matrix: Option<&str>) -> DatasetSummary {
    let request = request(desk, matrix);
    find(desk.ask(request), |event| match event {
        Event::DatasetOpened(summary) => Some(summary),
        _ => None,
    })
}

fn n_gene_names(desk: &mut Desk) -> usize {
    match desk.view(ViewQuery::GeneNames) {
        ViewResult::GeneNames(names) => names.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_matrix_asked_for_takes_the_place_of_the_other() {
    let mut desk = desk();
    for (asked, read, n_genes) in
        [(None, "X", 6), (Some("raw/X"), "raw/X", 8), (Some("layers/counts"), "layers/counts", 6)]
    {
        let summary = opened(&mut desk, asked);
        let matrices = summary.matrices.unwrap();
        assert_eq!((matrices.read.as_str(), summary.n_genes), (read, n_genes));
        let known: Vec<&str> = matrices.known.iter().map(|matrix| matrix.name.as_str()).collect();
        assert_eq!(known, ["X", "raw/X", "layers/counts"]);
        assert_eq!(n_gene_names(&mut desk), n_genes);
    }
}

#[test]
fn a_matrix_that_is_not_there_leaves_the_one_that_is_open() {
    let mut desk = desk();
    opened(&mut desk, Some("raw/X"));
    let request = request(&desk, Some("layers/spliced"));
    let text = desk.refused(request);
    assert!(text.contains("has no matrix \"layers/spliced\"; choose one of those it has: \"X\", \"raw/X\""), "{text}");
    assert_eq!(n_gene_names(&mut desk), 8);
}
