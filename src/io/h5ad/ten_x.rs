//! Count matrices of 10x Genomics' Cell Ranger as HDF5, and of programs that write the same layout.
//!
//! Version 3: the group `matrix` with `barcodes`, `features` and a matrix compressed by barcode; version 2: a group a
//! genome with `barcodes`, `genes` and `gene_names`. The layout is described in Cell Ranger's "Feature-Barcode Matrices
//! (HDF5)" pages. Genes are called by their symbol, as scanpy's `read_10x_h5` does, and keep their id. Features that are
//! no genes (antibodies, guides, peaks) are set aside and told. Barcodes stay as they are written.

use super::AnnDataFile;
use super::archive::{Archive, Folder, Node};
use super::expression::{duplicate_genes, no_matrix};
use super::matrix::{GeneRows, MatrixReader};
use super::table::texts_of;
use crate::data::{Expression, Observer};
use crate::io::ten_x_features::Features;
use crate::io::{ImportError, ImportOptions};

const ADVICE: &str = "write the file again with Cell Ranger, or open its folder of matrix.mtx.gz, barcodes.tsv.gz and \
     features.tsv.gz instead";

/// The group of a 10x matrix, if the file holds one.
///
/// # Errors
/// [`ImportError::Format`] for matrices of several genomes.
pub(super) fn find(archive: &Archive) -> Result<Option<String>, ImportError> {
    let mut groups = Vec::new();
    for name in archive.top_members()? {
        if !matches!(archive.node(&name)?, Some(Node::Folder(_))) {
            continue;
        }
        let parts = ["barcodes", "indptr", "indices", "data"].map(|part| format!("{name}/{part}"));
        let is_array = |path: &String| Ok(matches!(archive.node(path)?, Some(Node::Array(_))));
        if parts.iter().map(is_array).collect::<Result<Vec<bool>, ImportError>>()? == [true; 4] {
            groups.push(name);
        }
    }
    match groups.len() {
        0 | 1 => Ok(groups.pop()),
        _ => Err(ImportError::Format {
            file: archive.name().to_owned(),
            place: "its matrix".to_owned(),
            found: format!("is there once for each of {groups:?}"),
            expected: "one genome".to_owned(),
            advice: "write one of them as .h5ad: scanpy.read_10x_h5(…, genome=\"…\").write_h5ad(…)".to_owned(),
        }),
    }
}

/// Reads the matrix in a group.
///
/// # Errors
/// As [`super::import_h5ad`]; [`ImportError::Format`] where barcodes, features and matrix differ in length.
pub(super) fn read(
    archive: &Archive,
    group: &str,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<AnnDataFile, ImportError> {
    if let Some(wanted) = options.matrix.as_deref().filter(|wanted| *wanted != group) {
        return Err(no_matrix(archive, wanted, std::iter::once(group.to_owned())));
    }
    let texts = |name: &str| texts_of(archive, &archive.array(&format!("{group}/{name}"))?);
    let cell_ids = texts("barcodes")?;
    if cell_ids.is_empty() {
        return Err(ImportError::NoContent {
            file: archive.name().to_owned(),
            what: "cell",
            found: format!("{group}/barcodes has 0 rows"),
            hint: "the filtered matrix of the sample may have lost all cells, so open the raw one".to_owned(),
        });
    }
    let features = match archive.node(&format!("{group}/features"))? {
        Some(Node::Folder(folder)) => features_of(archive, &folder)?,
        _ => Features { ids: texts("genes")?, names: texts("gene_names")?, kinds: Vec::new(), genomes: Vec::new() },
    };
    check_shape(archive, group, &features, cell_ids.len())?;
    let mut file = AnnDataFile { n_cells: cell_ids.len(), ..AnnDataFile::default() };
    file.expression = expression(archive, group, &features, (&cell_ids, options), observer)?;
    file.notices.extend(features.notice());
    if let Some(expression) = &file.expression {
        file.notices.extend(duplicate_genes(&expression.gene_names));
    }
    file.cell_ids = Some(cell_ids);
    Ok(file)
}

fn features_of(archive: &Archive, folder: &Folder) -> Result<Features, ImportError> {
    let texts = |name: &str| texts_of(archive, &archive.array(&format!("{}/{name}", folder.path))?);
    let known = archive.members(folder)?;
    let if_there = |name: &str| if known.iter().any(|known| known == name) { texts(name) } else { Ok(Vec::new()) };
    let ids = texts("id")?;
    let names = if_there("name")?;
    let names = if names.is_empty() { ids.clone() } else { names };
    Ok(Features { ids, names, kinds: if_there("feature_type")?, genomes: if_there("genome")? })
}

fn check_shape(archive: &Archive, group: &str, features: &Features, n_cells: usize) -> Result<(), ImportError> {
    let error = |place: String, found: String, expected: String| ImportError::Format {
        file: archive.name().to_owned(),
        place,
        found,
        expected,
        advice: ADVICE.to_owned(),
    };
    if let Some((column, found)) = features.uneven() {
        let expected = format!("{}, one for each feature", features.ids.len());
        return Err(error(format!("{group}, {column} of its features"), format!("has {found} values"), expected));
    }
    let shape = archive.integers(&archive.array(&format!("{group}/shape"))?)?;
    let expected = [features.ids.len(), n_cells];
    if shape.iter().map(|&size| usize::try_from(size).ok()).eq(expected.map(Some)) {
        return Ok(());
    }
    let expected = format!("{expected:?}, its features and barcodes");
    Err(error(format!("{group}/shape"), format!("is {shape:?}"), expected))
}

fn expression(
    archive: &Archive,
    group: &str,
    features: &Features,
    (cell_ids, options): (&[String], &ImportOptions),
    observer: &dyn Observer,
) -> Result<Option<Expression>, ImportError> {
    let gene_by_feature = features.gene_by_feature();
    let gene_names = features.of_genes(&features.names);
    if gene_names.is_empty() {
        return Ok(None);
    }
    let reader = MatrixReader {
        archive,
        observer,
        n_cells: cell_ids.len(),
        n_genes: gene_names.len(),
        cell_ids: Some(cell_ids),
        gene_names: &gene_names,
        options,
    };
    let by_gene = reader.read_by_cell(group, GeneRows::Some(&gene_by_feature))?;
    let gene_columns = features.gene_columns();
    Ok(Some(Expression { gene_columns, ..Expression::new(gene_names, by_gene) }))
}
