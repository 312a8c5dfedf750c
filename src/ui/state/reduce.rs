//! A message in, the new state and its effects out.

use super::views::{selected_rows, toggle_label};
use super::{Effect, EngineStatus, JobState, Msg, Remote, Shared, State, TableEdit, Toast, Training, ViewKind};
use crate::data::{CellSelection, FeatureId};
use crate::protocol::{CellColor, Job, NoticeLevel, Request, SteerParams, ViewQuery};

/// Toasts kept; older ones give way.
const MAX_TOASTS: usize = 4;

/// Changes the state by what happened; says what the world should do.
pub fn reduce(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Answer(answer) => state.answer(answer),
        Msg::EngineLost(message) => state.engine_broken(message),
        Msg::PreviewLoaded(preview) => {
            state.preview = Some(Shared::new(preview));
            Vec::new()
        }
        Msg::DemoProgress { fraction, message } => {
            state.jobs.open = JobState::Running { fraction, message };
            Vec::new()
        }
        Msg::DemoFailed(message) => state.demo_failed(message),
        Msg::Open(files) => state.open(files),
        Msg::ChooseMatrix(matrix) => state.choose_matrix(matrix),
        Msg::AcceptIdOffer => state.accept_id_offer(),
        Msg::Close => state.close(),
        Msg::StartEngine => state.start_engine(),
        Msg::Restart => state.restart(),
        Msg::ChooseDevice(choice) => {
            state.device_choice = choice;
            let mut effects = state.start_engine();
            effects.push(state.send(Request::ChooseDevice { choice }));
            effects
        }
        Msg::Say { level, text } => state.say(level, text),
        Msg::DismissToast(id) => {
            state.toasts.retain(|toast| toast.id != id);
            Vec::new()
        }
        Msg::DismissError(job) => {
            *state.jobs.get_mut(job) = JobState::Idle;
            state.offer.take_if(|_| job == Job::Open);
            Vec::new()
        }
        job_or_look => reduce_job(state, job_or_look),
    }
}

fn reduce_job(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Train { embedding, params } => state.train(Request::Train { embedding, params }),
        Msg::UseColumns(embedding) => {
            let effects = state.train(Request::UseColumns { embedding });
            state.training.takes_columns = true;
            effects
        }
        Msg::Settings(settings) => {
            state.settings = settings.map(Shared::new);
            Vec::new()
        }
        Msg::Sweep { embedding, params } => {
            state.jobs.sweep = running("Preparing");
            vec![state.send(Request::Sweep { embedding, params })]
        }
        Msg::UseSweepRun(run) => state.train(Request::UseSweepRun { run }),
        Msg::ResumeCheckpoint => state.train(Request::ResumeCheckpoint),
        Msg::DiscardCheckpoint => {
            state.checkpoint = None;
            vec![state.send(Request::DiscardCheckpoint)]
        }
        Msg::Pause => vec![state.send(Request::PauseTraining)],
        Msg::Continue => vec![state.send(Request::ContinueTraining)],
        Msg::Stop => {
            state.training.is_stopping = true;
            vec![state.send(Request::StopTraining)]
        }
        Msg::Analyse(params) => {
            state.jobs.analyse = running("Preparing");
            vec![state.send(Request::Analyse { params })]
        }
        Msg::RunGsea(params) => state.run_gsea(params),
        Msg::Cancel(job) => vec![state.send(Request::Cancel { job })],
        Msg::Export(kind) => {
            state.jobs.export = running("Writing the file");
            vec![state.send(Request::Export { kind })]
        }
        look => reduce_look(state, look),
    }
}

