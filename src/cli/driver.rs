//! Sends requests to an engine in process and waits for what they come to.

use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::progress::Progress;
use super::timings::{Timings, step_name};
use crate::engine::Engine;
use crate::platform::MemoryStore;
use crate::platform::native::{Interrupt, NativeHost, Session, ThreadPool, Turn};
use crate::protocol::{Answer, Call, Event, Job, Request, RequestId};

/// An engine, the thread that runs it, and a bar.
pub(super) struct Driver {
    session: Session,
    engine: Engine,
    next_id: RequestId,
    pub(super) progress: Progress,
    /// How long what was asked took.
    pub(super) timings: Timings,
    /// Whether the person has interrupted.
    pub(super) is_interrupted: bool,
}

impl Driver {
    /// An engine with a pool of so many threads, or of all the machine has.
    pub(super) fn new(n_threads: Option<NonZeroUsize>) -> Self {
        let session = Session::new(Rc::new(MemoryStore::default()));
        let n_threads = n_threads.or_else(|| std::thread::available_parallelism().ok());
        let host = session.host();
        host.use_pool(Rc::new(ThreadPool::new(n_threads.map_or(1, NonZeroUsize::get), host.files())));
        let engine = Engine::new(session.host());
        Self {
            session,
            engine,
            next_id: 1,
            progress: Progress::new(),
            timings: Timings::default(),
            is_interrupted: false,
        }
    }

    /// Where files are made known.
    pub(super) fn host(&self) -> Rc<NativeHost> {
        self.session.host()
    }

    /// What a signal interrupts with.
    pub(super) fn interrupt(&self) -> Arc<Interrupt> {
        self.session.interrupt()
    }

    /// Sends a request without waiting.
    pub(super) fn send(&mut self, request: Request) -> RequestId {
        let id = self.next_id;
        self.next_id += 1;
        self.engine.call(Call { id, request });
        id
    }

    /// Sends a request and waits until `take` makes something of an event; `None` if the request was cancelled and
    /// left nothing. An interrupt meanwhile sends `on_interrupt`.
    ///
    /// # Errors
    /// The engine's sentence if the request fails.
    pub(super) fn ask<T>(
        &mut self,
        request: Request,
        on_interrupt: Option<&Request>,
        take: impl FnMut(Event) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let (step, started) = (step_name(&request), Instant::now());
        let id = self.send(request);
        let taken = self.wait(id, on_interrupt, take);
        self.timings.note(step, started);
        taken
    }

    fn wait<T>(
        &mut self,
        id: RequestId,
        on_interrupt: Option<&Request>,
        mut take: impl FnMut(Event) -> Option<T>,
    ) -> Result<Option<T>, String> {
        loop {
            match self.session.next_turn() {
                Turn::Interrupted => {
                    self.is_interrupted = true;
                    self.progress.say("Interrupted: writing what is done; once more to end at once.");
                    if let Some(request) = on_interrupt {
                        self.send(request.clone());
                    }
                }
                Turn::Answer(answer) => match self.own(*answer, id)? {
                    Some(Event::Cancelled { .. }) => return Ok(None),
                    Some(event) => {
                        if let Some(taken) = take(event) {
                            return Ok(Some(taken));
                        }
                    }
                    None => {}
                },
            }
        }
    }

    /// The event, if it answers request `id`; what concerns everyone is shown or becomes an error.
    fn own(&self, answer: Answer, id: RequestId) -> Result<Option<Event>, String> {
        self.progress.show(&answer.event);
        match answer.event {
            Event::Broken { message } => Err(message),
            Event::Failed { message } if answer.id == id => Err(message),
            Event::Noticed(notice) => {
                self.progress.say_notice(&notice);
                Ok(None)
            }
            event => Ok((answer.id == id).then_some(event)),
        }
    }
}

/// The request that cancels a job.
pub(super) fn cancel(job: Job) -> Request {
    Request::Cancel { job }
}
