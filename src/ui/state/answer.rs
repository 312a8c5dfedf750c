//! What the engine's answers change.

use super::request::Purpose;
use super::{CellColoring, ColoringValues, Effect, EngineStatus, JobState, MapPoints, Shared, State, ViewKind};
use crate::plot::color::Rgb;
use crate::protocol::{
    Answer, CellColor, CheckpointInfo, Event, Job, NoticeLevel, PROTOCOL_VERSION, Request, RequestId, SaeSummary,
    TrainProgress, ViewQuery, ViewResult,
};

/// Metrics kept; past it every second one is dropped.
const MAX_HISTORY: usize = 4000;

impl State {
    /// Takes an answer of the engine.
    pub(super) fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        let id = answer.id;
        match answer.event {
            Event::Ready { protocol_version, checkpoint } => self.ready(protocol_version, checkpoint),
            Event::DeviceChosen(report) => {
                self.device = Some(report);
                Vec::new()
            }
            Event::Progress { job, fraction, message } => {
                *self.jobs.get_mut(job) = JobState::Running { fraction, message };
                Vec::new()
            }
            Event::Training { progress, paused } => self.training_goes_on(progress, paused),
            Event::Checkpoint(checkpoint) => self.checkpoint_told(id, checkpoint),
            Event::AnalysedSoFar(summary) => {
                self.analysis = Some(Shared::new(summary));
                self.ask_table()
            }
            Event::SweepSoFar(summary) => {
                self.sweep = Some(Shared::new(summary));
                Vec::new()
            }
            Event::IdTrimOffered(trim) => {
                self.id_trim_offered(trim);
                Vec::new()
            }
            Event::Noticed(notice) => self.say(notice.level, notice.text),
            Event::Failed { message } => self.failed(id, message),
            Event::Broken { message } => self.engine_broken(message),
            Event::View(view) => self.viewed(id, view),
            end => self.ended(id, end),
        }
    }

    /// Takes an event that ends a job.
    fn ended(&mut self, id: RequestId, event: Event) -> Vec<Effect> {
        self.requests.settle(id);
        match event {
            Event::DatasetOpened(summary) => self.dataset_opened(summary),
            Event::Closed => {
                self.forget_data();
                Vec::new()
            }
            Event::SaeReady(summary) => self.sae_ready(summary),
            Event::Analysed(summary) => {
                self.jobs.analyse = JobState::Idle;
                self.analysis = Some(Shared::new(summary));
                let mut effects = self.ask_table();
                effects.extend(self.ask_card());
                effects.extend(self.ask_gsea());
                effects
            }
            Event::Swept(summary) => {
                self.jobs.sweep = JobState::Idle;
                self.sweep = Some(Shared::new(summary));
                Vec::new()
            }
            Event::GseaReady(summary) => self.gsea_ready(summary),
            Event::Associated(summary) => self.associated(summary),
            Event::Exported { files } => {
                self.jobs.export = JobState::Idle;
                vec![Effect::Save(files)]
            }
            Event::Cancelled { job } => {
                if job == Job::Open {
                    self.opening.clear();
                }
                *self.jobs.get_mut(job) = JobState::Idle;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn ready(&mut self, protocol_version: u32, checkpoint: Option<CheckpointInfo>) -> Vec<Effect> {
        if protocol_version != PROTOCOL_VERSION {
            return self.engine_broken(format!(
                "The page speaks version {PROTOCOL_VERSION} of its language, the engine version {protocol_version}. \
                 Reload the page to get both anew."
            ));
        }
        self.engine = EngineStatus::Ready;
        self.checkpoint = checkpoint;
        vec![self.send(Request::ChooseDevice { choice: self.device_choice })]
    }

    /// Takes what is kept; where it was opened as a file, opening is over.
    fn checkpoint_told(&mut self, id: RequestId, checkpoint: Option<CheckpointInfo>) -> Vec<Effect> {
        self.checkpoint = checkpoint;
        if self.requests.purpose(id) == Some(Purpose::Job(Job::Open)) {
            self.requests.settle(id);
            self.jobs.open = JobState::Idle;
            self.opening.clear();
        }
        Vec::new()
    }

    fn training_goes_on(&mut self, progress: TrainProgress, paused: bool) -> Vec<Effect> {
        let fraction = if progress.n_steps == 0 { 0.0 } else { progress.step as f64 / progress.n_steps as f64 };
        self.jobs.train = JobState::Running { fraction, message: String::new() };
        self.training.is_paused = paused;
        let history = &mut self.training.history;
        if history.last().is_none_or(|last| last.step < progress.step) {
            history.push(progress);
        }
        if history.len() > MAX_HISTORY {
            let mut position = 0;
            history.retain(|_| {
                position += 1;
                position % 2 == 0
            });
        }
        Vec::new()
    }

    fn sae_ready(&mut self, summary: SaeSummary) -> Vec<Effect> {
        self.jobs.train = JobState::Idle;
        self.training.is_paused = false;
        self.training.is_stopping = false;
        let had_feature_color = matches!(self.color, Some(CellColor::Feature(_)));
        let looked_at = self.looked_at.take().filter(|(sae, _)| **sae == summary);
        self.forget_sae();
        self.sae = Some(Shared::new(summary));
        let mut effects = self.ask_table();
        self.quality.ask();
        effects.push(self.view(ViewKind::Quality, ViewQuery::Quality));
        if let Some((_, Some(feature))) = looked_at {
            effects.extend(self.select_feature(Some(feature)));
            return effects;
        }
        if had_feature_color {
            effects.extend(self.ask_color());
        }
        effects
    }

    pub(super) fn ask_card(&mut self) -> Vec<Effect> {
        let Some(feature) = self.selected_feature else { return Vec::new() };
        self.card.ask();
        vec![self.view(ViewKind::Card, ViewQuery::FeatureCard(feature))]
    }

    fn failed(&mut self, id: RequestId, message: String) -> Vec<Effect> {
        let purpose = self.requests.purpose(id);
        self.requests.settle(id);
        match purpose {
            Some(Purpose::View(kind)) => self.view_failed(kind, message),
            Some(Purpose::Job(Job::Export)) => {
                self.jobs.export = JobState::Idle;
                self.say(NoticeLevel::Warning, message)
            }
            Some(Purpose::Job(job)) => {
                match job {
                    Job::Train => {
                        self.training.is_paused = false;
                        self.training.is_stopping = false;
                    }
                    Job::Open => self.opening.clear(),
                    Job::Sweep | Job::Analyse | Job::Gsea | Job::Associate | Job::Export => {}
                }
                *self.jobs.get_mut(job) = JobState::Failed(message);
                Vec::new()
            }
            Some(Purpose::Other) => self.say(NoticeLevel::Warning, message),
            None if id == 0 => self.say(NoticeLevel::Warning, message),
            None => Vec::new(),
        }
    }

    fn view_failed(&mut self, kind: ViewKind, message: String) -> Vec<Effect> {
        match kind {
            ViewKind::Map => self.map.fail(message),
            ViewKind::Color => self.coloring.fail(message),
            ViewKind::GeneNames => self.gene_names.fail(message),
            ViewKind::Card => self.card.fail(message),
            ViewKind::Gsea => self.gsea.table.fail(message),
            ViewKind::GseaCurve => self.gsea.curve.fail(message),
            ViewKind::Quality => self.quality.fail(message),
            ViewKind::Steer => self.steer.fail(message),
            ViewKind::LabelMap => self.labels.map.fail(message),
            ViewKind::LabelTable => self.labels.table.fail(message),
            ViewKind::Comparison => self.labels.comparison.fail(message),
            ViewKind::Lineage => self.labels.lineage.fail(message),
            ViewKind::Table => {
                self.table.is_loading = false;
                self.table.awaited = None;
                self.table.error = Some(message);
            }
            ViewKind::LabelCodes => return self.say(NoticeLevel::Warning, message),
            // A name that does not come is not worth a word: the tooltip shows the row.
            ViewKind::CellName => {}
        }
        Vec::new()
    }

    fn viewed(&mut self, id: RequestId, view: ViewResult) -> Vec<Effect> {
        let purpose = self.requests.purpose(id);
        self.requests.settle(id);
        let Some(Purpose::View(kind)) = purpose else { return Vec::new() };
        let Some(view) = self.labels_viewed(view) else { return Vec::new() };
        match view {
            ViewResult::Map { source, x, y } => self.map.set(Shared::new(MapPoints { source, x, y })),
            ViewResult::Categories { color, codes, categories, colors } => {
                let colors = colors.into_iter().map(|[red, green, blue]| Rgb(red, green, blue)).collect();
                let values = ColoringValues::Categories { codes, categories, colors };
                self.colored(kind, CellColoring { color, values });
            }
            ViewResult::Values { color, values } => {
                self.colored(kind, CellColoring { color, values: ColoringValues::Numbers(values) });
            }
            ViewResult::GeneNames(names) => self.gene_names.set(Shared::new(names)),
            ViewResult::CellNames(names) => {
                if let Some(hover) = &mut self.hover {
                    hover.name = names.into_iter().next();
                }
            }
            ViewResult::FeatureTable { query, n_rows, rows } => {
                self.table.fill(&query, n_rows, rows);
                return self.select_awaited();
            }
            ViewResult::FeatureCard(card) => self.card.set(Shared::new(*card)),
            ViewResult::Gsea(table) => return self.gsea_viewed(table.map(|table| *table)),
            ViewResult::GseaCurve(curve) => self.gsea.curve.set(Shared::new(*curve)),
            ViewResult::Quality(quality) => self.quality.set(Shared::new(*quality)),
            ViewResult::Steer(result) => self.steer.set(Shared::new(*result)),
            ViewResult::LabelMap(_) | ViewResult::LabelTable(_) | ViewResult::Compare(_) | ViewResult::Lineage(_) => {}
        }
        Vec::new()
    }

    fn colored(&mut self, kind: ViewKind, coloring: CellColoring) {
        let coloring = Shared::new(coloring);
        if let CellColor::Label(column) = &coloring.color {
            self.label_codes.insert(column.clone(), coloring.clone());
            if kind == ViewKind::LabelCodes {
                self.choose_rows();
            }
        }
        if kind == ViewKind::Color {
            self.coloring.set(coloring);
        }
    }
}
