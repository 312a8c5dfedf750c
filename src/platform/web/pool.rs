//! Pool workers as workers of the engine's worker.
//!
//! Each is the `stats` binary. They start with the engine, so that nothing is loaded later. A worker says that it is
//! ready before anything is sent to it, for messages to a module that is still loading may be lost.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{LocalBoxFuture, Shared};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, ErrorEvent, File, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::files::describe;
use super::message::{call_to_js, from_js};
use super::worker::SentFiles;
use crate::platform::{HostError, LocalTask, Pool};
use crate::protocol::{PoolAnswer, PoolCall};

/// More workers than this wait for each other's memory.
const MAX_WORKERS: f64 = 8.0;

/// The pool of one engine.
pub(super) struct WorkerPool {
    url: String,
    files: SentFiles,
    workers: Vec<RefCell<Option<Rc<RunningWorker>>>>,
}

/// Who waits for a worker's messages, in their order; some may have stopped waiting.
type Waiting = Rc<RefCell<VecDeque<oneshot::Sender<Result<PoolAnswer, String>>>>>;

struct RunningWorker {
    worker: Worker,
    waiting: Waiting,
    is_ready: Shared<LocalBoxFuture<'static, Result<(), String>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl WorkerPool {
    /// A pool as large as the machine, its workers starting; `None` where workers can't have workers.
    ///
    /// It can lend its workers these files.
    pub(super) fn new(scope: &DedicatedWorkerGlobalScope, files: SentFiles) -> Option<Self> {
        js_sys::Reflect::get(scope, &"Worker".into()).ok().filter(JsValue::is_function)?;
        let n_workers = scope.navigator().hardware_concurrency().clamp(1.0, MAX_WORKERS) as usize;
        // The build's id is in the query of the engine's own address.
        let url = format!("./stats-loader.js{}", scope.location().search());
        // One that can't start says so when it is called.
        let workers = (0..n_workers).map(|_| RefCell::new(RunningWorker::start(&url).ok().map(Rc::new))).collect();
        Some(Self { url, files, workers })
    }

    /// The worker of that number, ready or not.
    fn worker(&self, number: usize) -> Result<Rc<RunningWorker>, String> {
        let mut slot = self.workers[number].borrow_mut();
        if let Some(worker) = &*slot {
            return Ok(Rc::clone(worker));
        }
        let worker = Rc::new(RunningWorker::start(&self.url)?);
        *slot = Some(Rc::clone(&worker));
        Ok(worker)
    }

    async fn ask(&self, number: usize, call: PoolCall) -> Result<PoolAnswer, String> {
        let worker = self.worker(number)?;
        worker.is_ready.clone().await?;
        let files: Vec<File> =
            call.file().and_then(|file| self.files.borrow().get(&file.handle).cloned()).into_iter().collect();
        let (value, transfer) = call_to_js(&call, &files).map_err(|error| error.to_string())?;
        drop(call);
        let answer = next_message(&worker.waiting);
        worker.worker.post_message_with_transfer(&value, &transfer).map_err(|error| describe(&error))?;
        drop(value);
        answer.await.map_err(|_| "it was dropped".to_owned())?
    }
}

impl Pool for WorkerPool {
    fn n_workers(&self) -> usize {
        self.workers.len()
    }

    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        async move {
            let answer = self.ask(worker, call).await;
            if answer.is_err() {
                *self.workers[worker].borrow_mut() = None;
            }
            answer.map_err(|reason| HostError::Worker { reason })
        }
        .boxed_local()
    }
}

impl RunningWorker {
    /// Starts a worker; its first message is waited for.
    fn start(url: &str) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("featurescope-stats");
        let worker = Worker::new_with_options(url, &options).map_err(|error| describe(&error))?;
        let waiting = Waiting::default();
        let (on_answer, on_failure) = (Rc::clone(&waiting), Rc::clone(&waiting));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            tell(&on_answer, from_js::<PoolAnswer>(event.data()).map_err(|error| error.to_string()));
        });
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            let reason = event.message();
            let reason = if reason.is_empty() { "it could not be loaded".to_owned() } else { reason };
            while !on_failure.borrow().is_empty() {
                tell(&on_failure, Err(reason.clone()));
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let first = next_message(&waiting);
        let is_ready = async move { first.await.map_err(|_| "it was dropped".to_owned())?.map(drop) };
        let is_ready = is_ready.boxed_local().shared();
        Ok(Self { worker, waiting, is_ready, _on_message: on_message, _on_error: on_error })
    }
}

fn next_message(waiting: &Waiting) -> oneshot::Receiver<Result<PoolAnswer, String>> {
    let (sender, receiver) = oneshot::channel();
    waiting.borrow_mut().push_back(sender);
    receiver
}

fn tell(waiting: &Waiting, answer: Result<PoolAnswer, String>) {
    let first = waiting.borrow_mut().pop_front();
    if let Some(waiting) = first {
        // Nobody waits any more where the job was dropped.
        let _ = waiting.send(answer);
    }
}
