//! The other end of the pool: a worker that answers the engine's calls, one after the other.

use std::cell::RefCell;
use std::sync::Arc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, File, MessageEvent};

use super::files::{SlicedFile, describe};
use super::message::{call_from_js, to_js};
use crate::io::ByteSource;
use crate::pool::Worker;
use crate::protocol::{PoolAnswer, PoolCall};

/// Says that the worker is ready and serves calls until it is terminated.
///
/// # Errors
/// The thrown value where this is not a dedicated worker.
pub fn serve_pool() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let worker = RefCell::new(Worker::default());
    let own = scope.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let answer = match call_from_js::<PoolCall>(&event.data()) {
            Ok((call, files)) => match source(files) {
                Ok(file) => worker.borrow_mut().answer_with(call, file),
                Err(error) => PoolAnswer::Failed(describe(&error)),
            },
            Err(error) => PoolAnswer::Failed(error.to_string()),
        };
        send(&own, &answer);
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    send(&scope, &PoolAnswer::Done);
    Ok(())
}

/// The file that came with a call.
fn source(files: Vec<File>) -> Result<Option<Arc<dyn ByteSource>>, JsValue> {
    let file = files.into_iter().next().map(SlicedFile::new).transpose()?;
    Ok(file.map(|file| Arc::new(file) as Arc<dyn ByteSource>))
}

fn send(scope: &DedicatedWorkerGlobalScope, answer: &PoolAnswer) {
    let sent = to_js(answer).map_err(|error| JsValue::from_str(&error.to_string()));
    if let Err(error) = sent.and_then(|(value, transfer)| scope.post_message_with_transfer(&value, &transfer)) {
        web_sys::console::error_1(&error);
    }
}
