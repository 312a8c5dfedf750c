//! Joining the files of one drop with what is open, before anything is changed.

use super::AssembleError;
use super::columns::distinct_columns;
use super::files::{EmbeddingFile, Files};
use super::gene_sets::merge;
use super::ids::settle_ids;
use super::join::{Known, Matches};
use super::report;
use super::{Assembled, SaeFiles};
use crate::data::{CellTable, DataError, Dataset, Embedding, GeneSet, IdTrim, JoinMethod, Notice, OntologyTerm};
use crate::io::sniff::stem;
use crate::io::{AnnDataFile, LabelsFile};

/// What files are joined by, beside the cells.
#[derive(Clone, Copy)]
struct Given<'a> {
    /// Genes of the data set that is open; those of a new one are in [`Stage::fresh`].
    open_genes: &'a [String],
    /// What a person asked to leave out of ids, by file.
    trims: &'a [IdTrim],
}

impl<'a> Given<'a> {
    /// What was asked to be left out of the ids of the first of these files for which something was.
    fn trim<const N: usize>(self, files: [&str; N]) -> Option<&'a IdTrim> {
        files.into_iter().find_map(|file| self.trims.iter().rev().find(|trim| trim.file == file))
    }
}

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
    /// Files of this drop whose rows are trusted to be in the order of the cells.
    by_order: Vec<String>,
}

impl Stage {
    /// Checks and joins everything against what is open.
    pub(super) fn build(current: Option<&Dataset>, mut files: Files, trims: &[IdTrim]) -> Result<Self, AssembleError> {
        let sae = files.take_sae()?;
        let mut stage = Self::start(current, &mut files)?;
        stage.sae = sae;
        let open = current.and_then(|current| current.expression.as_ref());
        let given = Given { open_genes: open.map_or(&[], |expression| &expression.gene_names), trims };
        for (file, labels) in &mut files.labels {
            let notice = stage.cells.ids().map(|ids| settle_ids(file, labels, ids)).transpose()?;
            stage.notices.extend(notice.flatten());
            stage.join_labels(given, file, labels)?;
        }
        for embedding in std::mem::take(&mut files.embeddings) {
            stage.join_embedding(given, &files, embedding)?;
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
            by_order: Vec::new(),
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

    fn join_labels(&mut self, given: Given<'_>, file: &str, labels: &LabelsFile) -> Result<(), AssembleError> {
        let matches = match (&labels.ids, self.known(given)) {
            (Some(row_ids), Some(known)) => Matches::by_id(file, row_ids, known, given.trim([file]))?,
            (None, _) => {
                Matches::by_order(file, labels.n_rows, self.counts(given), "the file has no column of cell ids")?
            }
            (_, None) => {
                Matches::by_order(file, labels.n_rows, self.counts(given), "the cells of the data set have no ids")?
            }
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
        self.note(file, report::labels(file, &matches), matches.method);
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

    fn join_embedding(
        &mut self,
        given: Given<'_>,
        files: &Files,
        embedding: EmbeddingFile,
    ) -> Result<(), AssembleError> {
        let EmbeddingFile { file, name, ids, values } = embedding;
        values.check_finite(&name).map_err(|source| AssembleError::Data { file: file.clone(), source })?;
        let (matches, notice) = match (&ids, self.known(given)) {
            (Some(row_ids), Some(known)) => {
                let matches = Matches::by_id(&file, row_ids, known, given.trim([&file]))?;
                let notice = report::embedding(&file, &matches);
                (matches, notice)
            }
            _ => self.match_without_ids(given, files, &file, values.n_rows(), ids.is_some())?,
        };
        let values = matches.matrix(&file, values, ids.as_deref(), self.cells.ids())?;
        self.note(&file, notice, matches.method);
        replace_or_push(&mut self.embeddings, Embedding { name, values, joined_by: matches.method });
        match ids {
            Some(ids) if self.cells.ids().is_none() => self.give_ids(&file, &ids),
            _ => Ok(()),
        }
    }

    /// Matches rows whose file has no ids, or that meet cells without.
    fn match_without_ids(
        &self,
        given: Given<'_>,
        files: &Files,
        file: &str,
        n_rows: usize,
        has_ids: bool,
    ) -> Result<(Matches, Notice), AssembleError> {
        let ids = files.ids_for(n_rows).filter(|(labels, _)| self.ids_from.as_deref() != Some(labels));
        if let (Some((labels_file, row_ids)), Some(known)) = (ids, self.known(given)) {
            let matches = Matches::by_id(file, row_ids, known, given.trim([file, labels_file]))?;
            let notice = report::lent_ids(file, labels_file, &matches);
            return Ok((matches, notice));
        }
        let (reason, who) = if has_ids {
            ("the cells of the data set have no ids", "The data set")
        } else {
            ("the file has no cell ids", "It")
        };
        let matches = Matches::by_order(file, n_rows, self.counts(given), reason)?;
        let text = format!(
            "{file:?} has as many rows as there are cells ({n_rows}). {who} has no cell ids, so the rows are trusted to \
             be in the order of the cells."
        );
        Ok((matches, Notice::warning(text)))
    }

    /// The cells as rows are matched with them, if they have ids.
    fn known<'a>(&'a self, given: Given<'a>) -> Option<Known<'a>> {
        self.cells.ids().map(|ids| Known { ids, genes: self.genes(given) })
    }

    fn genes<'a>(&'a self, given: Given<'a>) -> &'a [String] {
        let fresh = self.fresh.as_ref().and_then(|dataset| dataset.expression.as_ref());
        fresh.map_or(given.open_genes, |expression| &expression.gene_names)
    }

    /// Cells and genes.
    fn counts(&self, given: Given<'_>) -> (usize, usize) {
        (self.cells.n_cells(), self.genes(given).len())
    }

    fn note(&mut self, file: &str, notice: Notice, method: JoinMethod) {
        self.notices.push(notice);
        if method == JoinMethod::Order && !self.by_order.iter().any(|known| known == file) {
            self.by_order.push(file.to_owned());
        }
    }

    /// Puts everything in place; nothing can fail any more.
    pub(super) fn apply(mut self, current: Option<Dataset>) -> Assembled {
        let mut open = current.unwrap_or_default();
        let mut gene_sets = std::mem::take(&mut open.gene_sets);
        let known_ontology = std::mem::take(&mut open.ontology);
        let mut dataset = self.fresh.unwrap_or(open);
        dataset.cells = self.cells;
        self.notices.extend(report::still_by_order(&dataset.by_order));
        dataset.by_order.extend(self.by_order);
        for embedding in self.embeddings {
            if dataset.embedding(&embedding.name).is_some() {
                let text = format!("The embedding {:?} was replaced by the one just opened.", embedding.name);
                self.notices.push(Notice::info(text));
            }
            replace_or_push(&mut dataset.embeddings, embedding);
        }
        self.notices.extend(merge(&mut gene_sets, self.gene_sets));
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
    let (expression, matrices) = (content.expression, content.matrices);
    let mut dataset = Dataset { name: stem(file), cells, expression, matrices, ..Dataset::default() };
    for (name, values) in content.embeddings {
        let embedding = Embedding { name, values, joined_by: JoinMethod::SameFile };
        dataset.add_embedding(embedding).map_err(data_error)?;
    }
    let mut notices = content.notices;
    notices.extend(report::turned(&dataset));
    notices.extend(report::scaled(&dataset));
    Ok((dataset, notices))
}
