//! Jobs that are running: one of a kind, each with its progress and its cancel flag.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::EngineError;
use crate::data::{Notice, Observer};
use crate::platform::Host;
use crate::protocol::{Answer, Event, Job, RequestId};

/// Seconds between two progress messages.
const PROGRESS_EVERY_SECS: f64 = 0.1;
/// Genes tested between two looks at the clock.
pub(super) const GENES_PER_STEP: usize = 64;
/// A job hands the thread back when it has had it for so many seconds.
pub(super) const TURN_SECS: f64 = 0.025;

/// The jobs going on.
#[derive(Default)]
pub(super) struct Jobs {
    running: RefCell<Vec<Rc<Ticket>>>,
}

/// What a running job and those who cancel it share.
struct Ticket {
    job: Job,
    is_cancelled: Cell<bool>,
    /// What it works on is gone, so nothing of it is of use.
    is_outdated: Cell<bool>,
}

impl Jobs {
    /// Enters a job.
    ///
    /// # Errors
    /// [`EngineError::Busy`] while one of its kind is running, or a sweep where it trains, or training where it sweeps.
    pub(super) fn start(
        self: &Rc<Self>,
        job: Job,
        id: RequestId,
        host: &Rc<dyn Host>,
    ) -> Result<RunningJob, EngineError> {
        if let Some(running) = self.in_the_way(job) {
            return Err(EngineError::Busy { job: running });
        }
        let ticket = Rc::new(Ticket { job, is_cancelled: Cell::new(false), is_outdated: Cell::new(false) });
        self.running.borrow_mut().push(Rc::clone(&ticket));
        let now = host.now_secs();
        Ok(RunningJob {
            id,
            ticket,
            jobs: Rc::clone(self),
            host: Rc::clone(host),
            told_at: Cell::new(f64::NEG_INFINITY),
            turn_began: Cell::new(now),
            share: Cell::new((0.0, 1.0)),
            notices: RefCell::default(),
        })
    }

    /// Asks a job to end.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] if none of its kind is running.
    pub(super) fn cancel(&self, job: Job) -> Result<(), EngineError> {
        let ticket = self.find(job).ok_or(EngineError::NotRunning { job, what: "cancel" })?;
        ticket.is_cancelled.set(true);
        Ok(())
    }

    /// Ends these jobs, those of them that are running, for what they work on is gone.
    pub(super) fn abandon(&self, jobs: &[Job]) {
        for ticket in self.running.borrow().iter().filter(|ticket| jobs.contains(&ticket.job)) {
            ticket.is_cancelled.set(true);
            ticket.is_outdated.set(true);
        }
    }

    /// The running job that has to end before one of this kind can start: one of its kind, or another that trains.
    fn in_the_way(&self, job: Job) -> Option<Job> {
        let kinds: &[Job] = match job {
            Job::Train | Job::Sweep => &[Job::Train, Job::Sweep],
            _ => &[job],
        };
        kinds.iter().copied().find(|&kind| self.find(kind).is_some())
    }

    fn find(&self, job: Job) -> Option<Rc<Ticket>> {
        self.running.borrow().iter().find(|ticket| ticket.job == job).cloned()
    }
}

/// A job that is running; dropping it ends it.
pub(super) struct RunningJob {
    id: RequestId,
    ticket: Rc<Ticket>,
    jobs: Rc<Jobs>,
    host: Rc<dyn Host>,
    told_at: Cell<f64>,
    turn_began: Cell<f64>,
    share: Cell<(f64, f64)>,
    notices: RefCell<Vec<Notice>>,
}

impl RunningJob {
    /// Answers the job's request.
    pub(super) fn emit(&self, event: Event) {
        self.host.emit(Answer { id: self.id, event });
    }

    /// From now on progress from 0 to 1 means `start` to `end` of the whole job.
    pub(super) fn set_share(&self, start: f64, end: f64) {
        self.share.set((start, end));
    }

    /// Hands the thread back if this job has had it for long.
    pub(super) async fn breathe(&self) {
        if self.host.now_secs() - self.turn_began.get() >= TURN_SECS {
            self.host.yield_now().await;
            self.turn_began.set(self.host.now_secs());
        }
    }

    /// [`Self::breathe`], and an error if the job was cancelled meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`].
    pub(super) async fn checkpoint(&self) -> Result<(), EngineError> {
        self.breathe().await;
        self.check_cancelled()
    }

    /// # Errors
    /// [`EngineError::Cancelled`] if the job was cancelled.
    pub(super) fn check_cancelled(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled { job: self.ticket.job }) } else { Ok(()) }
    }

    /// Whether what the job works on is gone.
    pub(super) fn is_outdated(&self) -> bool {
        self.ticket.is_outdated.get()
    }

    /// Warnings so far; they are handed out once.
    pub(super) fn take_notices(&self) -> Vec<Notice> {
        self.notices.take()
    }
}

impl Observer for RunningJob {
    fn progress(&self, fraction: f64, message: &str) {
        let now = self.host.now_secs();
        if now - self.told_at.get() < PROGRESS_EVERY_SECS {
            return;
        }
        self.told_at.set(now);
        let (start, end) = self.share.get();
        let fraction = start + fraction.clamp(0.0, 1.0) * (end - start);
        self.emit(Event::Progress { job: self.ticket.job, fraction, message: message.to_owned() });
    }

    fn warn(&self, message: &str) {
        self.notices.borrow_mut().push(Notice::warning(message));
    }

    fn is_cancelled(&self) -> bool {
        self.ticket.is_cancelled.get()
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        self.jobs.running.borrow_mut().retain(|ticket| !Rc::ptr_eq(ticket, &self.ticket));
    }
}
