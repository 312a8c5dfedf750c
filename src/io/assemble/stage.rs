//! Joining the files of one drop with what is open, before anything is changed.

use std::collections::BTreeMap;

use super::AssembleError;
use super::columns::distinct_columns;
use super::files::{EmbeddingFile, Files};
use super::ids::settle_ids;
use super::join::Matches;
use super::{Assembled, SaeFiles};
use crate::data::{CellTable, DataError, Dataset, Embedding, GeneSet, JoinMethod, Notice, OntologyTerm};
use crate::io::gmt::make_names_distinct;
use crate::io::sniff::stem;
use crate::io::{AnnDataFile, LabelsFile};

/// Everything checked and joined, ready to be put in place.
pub(super) struct Stage {
    /// The new data set's expression and embeddings; `None` if files join the open one.
    fresh: Option<Dataset>,
    cells: CellTable,
    /// The labels file of this drop that gave the cells their ids.
    ids_from: Option<String>,
    embeddings: Vec<Embedding>,
    gene_sets: Vec<GeneSet>,
    ontology: Vec<OntologyTerm>,
    notices: Vec<Notice>,
    sae: Option<SaeFiles>,
}

impl Stage {
    /// Checks and joins everything against what is open.
    pub(super) fn build(current: Option<&Dataset>, mut files: Files) -> Result<Self, AssembleError> {
        let sae = files.take_sae()?;
        let mut stage = Self::start(current, &mut files)?;
        stage.sae = sae;
        for (file, labels) in &mut files.labels {
            let notice = stage.cells.ids().map(|ids| settle_ids(file, labels, ids)).transpose()?;
            stage.notices.extend(notice.flatten());
            stage.join_labels(file, labels)?;
        }
        for embedding in std::mem::take(&mut files.embeddings) {
            stage.join_embedding(&files, embedding)?;
        }
        stage.ontology = files.ontology;
        stage.gene_sets = files.gene_sets.into_iter().flat_map(|(_, sets)| sets).collect();
        Ok(stage)
    }

    /// The cells everything else is joined with.
    fn start(current: Option<&Dataset>, files: &mut Files) -> Result<Self, AssembleError> {
        let mut stage = Self {
            fresh: None,
            cells: CellTable::default(),
            ids_from: None,
            embeddings: Vec::new(),
            gene_sets: Vec::new(),
            ontology: Vec::new(),
            notices: Vec::new(),
            sae: None,
        };
        if let Some((file, content)) = files.anndata.take() {
            let (mut dataset, notices) = start_from_anndata(&file, *content)?;
            stage.cells = std::mem::take(&mut dataset.cells);
            stage.notices = notices;
            stage.fresh = Some(dataset);
        } else if let Some(current) = current.filter(|current| current.cells.n_cells() > 0) {
            stage.cells = current.cells.clone();
        } else if let Some((n_cells, file)) = files.first_rows() {
            stage.fresh = Some(Dataset { name: stem(&file), ..Dataset::default() });
            stage.cells = match files.ids_to_start(n_cells) {
                Some((ids_file, ids)) => {
                    stage.ids_from = Some(ids_file.to_owned());
                    cells_with_ids(ids_file, ids)?
                }
                None => CellTable::without_ids(n_cells),
            };
        }
        Ok(stage)
    }

    fn join_labels(&mut self, file: &str, labels: &LabelsFile) -> Result<(), AssembleError> {
        let n_cells = self.cells.n_cells();
        let matches = match (&labels.ids, self.cells.ids()) {
            (Some(row_ids), Some(cell_ids)) => Matches::by_id(file, row_ids, cell_ids)?,
            (None, _) => Matches::by_order(file, labels.n_rows, n_cells, "the file has no column of cell ids")?,
            (_, None) => Matches::by_order(file, labels.n_rows, n_cells, "the cells of the data set have no ids")?,
        };
        if let (Some(ids), None) = (&labels.ids, self.cells.ids()) {
            self.give_ids(file, ids)?;
        }
        let columns = labels.columns.iter().map(|column| matches.column(column));
        let (columns, renamed) = distinct_columns(file, &self.cells, columns);
        for column in columns {
            let added = self.cells.add_column(column);
            added.map_err(|source| AssembleError::Data { file: file.to_owned(), source })?;
        }
        self.notices.push(labels_notice(file, &matches));
        self.notices.extend(renamed);
        Ok(())
    }

