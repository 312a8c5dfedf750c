//! Requests come in here and go to where they are served.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use futures::FutureExt;
use futures::channel::mpsc::UnboundedSender;

use super::analyse::KeptTests;
use super::jobs::{Jobs, RunningJob};
use super::model::{Features, Model};
use super::state::State;
use super::train::{self, Command};
use super::{EngineError, analyse, associate, export, gsea, load_sae, open, sweep, views};
use crate::platform::Host;
use crate::protocol::{Answer, Call, Event, Job, Request, RequestId};

/// An engine; it lives as long as its work.
#[derive(Clone)]
pub struct Engine {
    inner: Rc<Inner>,
}

/// What all work of an engine shares. Nothing holds `state` borrowed across an `await`.
pub(super) struct Inner {
    pub(super) host: Rc<dyn Host>,
    pub(super) jobs: Rc<Jobs>,
    pub(super) state: RefCell<State>,
    /// The running training: what it listens to and the embedding it reads.
    pub(super) training: RefCell<Option<(UnboundedSender<Command>, String)>>,
    /// Number of the newest feature card asked for.
    pub(super) newest_card: Cell<u32>,
    /// What workers keep of the last analysis.
    pub(super) kept_tests: RefCell<Option<KeptTests>>,
}

impl Engine {
    /// An engine with nothing open; its first message is [`Event::Ready`].
    #[must_use]
    pub fn new(host: Rc<dyn Host>) -> Self {
        let (jobs, state, training, newest_card, kept_tests) = Default::default();
        let engine = Self { inner: Rc::new(Inner { host, jobs, state, training, newest_card, kept_tests }) };
        engine.start(0, |inner| async move {
            inner.greet().await;
            Ok(())
        });
        engine
    }

    /// Takes a request; its answers leave through the host.
    pub fn call(&self, call: Call) {
        let Call { id, request } = call;
        self.start(id, move |inner| async move { inner.serve(id, request).await });
    }

    fn start<F, W>(&self, id: RequestId, work: F)
    where
        F: FnOnce(Rc<Inner>) -> W + 'static,
        W: Future<Output = Result<(), EngineError>>,
    {
        let inner = Rc::clone(&self.inner);
        let task = async move {
            if let Err(error) = work(Rc::clone(&inner)).await {
                if error.is_of_the_device() {
                    inner.forget_gpu();
                }
                inner.emit(id, refusal(&error));
            }
        };
        self.inner.host.spawn(task.boxed_local());
    }
}

fn refusal(error: &EngineError) -> Event {
    match error {
        EngineError::Cancelled { job } => Event::Cancelled { job: *job },
        other => Event::Failed { message: sentence(&other.to_string()) },
    }
}

/// The text with a capital first letter, unless it begins with a name, and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    if text.split_whitespace().next().is_some_and(is_name) {
        return format!("{text}{stop}");
    }
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}{stop}", letters.as_str())
}

/// Whether a word is a name, such as `cfg.json`, `obsm/X_pca` or `k`, and must stay as it is.
fn is_name(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',', ':', '!', '?']);
    let has_mark = word.contains(['_', '.', '/', '"']) || word.contains(|letter: char| letter.is_ascii_digit());
    has_mark || (word.chars().count() == 1 && word != "a")
}

impl Inner {
    /// Sends an answer.
    pub(super) fn emit(&self, id: RequestId, event: Event) {
        self.host.emit(Answer { id, event });
    }

    /// Ends jobs whose data are gone.
    pub(super) fn abandon(&self, jobs: &[Job]) {
        self.jobs.abandon(jobs);
        self.tell_training(Command::Look);
    }

    /// Tells the running training something; whether there is one.
    fn tell_training(&self, command: Command) -> bool {
        let training = self.training.borrow();
        training.as_ref().is_some_and(|(sender, _)| sender.unbounded_send(command).is_ok())
    }

    /// The embedding that is being trained on.
    pub(super) fn training_embedding(&self) -> Option<String> {
        self.training.borrow().as_ref().map(|(_, embedding)| embedding.clone())
    }

    async fn serve(self: Rc<Self>, id: RequestId, request: Request) -> Result<(), EngineError> {
        match request {
            Request::Open { files, embedding, trims, matrix } => {
                open::run(&self, id, files, open::Wishes { embedding, trims, matrix }).await
            }
            Request::Close => {
                self.close(id);
                Ok(())
            }
            Request::ChooseDevice { choice } => self.choose_device(id, choice).await.map(drop),
            Request::Train { embedding, params } => train::start(&self, id, embedding, params).await,
            Request::Sweep { embedding, params } => sweep::start(&self, id, embedding, params).await,
            Request::UseSweepRun { run } => sweep::use_run(&self, id, run).await,
            Request::UseColumns { embedding } => load_sae::use_columns(&self, id, &embedding).await,
            Request::ResumeCheckpoint => train::resume(&self, id).await,
            Request::DiscardCheckpoint => {
                self.discard_checkpoint(id).await?;
                Ok(())
            }
            Request::PauseTraining => self.steer_training(Command::Pause, "pause"),
            Request::ContinueTraining => self.steer_training(Command::Continue, "continue"),
            Request::StopTraining => self.steer_training(Command::Stop, "stop"),
            Request::Analyse { params } => analyse::run(&self, id, params).await,
            Request::Gsea { features, params } => gsea::run(&self, id, features, params).await,
            Request::Associate { params } => associate::run(&self, id, params).await,
            Request::Cancel { job } => {
                self.jobs.cancel(job)?;
                self.tell_training(Command::Look);
                Ok(())
            }
            Request::View { query } => {
                let result = views::answer(&self, query).await?;
                self.emit(id, Event::View(result));
                Ok(())
            }
            Request::Export { kind } => export::run(&self, id, kind).await,
        }
    }

    fn steer_training(&self, command: Command, what: &'static str) -> Result<(), EngineError> {
        if self.tell_training(command) { Ok(()) } else { Err(EngineError::NotRunning { job: Job::Train, what }) }
    }

    fn close(&self, id: RequestId) {
        self.abandon(&[Job::Open, Job::Train, Job::Sweep, Job::Analyse, Job::Gsea, Job::Associate, Job::Export]);
        let mut state = self.state.borrow_mut();
        state.data = None;
        state.features = None;
        state.analysis = None;
        state.gsea.clear();
        state.sweep = None;
        drop(state);
        self.emit(id, Event::Closed);
    }

    /// Puts a sparse autoencoder in place of the one before; what was found with that one goes.
    pub(super) fn put_model(&self, model: Model, job: &RunningJob) {
        let summary = model.summary.clone();
        self.jobs.abandon(&[Job::Analyse, Job::Gsea, Job::Associate]);
        let mut state = self.state.borrow_mut();
        state.features = Some(Rc::new(Features::new(Rc::new(model))));
        state.analysis = None;
        state.gsea.clear();
        drop(state);
        job.emit(Event::SaeReady(summary));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_large_and_end_with_a_stop() {
        assert_eq!(sentence("nothing is open"), "Nothing is open.");
        assert_eq!(sentence("\"X\" is missing!"), "\"X\" is missing!");
        assert_eq!(sentence("a sum failed"), "A sum failed.");
        assert_eq!(sentence("stop."), "Stop.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn names_at_the_beginning_stay_as_they_are() {
        for name in ["sae_weights.safetensors", "cfg.json", "k", "obsm/X_pca", "h5ad"] {
            assert_eq!(sentence(&format!("{name} is wrong")), format!("{name} is wrong."));
        }
    }
}
