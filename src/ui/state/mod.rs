//! All the page knows, as one plain value.
//!
//! [`State`] is changed only by [`reduce`], which is pure: a message in, the new state and the [`Effect`]s that
//! the outside world should see (requests to the engine, files to save) out. Nothing here touches a browser, so
//! every rule of the page is tested natively. Per-cell columns are kept behind [`Shared`], whose equality is
//! identity, so that comparing states never walks 100,000 numbers.

mod answer;
mod gsea;
mod labels;
mod message;
mod open;
mod reduce;
mod remote;
mod request;
mod table;
#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeMap;

pub use gsea::Gsea;
pub use labels::{LabelAsk, LabelViews, PER_LABEL};
pub use message::{Effect, Msg};
pub use open::map_choices;
pub use reduce::reduce;
pub use remote::{Remote, Shared};
pub use request::ViewKind;
pub use table::{Table, TableEdit};
pub use views::{CellColoring, ColoringValues, Hover, MapPoints, Preview};

use crate::data::{CellSelection, FeatureId};
use crate::protocol::{
    AnalysisSummary, CellColor, CheckpointInfo, DatasetSummary, DeviceChoice, DeviceReport, FeatureCard, FileHandle,
    IdTrim, Job, LabelInfo, MapSource, NoticeLevel, SaeParams, SaeQuality, SaeSummary, SteerResult, SweepSummary,
    TrainProgress,
};

/// Whether the engine is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EngineStatus {
    /// Nobody needed it yet.
    #[default]
    NotStarted,
    /// It loads.
    Starting,
    /// It answers.
    Ready,
    /// It can't go on; a person may restart it.
    Broken(String),
}

/// Where a job stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum JobState {
    /// Nothing runs and nothing went wrong.
    #[default]
    Idle,
    /// It runs.
    Running {
        /// Done share, 0 to 1.
        fraction: f64,
        /// What is being done now.
        message: String,
    },
    /// It failed; the sentence says why.
    Failed(String),
}

impl JobState {
    /// Whether the job runs.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// Why it failed, if it did.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Failed(message) => Some(message),
            _ => None,
        }
    }
}

/// One [`JobState`] per [`Job`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// Reading files.
    pub open: JobState,
    /// Training.
    pub train: JobState,
    /// Training several configurations.
    pub sweep: JobState,
    /// Differential expression and gene sets.
    pub analyse: JobState,
    /// Gene set enrichment along a ranking.
    pub gsea: JobState,
    /// Measuring features against labels.
    pub associate: JobState,
    /// Writing tables.
    pub export: JobState,
}

impl Jobs {
    /// The state of a job.
    pub fn get(&self, job: Job) -> &JobState {
        match job {
            Job::Open => &self.open,
            Job::Train => &self.train,
            Job::Sweep => &self.sweep,
            Job::Analyse => &self.analyse,
            Job::Gsea => &self.gsea,
            Job::Associate => &self.associate,
            Job::Export => &self.export,
        }
    }

    /// The state of a job, to be changed.
    pub fn get_mut(&mut self, job: Job) -> &mut JobState {
        match job {
            Job::Open => &mut self.open,
            Job::Train => &mut self.train,
            Job::Sweep => &mut self.sweep,
            Job::Analyse => &mut self.analyse,
            Job::Gsea => &mut self.gsea,
            Job::Associate => &mut self.associate,
            Job::Export => &mut self.export,
        }
    }
}

/// The training run that goes on, or the last one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Training {
    /// Whether the running training is paused.
    pub is_paused: bool,
    /// Whether a person asked it to stop and the engine has not answered yet.
    pub is_stopping: bool,
    /// Whether nothing is learnt: the columns of the embedding are taken as features.
    pub takes_columns: bool,
    /// Metrics in order of steps; thinned so that it never grows past a few thousand.
    pub history: Vec<TrainProgress>,
}

/// A message in the corner of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Tells toasts apart.
    pub id: u32,
    /// How serious.
    pub level: NoticeLevel,
    /// A sentence or two.
    pub text: String,
}

/// What a person asked along with files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// What of cell ids is left out.
    pub trims: Vec<IdTrim>,
    /// The matrix that is the expression.
    pub matrix: Option<String>,
    /// Whether the files take the place of what is open, which came of the same files.
    pub is_again: bool,
}

/// Files that could be joined by parts of their cell ids, if a person says so.
#[derive(Clone, Debug, PartialEq)]
pub struct IdOffer {
    /// The files.
    pub files: Vec<FileHandle>,
    /// What was asked with them, and what would be left out of cell ids.
    pub wishes: Wishes,
}

