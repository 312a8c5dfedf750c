//! Opening, closing and what follows from either.

use super::{
    Effect, EngineStatus, IdOffer, JobState, LabelViews, Remote, Shared, State, Table, Training, ViewKind, Wishes,
};
use crate::data::CellSelection;
use crate::protocol::{
    CellColor, DatasetSummary, EmbeddingInfo, FileHandle, IdTrim, LabelInfo, LabelKind, MapSource, NoticeLevel,
    Request, ViewQuery,
};

/// How files of training runs end.
const TRAINING_RUN: &str = ".fsrun";

impl State {
    /// Asks the engine to open files, starting it if it is not there.
    pub(super) fn open(&mut self, files: Vec<FileHandle>) -> Vec<Effect> {
        self.open_with(files, Wishes::default())
    }

    /// Reads the files behind the data again, another matrix as expression.
    pub(super) fn choose_matrix(&mut self, matrix: String) -> Vec<Effect> {
        let is_read = |dataset: &Shared<DatasetSummary>| {
            dataset.matrices.as_ref().is_some_and(|matrices| matrices.read == matrix)
        };
        if self.dataset.as_ref().is_none_or(is_read) {
            return Vec::new();
        }
        let wishes = Wishes { matrix: Some(matrix), is_again: true, ..self.opened_with.clone() };
        // Storage may keep a later state of a training run than its file.
        let is_run = |file: &FileHandle| file.name.ends_with(TRAINING_RUN);
        let files = self.opened.iter().filter(|file| !is_run(file)).cloned().collect();
        self.open_with(files, wishes)
    }

    /// The matrix that is the expression, or that will be once what is being opened is there.
    pub fn chosen_matrix(&self) -> Option<&str> {
        let asked = self.opening_with.matrix.as_deref().filter(|_| !self.opening.is_empty());
        let read = || self.dataset.as_ref()?.matrices.as_ref().map(|matrices| matrices.read.as_str());
        asked.or_else(read)
    }

    fn open_with(&mut self, files: Vec<FileHandle>, wishes: Wishes) -> Vec<Effect> {
        if files.is_empty() {
            return Vec::new();
        }
        if !self.opening.is_empty() {
            let text = "Files are being opened already; open more once they are there.".to_owned();
            return self.say(NoticeLevel::Warning, text);
        }
        self.jobs.open = JobState::Running { fraction: 0.0, message: format!("Opening {}", names(&files)) };
        self.opening.clone_from(&files);
        self.opening_with = wishes.clone();
        self.offer = None;
        let mut effects = self.start_engine();
        let Wishes { trims, matrix, .. } = wishes;
        effects.push(self.send(Request::Open { files, embedding: None, trims, matrix }));
        effects
    }

    /// Keeps how the cell ids of the files being opened would agree; the engine refuses them next.
    pub(super) fn id_trim_offered(&mut self, trim: IdTrim) {
        let mut wishes = self.opening_with.clone();
        wishes.trims.retain(|known| known.file != trim.file);
        wishes.trims.push(trim);
        self.offer = Some(IdOffer { files: self.opening.clone(), wishes });
    }

    /// Opens refused files again, their cell ids cut as was offered.
    pub(super) fn accept_id_offer(&mut self) -> Vec<Effect> {
        let Some(IdOffer { files, wishes }) = self.offer.take() else { return Vec::new() };
        self.open_with(files, wishes)
    }

    /// The effect that starts the engine, if nobody did yet.
    pub(super) fn start_engine(&mut self) -> Vec<Effect> {
        if self.engine != EngineStatus::NotStarted {
            return Vec::new();
        }
        self.engine = EngineStatus::Starting;
        vec![Effect::StartEngine]
    }

    /// Starts a new engine and opens the same files again.
    pub(super) fn restart(&mut self) -> Vec<Effect> {
        self.requests.clear();
        self.engine = EngineStatus::Starting;
        self.device = None;
        let (files, wishes) = (std::mem::take(&mut self.opened), std::mem::take(&mut self.opened_with));
        self.forget_data();
        let mut effects = vec![Effect::RestartEngine];
        effects.extend(self.open_with(files, wishes));
        effects
    }

    /// Takes the summary of what is open now.
    pub(super) fn dataset_opened(&mut self, summary: DatasetSummary) -> Vec<Effect> {
        self.jobs.open = JobState::Idle;
        let (opening, wishes) = (std::mem::take(&mut self.opening), std::mem::take(&mut self.opening_with));
        if wishes.is_again || self.dataset.as_ref().is_none_or(|open| is_other_data(open, &summary)) {
            // The cells are the same where the same files come again, and so are their maps and labels.
            let looked_at = (self.map_source.take(), self.color.take());
            self.forget_data();
            if wishes.is_again {
                self.map_source = looked_at.0;
                self.color = looked_at.1.filter(|color| matches!(color, CellColor::Label(_)));
            }
            (self.opened, self.opened_with) = (opening, Wishes { is_again: false, ..wishes });
            self.preview.take_if(|preview| preview.points.x.len() != summary.n_cells);
        } else {
            self.opened.extend(opening);
            self.opened_with.trims.extend(wishes.trims);
            self.label_codes.clear();
            // The engine says next whether it still stands.
            self.sweep = None;
            // What of the model still stands, the engine says next.
            self.looked_at = self.sae.clone().map(|sae| (sae, self.selected_feature));
            self.forget_sae();
        }
        let map = self.map_source.clone().filter(|source| has_map(&summary, source));
        self.map_source = map.or_else(|| summary.default_map.clone());
        let previewed = || self.preview.as_ref().map(|preview| preview.coloring.color.clone());
        let color = self.color.clone().or_else(previewed).filter(|color| has_color(&summary, color));
        self.color = color.or_else(|| default_color(&summary));
        let has_genes = summary.n_genes > 0;
        self.dataset = Some(Shared::new(summary));
        let mut effects = self.ask_map();
        effects.extend(self.ask_color());
        if has_genes {
            self.gene_names.ask();
            effects.push(self.view(ViewKind::GeneNames, ViewQuery::GeneNames));
        }
        effects
    }

