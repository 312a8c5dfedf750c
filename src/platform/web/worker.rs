//! A dedicated worker as the place an engine runs in.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, File, MessageChannel, MessageEvent, MessagePort};

use super::files::{SlicedFile, describe};
use super::message::{call_from_js, to_js};
use super::pool::WorkerPool;
use super::store::PrivateFiles;
use crate::io::ByteSource;
use crate::platform::{Host, HostError, LocalTask, Pool, Store};
use crate::protocol::{Answer, Call, Event, FileHandle, Request};

/// wasm32 addresses 4 GiB; a quarter is left to the data and the code.
const WORK_BYTES: u64 = 3 << 30;

/// Files by their handles.
pub(super) type SentFiles = Rc<RefCell<BTreeMap<u32, File>>>;

/// The worker this code runs in.
pub struct WebHost {
    scope: DedicatedWorkerGlobalScope,
    files: SentFiles,
    turns: Turns,
    store: PrivateFiles,
    pool: Option<Rc<WorkerPool>>,
}

impl WebHost {
    /// Takes hold of the worker.
    ///
    /// # Errors
    /// The thrown value where this is not a dedicated worker.
    pub fn new() -> Result<Rc<Self>, JsValue> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
        let store = PrivateFiles::new(scope.clone());
        let files = SentFiles::default();
        let pool = WorkerPool::new(&scope, Rc::clone(&files)).map(Rc::new);
        Ok(Rc::new(Self { files, turns: Turns::new()?, store, pool, scope }))
    }

    /// Hands every call the page sends to `serve`; calls that can't be understood are answered with `Failed`.
    pub fn listen(self: &Rc<Self>, serve: impl Fn(Call) + 'static) {
        let host = Rc::clone(self);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            match call_from_js::<Call>(&event.data()) {
                Ok((call, files)) => {
                    host.keep_files(&call, files);
                    serve(call);
                }
                Err(error) => host.emit(Answer { id: 0, event: Event::Failed { message: error.to_string() } }),
            }
        });
        self.scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // The worker listens until it is terminated.
        on_message.forget();
    }

    fn keep_files(&self, call: &Call, files: Vec<File>) {
        if let Request::Open { files: handles, .. } = &call.request {
            self.files.borrow_mut().extend(handles.iter().map(|file| file.handle).zip(files));
        }
    }
}

impl Host for WebHost {
    fn open(&self, file: &FileHandle) -> Result<Arc<dyn ByteSource>, HostError> {
        let failed = |reason: String| HostError::File { name: file.name.clone(), reason };
        let found = self.files.borrow().get(&file.handle).cloned();
        let found = found.ok_or_else(|| failed("the page did not send it".to_owned()))?;
        Ok(Arc::new(SlicedFile::new(found).map_err(|error| failed(describe(&error)))?))
    }

    fn release(&self, files: &[FileHandle]) {
        self.files.borrow_mut().retain(|handle, _| !files.iter().any(|file| file.handle == *handle));
    }

    fn emit(&self, answer: Answer) {
        let sent = to_js(&answer).map_err(|error| JsValue::from_str(&error.to_string()));
        if let Err(error) = sent.and_then(|(value, transfer)| post(&self.scope, &value, &transfer)) {
            web_sys::console::error_1(&error);
        }
    }

    fn spawn(&self, task: LocalTask<'static, ()>) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn yield_now(&self) -> LocalTask<'static, ()> {
        self.turns.next()
    }

    fn now_secs(&self) -> f64 {
        self.scope.performance().map_or(0.0, |clock| clock.now() / 1000.0)
    }

    fn memory_limit(&self) -> Option<u64> {
        Some(WORK_BYTES)
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn pool(&self) -> Option<Rc<dyn Pool>> {
        self.pool.clone().map(|pool| pool as Rc<dyn Pool>)
    }
}

/// Turns of the event loop: a message to oneself comes back behind the messages that are already waiting.
///
/// A timer would do the same, but browsers hold nested timers back by 4 ms.
struct Turns {
    sender: MessagePort,
    waiting: Rc<RefCell<VecDeque<oneshot::Sender<()>>>>,
}

impl Turns {
    fn new() -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        let waiting = Rc::<RefCell<VecDeque<oneshot::Sender<()>>>>::default();
        let queue = Rc::clone(&waiting);
        let on_message = Closure::<dyn Fn()>::new(move || {
            let next = queue.borrow_mut().pop_front();
            if let Some(next) = next {
                // Nobody listens any more if the task was dropped.
                let _ = next.send(());
            }
        });
        channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        Ok(Self { sender: channel.port2(), waiting })
    }

    fn next(&self) -> LocalTask<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push_back(sender);
        if let Err(error) = self.sender.post_message(&JsValue::NULL) {
            web_sys::console::error_1(&error);
        }
        receiver.map(drop).boxed_local()
    }
}

fn post(scope: &DedicatedWorkerGlobalScope, value: &JsValue, transfer: &Array) -> Result<(), JsValue> {
    scope.post_message_with_transfer(value, transfer)
}

/// Turns a panic, after which nothing in this worker can be trusted, into [`Event::Broken`].
pub fn report_panics(host: &Rc<WebHost>) {
    let scope = send_wrapper::SendWrapper::new(host.scope.clone());
    std::panic::set_hook(Box::new(move |panic| {
        web_sys::console::error_1(&JsValue::from_str(&panic.to_string()));
        let message = broken_message(&panic.to_string());
        if let Ok((value, transfer)) = to_js(&Answer { id: 0, event: Event::Broken { message } }) {
            // The console has the panic already; there is nothing else left to try.
            let _ = post(&scope, &value, &transfer);
        }
    }));
}

fn broken_message(panic: &str) -> String {
    let what = if panic.contains("evice lost") || panic.contains("evice is lost") || panic.contains("DeviceLost") {
        "The graphics processor was lost."
    } else if panic.contains("memory") || panic.contains("capacity overflow") {
        "The engine ran out of memory."
    } else {
        "The engine stopped because of a fault of its own."
    };
    format!(
        "{what} It starts anew: open the files again; training goes on from its last checkpoint. ({})",
        one_line(panic)
    )
}

fn one_line(panic: &str) -> String {
    panic.split_whitespace().collect::<Vec<_>>().join(" ")
}
