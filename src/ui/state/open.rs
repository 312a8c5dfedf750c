//! Opening, closing and what follows from either.

use super::{Effect, EngineStatus, IdOffer, JobState, LabelViews, Remote, Shared, State, Table, Training, ViewKind};
use crate::data::CellSelection;
use crate::protocol::{
    CellColor, DatasetSummary, EmbeddingInfo, FileHandle, IdTrim, LabelInfo, LabelKind, MapSource, NoticeLevel,
    Request, ViewQuery,
};

impl State {
    /// Asks the engine to open files, starting it if it is not there.
    pub(super) fn open(&mut self, files: Vec<FileHandle>) -> Vec<Effect> {
        self.open_trimmed(files, Vec::new())
    }

    fn open_trimmed(&mut self, files: Vec<FileHandle>, trims: Vec<IdTrim>) -> Vec<Effect> {
        if files.is_empty() {
            return Vec::new();
        }
        if !self.opening.is_empty() {
            let text = "Files are being opened already; open more once they are there.".to_owned();
            return self.say(NoticeLevel::Warning, text);
        }
        self.jobs.open = JobState::Running { fraction: 0.0, message: format!("Opening {}", names(&files)) };
        self.opening.clone_from(&files);
        self.opening_trims.clone_from(&trims);
        self.offer = None;
        let mut effects = self.start_engine();
        effects.push(self.send(Request::Open { files, embedding: None, trims }));
        effects
    }

    /// Keeps how the cell ids of the files being opened would agree; the engine refuses them next.
    pub(super) fn id_trim_offered(&mut self, trim: IdTrim) {
        let mut trims = self.opening_trims.clone();
        trims.retain(|known| known.file != trim.file);
        trims.push(trim);
        self.offer = Some(IdOffer { files: self.opening.clone(), trims });
    }

    /// Opens refused files again, their cell ids cut as was offered.
    pub(super) fn accept_id_offer(&mut self) -> Vec<Effect> {
        let Some(IdOffer { files, trims }) = self.offer.take() else { return Vec::new() };
        self.open_trimmed(files, trims)
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
        let (files, trims) = (std::mem::take(&mut self.opened), std::mem::take(&mut self.trims));
        self.forget_data();
        let mut effects = vec![Effect::RestartEngine];
        effects.extend(self.open_trimmed(files, trims));
        effects
    }

    /// Takes the summary of what is open now.
    pub(super) fn dataset_opened(&mut self, summary: DatasetSummary) -> Vec<Effect> {
        self.jobs.open = JobState::Idle;
        let (opening, trims) = (std::mem::take(&mut self.opening), std::mem::take(&mut self.opening_trims));
        if self.dataset.as_ref().is_none_or(|open| is_other_data(open, &summary)) {
            self.forget_data();
            (self.opened, self.trims) = (opening, trims);
            self.preview.take_if(|preview| preview.points.x.len() != summary.n_cells);
        } else {
            self.opened.extend(opening);
            self.trims.extend(trims);
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
        self.trims.clear();
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