    /// Gives cells known only by row the ids of a file that was matched with them by order.
    fn give_ids(&mut self, file: &str, ids: &[String]) -> Result<(), AssembleError> {
        let mut cells = cells_with_ids(file, ids)?;
        for column in self.cells.columns() {
            let added = cells.add_column(column.clone());
            added.map_err(|source| AssembleError::Data { file: file.to_owned(), source })?;
            if let Some(colours) = self.cells.colours(&column.name) {
                cells.set_colours(&column.name, colours.to_vec());
            }
        }
        self.cells = cells;
        self.ids_from = Some(file.to_owned());
        Ok(())
    }

    fn join_embedding(&mut self, files: &Files, embedding: EmbeddingFile) -> Result<(), AssembleError> {
        let EmbeddingFile { file, name, ids, values } = embedding;
        values.check_finite(&name).map_err(|source| AssembleError::Data { file: file.clone(), source })?;
        let (matches, notice) = match (&ids, self.cells.ids()) {
            (Some(row_ids), Some(cell_ids)) => own_ids(&file, row_ids, cell_ids)?,
            _ => self.match_without_ids(files, &file, values.n_rows(), ids.is_some())?,
        };
        let values = matches.matrix(&file, values, self.cells.ids())?;
        self.notices.push(notice);
        replace_or_push(&mut self.embeddings, Embedding { name, values, joined_by: matches.method });
        match ids {
            Some(ids) if self.cells.ids().is_none() => self.give_ids(&file, &ids),
            _ => Ok(()),
        }
    }

    /// Matches rows whose file has no ids, or that meet cells without.
    fn match_without_ids(
        &self,
        files: &Files,
        file: &str,
        n_rows: usize,
        has_ids: bool,
    ) -> Result<(Matches, Notice), AssembleError> {
        let ids = files.ids_for(n_rows).filter(|(labels, _)| self.ids_from.as_deref() != Some(labels));
        if let (Some((labels_file, row_ids)), Some(cell_ids)) = (ids, self.cells.ids()) {
            let matches = Matches::by_id(file, row_ids, cell_ids)?;
            let text = format!(
                "{file:?} has no cell ids; it was given those of {labels_file:?}, which has as many rows, and was \
                 joined with the cells by id."
            );
            return Ok((matches, Notice::info(text)));
        }
        let n_cells = self.cells.n_cells();
        let (reason, who) = if has_ids {
            ("the cells of the data set have no ids", "The data set")
        } else {
            ("the file has no cell ids", "It")
        };
        let matches = Matches::by_order(file, n_rows, n_cells, reason)?;
        let text = format!(
            "{file:?} has as many rows as there are cells ({n_cells}). {who} has no cell ids, so the rows are trusted to \
             be in the order of the cells."
        );
        Ok((matches, Notice::warning(text)))
    }

    /// Puts everything in place; nothing can fail any more.
    pub(super) fn apply(mut self, current: Option<Dataset>) -> Assembled {
        let mut open = current.unwrap_or_default();
        let mut gene_sets = std::mem::take(&mut open.gene_sets);
        let known_ontology = std::mem::take(&mut open.ontology);
        let mut dataset = self.fresh.unwrap_or(open);
        dataset.cells = self.cells;
        for embedding in self.embeddings {
            if dataset.embedding(&embedding.name).is_some() {
                let text = format!("The embedding {:?} was replaced by the one just opened.", embedding.name);
                self.notices.push(Notice::info(text));
            }
            replace_or_push(&mut dataset.embeddings, embedding);
        }
        self.notices.extend(add_gene_sets(&mut gene_sets, self.gene_sets));
        dataset.gene_sets = gene_sets;
        dataset.ontology = if self.ontology.is_empty() { known_ontology } else { self.ontology };
        Assembled { dataset, notices: self.notices, sae: self.sae }
    }
}