fn reduce_look(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::ColorBy(color) => state.color_by(color),
        Msg::ShowMap(source) => {
            state.map_source = Some(source);
            state.ask_map()
        }
        Msg::SelectFeature(feature) => state.select_feature(feature),
        Msg::StepFeature(by) => state.step_feature(by),
        Msg::ChooseGseaSet(set) => state.choose_gsea_set(set),
        Msg::SelectCells(selection) => state.select_cells(selection),
        Msg::ToggleLabel(choice) => {
            let selection = toggle_label(&state.selection, choice);
            state.select_cells(selection)
        }
        Msg::HoverCell(row) => state.hover_cell(row),
        Msg::Table(edit) => state.edit_table(edit),
        Msg::Labels(ask) => state.ask_labels(ask),
        Msg::Steer(params) => state.steer_cells(params),
        Msg::ClearSteer => {
            state.steer = Remote::default();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

pub(super) fn running(message: &str) -> JobState {
    JobState::Running { fraction: 0.0, message: message.to_owned() }
}

impl State {
    pub(super) fn send(&mut self, request: Request) -> Effect {
        Effect::Send(self.requests.call(request))
    }

    pub(super) fn view(&mut self, kind: ViewKind, query: ViewQuery) -> Effect {
        Effect::Send(self.requests.view(kind, query))
    }

    pub(super) fn say(&mut self, level: NoticeLevel, text: String) -> Vec<Effect> {
        self.next_toast += 1;
        self.toasts.retain(|toast| toast.text != text);
        self.toasts.push(Toast { id: self.next_toast, level, text });
        let surplus = self.toasts.len().saturating_sub(MAX_TOASTS);
        self.toasts.drain(..surplus);
        Vec::new()
    }

    pub(super) fn engine_broken(&mut self, message: String) -> Vec<Effect> {
        self.engine = EngineStatus::Broken(message);
        for job in [Job::Open, Job::Train, Job::Sweep, Job::Analyse, Job::Gsea, Job::Associate, Job::Export] {
            if self.jobs.get(job).is_running() {
                *self.jobs.get_mut(job) = JobState::Idle;
            }
        }
        self.training.is_paused = false;
        self.training.is_stopping = false;
        self.opening.clear();
        Vec::new()
    }

    fn demo_failed(&mut self, message: String) -> Vec<Effect> {
        self.preview = None;
        self.jobs.open = JobState::Failed(message);
        Vec::new()
    }

    fn close(&mut self) -> Vec<Effect> {
        self.forget_data();
        self.preview = None;
        self.opening.clear();
        self.offer = None;
        self.jobs.open = JobState::Idle;
        if self.engine == EngineStatus::NotStarted { Vec::new() } else { vec![self.send(Request::Close)] }
    }

    fn train(&mut self, request: Request) -> Vec<Effect> {
        self.training = Training::default();
        self.jobs.train = running("Preparing");
        vec![self.send(request)]
    }

    fn color_by(&mut self, color: CellColor) -> Vec<Effect> {
        if self.color.as_ref() == Some(&color) && self.coloring.error.is_none() {
            return Vec::new();
        }
        self.color = Some(color);
        self.ask_color()
    }

    pub(super) fn select_feature(&mut self, feature: Option<FeatureId>) -> Vec<Effect> {
        self.table.awaited = None;
        if self.selected_feature == feature && self.card.error.is_none() {
            return Vec::new();
        }
        self.selected_feature = feature;
        self.steer = Remote::default();
        let Some(feature) = feature else {
            self.card = Remote::default();
            self.forget_gsea();
            return Vec::new();
        };
        self.card.ask();
        let mut effects = vec![self.view(ViewKind::Card, ViewQuery::FeatureCard(feature))];
        effects.extend(self.ask_gsea());
        effects.extend(self.color_by(CellColor::Feature(feature)));
        effects
    }

    /// Looks at the feature `by` rows from the chosen one; a row that is not there yet is fetched first.
    fn step_feature(&mut self, by: isize) -> Vec<Effect> {
        let at = self.selected_feature.and_then(|feature| self.table.position_of(feature));
        let next = at.map_or(Some(self.table.offset), |at| at.checked_add_signed(by));
        let Some(next) = next.filter(|next| *next < self.table.n_rows) else { return Vec::new() };
        if let Some(row) = self.table.row(next) {
            return self.select_feature(Some(row.feature));
        }
        self.table.edit(TableEdit::ScrollTo(next));
        self.table.awaited = Some(next);
        self.ask_table()
    }

    /// Looks at the feature a step went to, now that its row is there.
    pub(super) fn select_awaited(&mut self) -> Vec<Effect> {
        let awaited = self.table.awaited.take().and_then(|at| self.table.row(at)).map(|row| row.feature);
        awaited.map_or_else(Vec::new, |feature| self.select_feature(Some(feature)))
    }

    fn select_cells(&mut self, selection: CellSelection) -> Vec<Effect> {
        self.selection = selection;
        self.choose_rows();
        let CellSelection::Labels(choices) = &self.selection else { return Vec::new() };
        let mut columns: Vec<String> = choices.iter().map(|choice| choice.column.clone()).collect();
        columns.dedup();
        columns.retain(|column| !self.label_codes.contains_key(column));
        let query = |column| ViewQuery::Color(CellColor::Label(column));
        columns.into_iter().map(|column| self.view(ViewKind::LabelCodes, query(column))).collect()
    }

    /// Finds the rows of the chosen cells, as far as the labels' codes are known.
    pub(super) fn choose_rows(&mut self) {
        let n_cells = self.dataset.as_ref().map_or(0, |dataset| dataset.n_cells);
        let rows = selected_rows(&self.selection, n_cells, |column| self.label_codes.get(column).cloned());
        self.chosen = rows.map(Shared::new);
    }

    fn hover_cell(&mut self, row: Option<u32>) -> Vec<Effect> {
        if self.hover.as_ref().map(|hover| hover.row) == row {
            return Vec::new();
        }
        self.hover = row.map(|row| super::Hover { row, name: None });
        let Some(row) = row.filter(|_| self.dataset.is_some()) else { return Vec::new() };
        vec![self.view(ViewKind::CellName, ViewQuery::CellNames(vec![row].into()))]
    }

    fn edit_table(&mut self, edit: TableEdit) -> Vec<Effect> {
        if self.table.edit(edit) { self.ask_table() } else { Vec::new() }
    }

    pub(super) fn ask_table(&mut self) -> Vec<Effect> {
        if self.sae.is_none() {
            return Vec::new();
        }
        self.table.is_loading = true;
        self.table.error = None;
        let query = ViewQuery::FeatureTable(self.table.query.clone());
        vec![self.view(ViewKind::Table, query)]
    }

    fn steer_cells(&mut self, params: SteerParams) -> Vec<Effect> {
        self.steer.ask();
        vec![self.view(ViewKind::Steer, ViewQuery::Steer(params))]
    }
}