    /// Forgets everything of the open data set, keeping the engine, the device, the toasts and the demo's preview.
    pub(super) fn forget_data(&mut self) {
        self.dataset = None;
        self.opened.clear();
        self.opened_with = Wishes::default();
        self.training = Training::default();
        self.jobs.train = JobState::Idle;
        self.jobs.sweep = JobState::Idle;
        self.sweep = None;
        self.looked_at = None;
        self.color = None;
        self.map_source = None;
        self.map = Remote::default();
        self.coloring = Remote::default();
        self.label_codes.clear();
        self.selection = CellSelection::All;
        self.chosen = None;
        self.gene_names = Remote::default();
        self.hover = None;
        self.forget_sae();
    }

    /// Forgets the sparse autoencoder and all that came of it.
    pub(super) fn forget_sae(&mut self) {
        self.sae = None;
        self.quality = Remote::default();
        self.analysis = None;
        self.jobs.analyse = JobState::Idle;
        self.jobs.gsea = JobState::Idle;
        self.gsea = super::Gsea::default();
        self.selected_feature = None;
        self.table = Table::default();
        self.card = Remote::default();
        self.labels = LabelViews::default();
        self.jobs.associate = JobState::Idle;
        self.steer = Remote::default();
        if matches!(self.color, Some(CellColor::Feature(_))) {
            self.color = self.dataset.as_ref().and_then(|summary| default_color(summary));
        }
    }

    /// Asks for the coordinates of the chosen map.
    pub(super) fn ask_map(&mut self) -> Vec<Effect> {
        let Some(source) = self.map_source.clone() else { return Vec::new() };
        self.map.ask();
        vec![self.view(ViewKind::Map, ViewQuery::Map(source))]
    }

    /// Asks for the values of the chosen colours.
    pub(super) fn ask_color(&mut self) -> Vec<Effect> {
        let Some(color) = self.color.clone() else {
            self.coloring = Remote::default();
            return Vec::new();
        };
        self.coloring.ask();
        vec![self.view(ViewKind::Color, ViewQuery::Color(color))]
    }
}

/// Whether an opened summary is of another data set than the one that was open.
fn is_other_data(open: &DatasetSummary, new: &DatasetSummary) -> bool {
    (&open.name, open.n_cells) != (&new.name, new.n_cells)
}

fn names(files: &[FileHandle]) -> String {
    match files {
        [one] => one.name.clone(),
        many => format!("{} files", many.len()),
    }
}

/// Whether the data has the map: any embedding of two dimensions or more.
fn has_map(summary: &DatasetSummary, source: &MapSource) -> bool {
    let fits = |embedding: &EmbeddingInfo| match source {
        MapSource::Embedding(name) => embedding.name == *name && embedding.n_dims == 2,
        MapSource::Pca(name) => embedding.name == *name && embedding.n_dims >= 2,
    };
    summary.embeddings.iter().any(fits)
}

fn has_color(summary: &DatasetSummary, color: &CellColor) -> bool {
    match color {
        CellColor::Label(name) => summary.labels.iter().any(|label| label.name == *name),
        CellColor::Feature(_) => true,
        CellColor::Gene(gene) => gene.index() < summary.n_genes,
    }
}

/// The categorical label with the most categories up to 30: cell types rather than batches; else the first label.
fn default_color(summary: &DatasetSummary) -> Option<CellColor> {
    let n_categories = |label: &LabelInfo| match &label.kind {
        LabelKind::Categorical { categories, .. } if (2..=30).contains(&categories.len()) => categories.len(),
        _ => 0,
    };
    // `max_by_key` keeps the last of equals; reversed, that is the first in file order.
    let label = summary.labels.iter().rev().max_by_key(|label| n_categories(label))?;
    Some(CellColor::Label(label.name.clone()))
}

/// The maps a person can choose: two-dimensional embeddings as they are, all wider ones by their PCA.
pub fn map_choices(summary: &DatasetSummary) -> Vec<MapSource> {
    let flat = summary.embeddings.iter().filter(|embedding| embedding.n_dims == 2);
    let wide = summary.embeddings.iter().filter(|embedding| embedding.n_dims > 2);
    let flat = flat.map(|embedding| MapSource::Embedding(embedding.name.clone()));
    flat.chain(wide.map(|embedding| MapSource::Pca(embedding.name.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::tests::{categorical, summary};

    #[test]
    fn cells_are_coloured_by_the_richest_label_first() {
        let mut summary = summary("kang", 100);
        summary.labels = vec![categorical("batch", 2), categorical("type", 8), categorical("barcode", 100)];
        assert_eq!(default_color(&summary), Some(CellColor::Label("type".to_owned())));
        summary.labels.truncate(0);
        assert_eq!(default_color(&summary), None);
    }

    #[test]
    fn wide_embeddings_are_offered_by_their_pca() {
        let summary = summary("kang", 100);
        let expected = [MapSource::Embedding("X_umap".to_owned()), MapSource::Pca("X_pca".to_owned())];
        assert_eq!(map_choices(&summary), expected);
        assert!(!has_map(&summary, &MapSource::Embedding("X_pca".to_owned())));
    }
}