fn cells_with_ids(file: &str, ids: &[String]) -> Result<CellTable, AssembleError> {
    CellTable::with_ids(ids.to_vec()).map_err(|source| match source {
        DataError::DuplicateCellId { id, first, second } => {
            AssembleError::RepeatedId { file: file.to_owned(), id, first, second }
        }
        source => AssembleError::Data { file: file.to_owned(), source },
    })
}

/// Matches an embedding that has ids with cells that have them.
fn own_ids(file: &str, row_ids: &[String], cell_ids: &[String]) -> Result<(Matches, Notice), AssembleError> {
    let matches = Matches::by_id(file, row_ids, cell_ids)?;
    let n_unused = matches.n_rows - matches.n_matched;
    let notice = if n_unused == 0 {
        Notice::info(format!("The {} rows of {file:?} were joined with the cells by id.", matches.n_rows))
    } else {
        let text = format!("{file:?} was joined with the cells by id; {n_unused} of its rows belong to no cell.");
        Notice::warning(text)
    };
    Ok((matches, notice))
}

fn labels_notice(file: &str, matches: &Matches) -> Notice {
    let (n_cells, n_rows) = (matches.row_by_cell.len(), matches.n_rows);
    if matches.method == JoinMethod::Order {
        return Notice::warning(format!(
            "The {n_rows} rows of {file:?} were joined with the cells by order, because one side has no cell ids; they \
             are trusted to be in the order of the cells."
        ));
    }
    let n_unused = n_rows - matches.n_matched;
    if matches.n_missing() == 0 && n_unused == 0 {
        return Notice::info(format!("The {n_rows} rows of {file:?} were joined with the cells by id."));
    }
    Notice::warning(format!(
        "{file:?} was joined with the cells by id: {} of {n_cells} cells have labels from it, {} have none, and \
         {n_unused} of its {n_rows} rows belong to no cell.",
        matches.n_matched,
        matches.n_missing()
    ))
}

fn replace_or_push(embeddings: &mut Vec<Embedding>, embedding: Embedding) {
    match embeddings.iter_mut().find(|known| known.name == embedding.name) {
        Some(known) => *known = embedding,
        None => embeddings.push(embedding),
    }
}

/// Makes the data set an AnnData file starts, without gene sets.
///
/// # Errors
/// [`AssembleError::Data`] for duplicate cell ids and for parts with another number of cells.
fn start_from_anndata(file: &str, content: AnnDataFile) -> Result<(Dataset, Vec<Notice>), AssembleError> {
    let data_error = |source: DataError| AssembleError::Data { file: file.to_owned(), source };
    let mut cells = match content.cell_ids {
        Some(ids) => CellTable::with_ids(ids).map_err(data_error)?,
        None => CellTable::without_ids(content.n_cells),
    };
    for column in content.columns {
        cells.add_column(column).map_err(data_error)?;
    }
    for (column, colours) in content.label_colours {
        cells.set_colours(&column, colours);
    }
    let expression = content.expression;
    let mut dataset = Dataset { name: stem(file), cells, expression, ..Dataset::default() };
    for (name, values) in content.embeddings {
        let embedding = Embedding { name, values, joined_by: JoinMethod::SameFile };
        dataset.add_embedding(embedding).map_err(data_error)?;
    }
    Ok((dataset, content.notices))
}

/// Appends sets; one that is there already with the same genes is left out, one with other genes is renamed.
fn add_gene_sets(known: &mut Vec<GeneSet>, added: Vec<GeneSet>) -> Option<Notice> {
    let n_added = added.len();
    let by_name: BTreeMap<&str, &[String]> =
        known.iter().map(|set| (set.name.as_str(), set.genes.as_slice())).collect();
    let new: Vec<GeneSet> =
        added.into_iter().filter(|set| by_name.get(set.name.as_str()) != Some(&set.genes.as_slice())).collect();
    let n_repeated = n_added - new.len();
    known.extend(new);
    let renamed = make_names_distinct(known);
    match (n_repeated, renamed) {
        (0, None) => None,
        (n, None) => Some(Notice::info(format!("{n} gene sets were open already and are kept once."))),
        (n, Some(example)) => Some(Notice::warning(format!(
            "Some gene sets have the name of another with other genes and were renamed, such as {example:?}; {n} were \
             open already and are kept once."
        ))),
    }
}
