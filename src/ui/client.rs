//! The page's side of the engine's worker: starts it when it is first needed, waits until it is ready, passes calls
//! in and messages out. It decides nothing; what an answer means is [`super::state`]'s business.
//!
//! The client holds every file it was given, so that a new worker can open them again.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, File, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::state::Msg;
use crate::platform::web::message::{self, MessageError};
use crate::protocol::{Answer, Call, Event, FileHandle, Request};

/// Takes what the worker says.
pub(crate) type Listener = Rc<dyn Fn(Msg)>;

/// The engine's worker, if it runs, the calls that wait for it, and the files it may read.
pub(crate) struct Client {
    listener: Listener,
    worker: Option<RunningWorker>,
    is_ready: bool,
    waiting: Vec<Call>,
    files: Vec<File>,
}

struct RunningWorker {
    worker: Worker,
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

impl Client {
    pub(crate) fn new(listener: Listener) -> Self {
        Self { listener, worker: None, is_ready: false, waiting: Vec::new(), files: Vec::new() }
    }

    /// Keeps files and gives each its handle.
    pub(crate) fn register(&mut self, files: Vec<File>) -> Vec<FileHandle> {
        let first = self.files.len();
        let handles = files.iter().enumerate().map(|(i, file)| FileHandle {
            handle: (first + i) as u32,
            name: file.name(),
            size: file.size() as u64,
        });
        let handles = handles.collect();
        self.files.extend(files);
        handles
    }

    /// Starts the worker if it does not run.
    ///
    /// # Errors
    /// A sentence, if the browser refuses workers.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        if self.worker.is_none() {
            self.worker = Some(spawn(&self.listener)?);
        }
        Ok(())
    }

    /// Ends the worker and starts a new one; calls that waited for the old one are dropped.
    ///
    /// # Errors
    /// As [`Client::start`].
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        self.worker = None;
        self.is_ready = false;
        self.waiting.clear();
        self.start()
    }

    /// The worker said that it is ready: passes on what waited.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) fn ready(&mut self) -> Result<(), String> {
        self.is_ready = true;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().try_for_each(|call| self.send(call))
    }

    /// Sends a call, or keeps it until the worker is ready.
    ///
    /// # Errors
    /// A sentence, if the call can't be put into a message.
    pub(crate) fn send(&mut self, call: Call) -> Result<(), String> {
        let Some(running) = self.worker.as_ref().filter(|_| self.is_ready) else {
            self.waiting.push(call);
            return Ok(());
        };
        let files = self.files_of(&call);
        let (value, transfer) = message::call_to_js(&call, &files).map_err(|error| error.to_string())?;
        post(&running.worker, &value, &transfer)
    }

    fn files_of(&self, call: &Call) -> Vec<File> {
        let Request::Open { files, .. } = &call.request else { return Vec::new() };
        files.iter().filter_map(|file| self.files.get(file.handle as usize).cloned()).collect()
    }
}

fn post(worker: &Worker, value: &JsValue, transfer: &Array) -> Result<(), String> {
    worker
        .post_message_with_transfer(value, transfer)
        .map_err(|error| format!("The browser can't pass a message to the engine: {}.", describe(&error)))
}

/// Where the engine's worker starts; the build's id in the query keeps page and engine of one build together.
fn engine_url() -> String {
    let build = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector("meta[name=featurescope-build]").ok().flatten())
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default();
    format!("./engine-loader.js?v={build}")
}

fn spawn(listener: &Listener) -> Result<RunningWorker, String> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("featurescope-engine");
    let worker = Worker::new_with_options(&engine_url(), &options)
        .map_err(|error| format!("The browser can't start the engine: {}.", describe(&error)))?;
    let (on_answer, on_failure) = (Rc::clone(listener), Rc::clone(listener));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| on_answer(understand(&event)));
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| on_failure(lost(&event)));
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    Ok(RunningWorker { worker, _on_message: on_message, _on_error: on_error })
}

fn understand(event: &MessageEvent) -> Msg {
    let answer: Result<Answer, MessageError> = message::from_js(event.data());
    answer.map_or_else(|error| Msg::EngineLost(format!("The engine can't be understood: {error}.")), Msg::Answer)
}

fn lost(event: &ErrorEvent) -> Msg {
    event.prevent_default();
    let reason = event.message();
    let reason = if reason.is_empty() { "it could not be loaded".to_owned() } else { reason };
    Msg::EngineLost(format!("The engine stopped: {reason}. Your files are untouched."))
}

/// Whether a message is the engine's first.
pub(crate) fn is_ready(msg: &Msg) -> bool {
    matches!(msg, Msg::Answer(Answer { event: Event::Ready { .. }, .. }))
}

/// What the browser says of an error.
pub(crate) fn describe(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}
