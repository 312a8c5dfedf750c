//! Typical mistakes, each with the whole sentence a person reads.
//!
//! What a file is and what to do with it must be clear to someone who knows their experiment and not their file formats.

use std::cell::RefCell;
use std::sync::Arc;

use super::fixtures::bytes;
use super::reader::tests::gzip;
use super::{AnnDataFile, Imported, MemorySource, assemble, import, import_all};
use crate::data::{DenseMatrix, Expression, MatrixChoice, MatrixInfo, Observer, Silent, SparseMatrix};

#[derive(Default)]
struct Listening(RefCell<Vec<String>>);

impl Observer for Listening {
    fn progress(&self, _fraction: f64, _message: &str) {}
    fn warn(&self, message: &str) {
        self.0.borrow_mut().push(message.to_owned());
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What is said of a file that can't be opened.
fn refusal(name: &str, bytes: Vec<u8>) -> String {
    import_all(name, Arc::new(MemorySource(bytes)), &Silent).unwrap_err().to_string()
}

fn of(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn cells(names: &[&str], genes: &[&str], value: f32) -> (String, Imported) {
    let values = DenseMatrix::new(genes.len(), names.len(), vec![value; genes.len() * names.len()]).unwrap();
    let content = AnnDataFile {
        n_cells: names.len(),
        cell_ids: Some(of(names)),
        expression: Some(Expression::new(of(genes), SparseMatrix::from_dense(&values))),
        ..AnnDataFile::default()
    };
    ("pbmc.h5ad".to_owned(), Imported::AnnData(Box::new(content)))
}

fn file(name: &str, text: &str) -> (String, Imported) {
    let source = Arc::new(MemorySource(text.as_bytes().to_vec()));
    (name.to_owned(), import(name, source, &Silent).unwrap())
}

/// What is said when files do not fit together.
fn joining(files: Vec<(String, Imported)>) -> String {
    assemble(None, files, &Silent).unwrap_err().to_string()
}

/// What a person is told of files that open.
fn told(files: Vec<(String, Imported)>) -> Vec<String> {
    assemble(None, files, &Silent).unwrap().notices.into_iter().map(|notice| notice.text).collect()
}

#[test]
fn a_table_saved_by_excel_in_german() {
    let listening = Listening::default();
    let text = "cell;UMAP_1;UMAP_2;type\r\nc1;0,5;-1,25;T\r\nc2;3;1,5e-1;B\r\n";
    let source = Arc::new(MemorySource(text.as_bytes().to_vec()));
    let Imported::Embedding { ids, values, .. } = import("umap.csv", source, &listening).unwrap() else {
        panic!("no embedding");
    };
    assert_eq!((ids.unwrap(), values.values()), (of(&["c1", "c2"]), &[0.5, -1.25, 3.0, 0.15][..]));
    let said =
        "\"umap.csv\" has decimal commas, as Excel writes them in some languages: 0,5 was read as 0.5 in 2 columns";
    assert_eq!(listening.0.into_inner()[0], said);
}

#[test]
fn an_excel_workbook() {
    assert_eq!(
        refusal("markers.xlsx", bytes("zip/workbook.xlsx")),
        "\"markers.xlsx\" is an Excel workbook, which can't be opened here; in Excel, save the sheet as \"CSV UTF-8 \
         (comma delimited)\" and open that file; check before that Excel did not turn gene names such as SEPT2 into \
         dates"
    );
}

#[test]
fn a_seurat_object() {
    let object = gzip(b"X\n\0\0\0\x03\0\x04\x03\x01\0\x03\x05\0\0\0\0\x05UTF-8");
    assert_eq!(
        refusal("seurat.rds", object),
        "\"seurat.rds\" is an R data file (inside gzip), which can't be opened here; in R, write the object as .h5ad: \
         zellkonverter::writeH5AD(Seurat::as.SingleCellExperiment(object), \"data.h5ad\"), without Seurat:: … for a \
         SingleCellExperiment"
    );
}

#[test]
fn a_loom_file() {
    assert_eq!(
        refusal("brain.loom", bytes("mistakes/small.loom")),
        "\"brain.loom\" is a Loom file, which can't be opened here; in Python, write it as .h5ad: \
         anndata.io.read_loom(path).write_h5ad(\"data.h5ad\")"
    );
}

#[test]
fn an_embedding_with_its_header_as_a_row() {
    let values = DenseMatrix::zeros(3, 2);
    let embedding = Imported::Embedding { name: "scvi".to_owned(), ids: None, values };
    assert_eq!(
        joining(vec![cells(&["c1", "c2"], &["CD4"], 1.0), ("scvi.npy".to_owned(), embedding)]),
        "\"scvi.npy\" has 3 rows but the data set has 2 cells, and they can't be matched by id because the file has no \
         cell ids; it has one row more than there are cells, so perhaps its header was saved as a row; save it again \
         without the header, or with cell ids"
    );
}

#[test]
fn labels_of_another_data_set() {
    let labels = file("types.csv", "cell,type\nTTTGGGCCCAAA-1,B\nTTTGGGCCCAAC-1,T\n");
    let open = cells(&["AAACCTGAGAAA-1", "AAACCTGAGAAC-1", "AAACCTGAGAAG-1", "AAACCTGAGAAT-1"], &["CD4"], 1.0);
    assert_eq!(
        joining(vec![open, labels]),
        "none of the 2 cell ids in \"types.csv\" (such as \"TTTGGGCCCAAA-1\", \"TTTGGGCCCAAC-1\") is among the 4 of the \
         data set (such as \"AAACCTGAGAAA-1\", \"AAACCTGAGAAC-1\", \"AAACCTGAGAAG-1\"); perhaps the file is of another \
         data set; if not, the ids must be spelt alike (R turns - into .), so export both from the same object"
    );
}

#[test]
fn labels_whose_ids_lost_an_ending() {
    let labels = file("types.csv", "cell,type\nAAACCTGAGAAA,B\nAAACCTGAGAAC,T\n");
    assert_eq!(
        joining(vec![cells(&["AAACCTGAGAAA-1", "AAACCTGAGAAC-1"], &["CD4"], 1.0), labels]),
        "none of the 2 cell ids in \"types.csv\" (such as \"AAACCTGAGAAA\", \"AAACCTGAGAAC\") is among the 2 of the data \
         set (such as \"AAACCTGAGAAA-1\", \"AAACCTGAGAAC-1\"); without \"-1\" at the end of the data set's ids \
         (\"AAACCTGAGAAA\" is then the cell \"AAACCTGAGAAA-1\"), 2 of the 2 cells have a row: if these are the same cells, \
         join them by the shortened ids; nothing was joined yet"
    );
}

#[test]
fn labels_for_several_samples_with_barcodes_alone() {
    let labels = file("types.csv", "cell,type\nAAACCTGAGAAA-1,B\nAAACCTGAGAAC-1,T\n");
    let names = ["AAACCTGAGAAA-1-0", "AAACCTGAGAAC-1-0", "AAACCTGAGAAA-1-1", "AAACCTGAGAAC-1-1"];
    let text = joining(vec![cells(&names, &["CD4"], 1.0), labels]);
    let end = "they agree without \"-0\" at the end of the data set's ids";
    let end_of_all = "but then \"AAACCTGAGAAA-1-0\" and \"AAACCTGAGAAA-1-1\" of the data set are the same, so export the \
                      file with the full ids of the data set";
    assert!(text.ends_with(end_of_all) && !text.contains(end), "{text}");
    assert!(text.contains("they agree without what is like \"-0\", \"-1\" at the end of the data set's ids"), "{text}");
}

#[test]
fn a_table_of_genes_by_cells() {
    let table = file("scores.csv", "gene,c1,c2\nCD4,high,low\nCD3E,low,low\n");
    assert_eq!(
        joining(vec![cells(&["c1", "c2"], &["CD3E", "CD4"], 1.0), table]),
        "\"scores.csv\" has cells in its header (such as \"c1\"), so its rows are no cells but perhaps genes; turn it round \
         (in R: t(x), in pandas: table.T), so that each row is a cell"
    );
    let markers = file("markers.csv", "gene,type\nCD4,T helper\nCD3E,T\n");
    assert_eq!(
        joining(vec![cells(&["c1", "c2"], &["CD3E", "CD4"], 1.0), markers]),
        "none of the 2 cell ids in \"markers.csv\" (such as \"CD4\", \"CD3E\") is among the 2 of the data set (such as \
         \"c1\", \"c2\"); they are genes of the data set, so the table has genes in its rows; turn it round (in R: t(x), \
         in pandas: table.T), so that each row is a cell"
    );
}

#[test]
fn an_expression_matrix_of_genes_by_cells() {
    assert_eq!(
        told(vec![cells(&["CD3E", "CD4"], &["AAACCTGAGAAA-1", "AAACCTGAGAAC-1"], 1.0)]),
        ["The genes of \"pbmc\" are named like cells (such as \"AAACCTGAGAAA-1\", \"AAACCTGAGAAC-1\") and its cells \
          perhaps like genes (such as \"CD3E\", \"CD4\"), so its matrix is probably genes × cells. Turn it round in Python \
          and open it again: adata.T.write_h5ad(\"turned.h5ad\")."]
    );
    assert!(told(vec![cells(&["AAACCTGAGAAA-1"], &["CD3E"], 1.0)]).is_empty());
}

#[test]
fn a_download_that_broke_off() {
    let whole = bytes("io/csr_gzip.h5ad");
    let (n, half) = (whole.len(), whole.len() / 2);
    assert_eq!(
        refusal("cut.h5ad", whole[..half].to_vec()),
        format!(
            "\"cut.h5ad\" ends too early: the HDF5 content needs {n} bytes but {half} are there; the file is damaged or was \
             not copied completely, so copy or download it again"
        )
    );
}

#[test]
fn an_error_page_saved_as_data() {
    assert_eq!(
        refusal("atlas.h5ad", b"<!DOCTYPE html><html><body>403 Forbidden</body></html>".to_vec()),
        "\"atlas.h5ad\" is a web page, not HDF5, which can't be opened here; the download failed (perhaps it led to a \
         sign-in or error page), so download the file again"
    );
}

#[test]
fn a_file_compressed_twice() {
    assert_eq!(
        refusal("labels.csv.gz", gzip(&gzip(b"cell,type\nc1,B\n"))),
        "\"labels.csv.gz\" is compressed twice (gzip inside gzip), which can't be opened here; decompress it once \
         (gunzip, 7-Zip or a double click) and open the result"
    );
}

#[test]
fn scaled_values_without_counts() {
    assert_eq!(
        told(vec![cells(&["c1"], &["CD4"], -0.5)]),
        [
            "The expression of \"pbmc\" has negative values, so it is scaled (z-scores): genes can be compared as they are, \
          but fold changes mean nothing and no gene is off. Better open counts or log-normalised values, as they were \
          before scaling."
        ]
    );
}

#[test]
fn scaled_values_where_the_file_has_others() {
    let (name, mut content) = cells(&["c1"], &["CD4"], -0.5);
    if let Imported::AnnData(file) = &mut content {
        let matrix = |name: &str| MatrixInfo { name: name.to_owned(), n_genes: 1 };
        file.matrices = Some(MatrixChoice { read: "X".to_owned(), known: vec![matrix("X"), matrix("raw/X")] });
    }
    let told = told(vec![(name, content)]);
    assert!(
        told[0].ends_with(
            "no gene is off. Counts or log-normalised values suit tests of genes better: if one of the file's other \
             matrices (\"raw/X\") has them, choose it (\"Expression from\" on the page, --matrix on the command line)."
        ),
        "{told:?}"
    );
}