/// All the page knows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Whether the engine is there.
    pub engine: EngineStatus,
    /// Which device computes.
    pub device: Option<DeviceReport>,
    /// Which device a person asked for.
    pub device_choice: DeviceChoice,
    /// What the demo shows before the engine has read it.
    pub preview: Option<Shared<Preview>>,
    /// What is open.
    pub dataset: Option<Shared<DatasetSummary>>,
    /// The files behind it, to be opened again after the engine broke.
    pub opened: Vec<FileHandle>,
    /// The files being opened.
    pub opening: Vec<FileHandle>,
    /// What a person asked along with the files behind the data, and with those being opened.
    opened_with: Wishes,
    opening_with: Wishes,
    /// Files that were refused, and how their cell ids would agree.
    pub offer: Option<IdOffer>,
    /// The sparse autoencoder in use.
    pub sae: Option<Shared<SaeSummary>>,
    /// How good it is.
    pub quality: Remote<Shared<SaeQuality>>,
    /// The training run.
    pub training: Training,
    /// Where the training form stands: the embedding and the parameters, while they are right.
    pub settings: Option<Shared<(String, SaeParams)>>,
    /// The sweep that goes on, or the last one.
    pub sweep: Option<Shared<SweepSummary>>,
    /// What the last analysis found.
    pub analysis: Option<Shared<AnalysisSummary>>,
    /// Where each job stands.
    pub jobs: Jobs,
    /// A training run kept in browser storage.
    pub checkpoint: Option<CheckpointInfo>,
    /// The feature looked at.
    pub selected_feature: Option<FeatureId>,
    /// What the map's colours stand for.
    pub color: Option<CellColor>,
    /// Where the map's coordinates come from.
    pub map_source: Option<MapSource>,
    /// The coordinates.
    pub map: Remote<Shared<MapPoints>>,
    /// The values behind the colours.
    pub coloring: Remote<Shared<CellColoring>>,
    /// Codes of label columns seen so far, for selections by label.
    pub label_codes: BTreeMap<String, Shared<CellColoring>>,
    /// The chosen cells; [`CellSelection::All`] means that none are singled out.
    pub selection: CellSelection,
    /// Their rows, ascending; `None` if none are singled out or their labels are still on the way.
    pub chosen: Option<Shared<Vec<u32>>>,
    /// Names of all genes in file order.
    pub gene_names: Remote<Shared<Vec<String>>>,
    /// The cell under the pointer.
    pub hover: Option<Hover>,
    /// The feature table.
    pub table: Table,
    /// The card of the selected feature.
    pub card: Remote<Shared<FeatureCard>>,
    /// GSEA of the selected feature.
    pub gsea: Gsea,
    /// Features against labels.
    pub labels: LabelViews,
    /// The last steering experiment.
    pub steer: Remote<Shared<SteerResult>>,
    /// Messages in the corner, oldest first.
    pub toasts: Vec<Toast>,
    /// The model and feature looked at before more files were opened, until the engine says what still stands.
    looked_at: Option<(Shared<SaeSummary>, Option<FeatureId>)>,
    requests: request::Requests,
    next_toast: u32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            engine: EngineStatus::default(),
            device: None,
            device_choice: DeviceChoice::default(),
            preview: None,
            dataset: None,
            opened: Vec::new(),
            opening: Vec::new(),
            opened_with: Wishes::default(),
            opening_with: Wishes::default(),
            offer: None,
            sae: None,
            quality: Remote::default(),
            training: Training::default(),
            settings: None,
            sweep: None,
            analysis: None,
            jobs: Jobs::default(),
            checkpoint: None,
            selected_feature: None,
            color: None,
            map_source: None,
            map: Remote::default(),
            coloring: Remote::default(),
            label_codes: BTreeMap::new(),
            selection: CellSelection::All,
            chosen: None,
            gene_names: Remote::default(),
            hover: None,
            table: Table::default(),
            card: Remote::default(),
            gsea: Gsea::default(),
            labels: LabelViews::default(),
            steer: Remote::default(),
            toasts: Vec::new(),
            looked_at: None,
            requests: request::Requests::default(),
            next_toast: 0,
        }
    }
}

impl State {
    /// Whether there is nothing to look at: neither data nor a preview.
    pub fn is_empty(&self) -> bool {
        self.dataset.is_none() && self.preview.is_none()
    }

    /// The map's points: those asked for, or the preview's until they are there.
    pub fn shown_points(&self) -> Option<Shared<MapPoints>> {
        let preview = || self.preview.as_ref().map(|preview| preview.points.clone());
        self.map.value.clone().or_else(preview)
    }

    /// The map's colours: those asked for, or the preview's until they are there. Never those of other points.
    pub fn shown_coloring(&self) -> Option<Shared<CellColoring>> {
        let preview = || self.preview.as_ref().map(|preview| preview.coloring.clone());
        let coloring = self.coloring.value.clone().or_else(preview)?;
        let n_points = self.shown_points()?.x.len();
        (coloring.n_cells() == n_points).then_some(coloring)
    }

    /// The label columns: the data's, or the preview's one until the data is there.
    pub fn shown_labels(&self) -> Vec<LabelInfo> {
        Self::labels_of(self.dataset.as_ref(), self.preview.as_ref())
    }

    /// The label columns of a data set, or of a preview.
    pub fn labels_of(dataset: Option<&Shared<DatasetSummary>>, preview: Option<&Shared<Preview>>) -> Vec<LabelInfo> {
        match (dataset, preview) {
            (Some(dataset), _) => dataset.labels.clone(),
            (None, Some(preview)) => preview.coloring.label_info().into_iter().collect(),
            (None, None) => Vec::new(),
        }
    }

    /// The names of the label columns.
    pub fn shown_label_names(&self) -> Vec<String> {
        match (&self.dataset, &self.preview) {
            (Some(dataset), _) => dataset.labels.iter().map(|label| label.name.clone()).collect(),
            (None, Some(preview)) => match &preview.coloring.color {
                CellColor::Label(name) => vec![name.clone()],
                CellColor::Feature(_) | CellColor::Gene(_) => Vec::new(),
            },
            (None, None) => Vec::new(),
        }
    }

    /// The name of what is open; the demo has a longer one than its file.
    pub fn shown_name(&self) -> Option<String> {
        let preview = self.preview.as_ref().map(|preview| preview.name.clone());
        preview.or_else(|| self.dataset.as_ref().map(|dataset| dataset.name.clone()))
    }

    /// The checkpoint, if it fits what is open and no training runs.
    pub fn checkpoint_offer(&self) -> Option<&CheckpointInfo> {
        let is_free = self.dataset.is_some() && !self.jobs.train.is_running();
        self.checkpoint.as_ref().filter(|checkpoint| is_free && checkpoint.fits_open_data)
    }
}
