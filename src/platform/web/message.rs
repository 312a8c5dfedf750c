//! What passes through `postMessage`, for both sides of a worker.
//!
//! Messages become plain JavaScript values by serde. Columns of numbers become `Uint8Array`s, and their buffers go
//! into the transfer list, so that they are moved, not copied. 64-bit integers travel as `BigInt`.

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

use crate::protocol::{Call, PoolCall, Request};

/// Why a message can't be sent or understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MessageError {
    /// The value has no JavaScript form.
    #[error("a message can't be sent: {reason}; reload the page")]
    Serialize {
        /// What serde says.
        reason: String,
    },
    /// The other side sent something else than was expected.
    #[error("a message can't be understood: {reason}; page and engine may be of different versions, reload the page")]
    Deserialize {
        /// What serde says.
        reason: String,
    },
    /// The files beside a call are not those it names.
    #[error("a request names {expected} files but {found} came with it; open the files again")]
    Files {
        /// Files named.
        expected: usize,
        /// Files that came.
        found: usize,
    },
}

/// A message as a JavaScript value, and the buffers in it to be transferred.
///
/// # Errors
/// [`MessageError::Serialize`] if serde finds no JavaScript form.
pub fn to_js<T: Serialize>(message: &T) -> Result<(JsValue, Array), MessageError> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
    let value =
        message.serialize(&serializer).map_err(|error| MessageError::Serialize { reason: error.to_string() })?;
    let transfer = Array::new();
    collect_buffers(&value, &transfer);
    Ok((value, transfer))
}

/// A message from its JavaScript value.
///
/// # Errors
/// [`MessageError::Deserialize`] if it is another kind of message.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, MessageError> {
    serde_wasm_bindgen::from_value(value).map_err(|error| MessageError::Deserialize { reason: error.to_string() })
}

/// A call that may name files, which travel beside it in its order.
pub trait NamesFiles {
    /// How many files it names.
    fn n_files(&self) -> usize;
}

impl NamesFiles for Call {
    fn n_files(&self) -> usize {
        match &self.request {
            Request::Open { files, .. } => files.len(),
            _ => 0,
        }
    }
}

impl NamesFiles for PoolCall {
    fn n_files(&self) -> usize {
        usize::from(self.file().is_some())
    }
}

/// A call with the files it names, as one value for `postMessage`, and the buffers to be transferred.
///
/// # Errors
/// [`MessageError::Files`] if the counts differ, [`MessageError::Serialize`] as [`to_js`].
pub fn call_to_js<T: NamesFiles + Serialize>(call: &T, files: &[File]) -> Result<(JsValue, Array), MessageError> {
    check_files(call, files.len())?;
    let (value, transfer) = to_js(call)?;
    let envelope = Object::new();
    set(&envelope, "call", &value)?;
    set(&envelope, "files", &files.iter().map(JsValue::from).collect::<Array>())?;
    Ok((envelope.into(), transfer))
}

/// A call and its files from what [`call_to_js`] made.
///
/// # Errors
/// [`MessageError::Deserialize`] if it is not such a value, [`MessageError::Files`] if files are missing.
pub fn call_from_js<T: NamesFiles + DeserializeOwned>(envelope: &JsValue) -> Result<(T, Vec<File>), MessageError> {
    let call: T = from_js(get(envelope, "call")?)?;
    let files: Vec<File> = Array::from(&get(envelope, "files")?)
        .iter()
        .map(JsCast::dyn_into)
        .collect::<Result<_, _>>()
        .map_err(|_| MessageError::Deserialize { reason: "something beside the call is not a file".to_owned() })?;
    check_files(&call, files.len())?;
    Ok((call, files))
}

fn check_files(call: &impl NamesFiles, found: usize) -> Result<(), MessageError> {
    let expected = call.n_files();
    if expected == found { Ok(()) } else { Err(MessageError::Files { expected, found }) }
}

fn set(object: &Object, key: &str, value: &JsValue) -> Result<(), MessageError> {
    Reflect::set(object, &key.into(), value)
        .map(drop)
        .map_err(|error| MessageError::Serialize { reason: format!("{error:?}") })
}

fn get(object: &JsValue, key: &str) -> Result<JsValue, MessageError> {
    Reflect::get(object, &key.into()).map_err(|error| MessageError::Deserialize { reason: format!("{error:?}") })
}

fn collect_buffers(value: &JsValue, transfer: &Array) {
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        transfer.push(&bytes.buffer());
    } else if let Some(items) = value.dyn_ref::<Array>() {
        if items.get(0).is_object() {
            items.iter().for_each(|item| collect_buffers(&item, transfer));
        }
    } else if let Some(object) = value.dyn_ref::<Object>() {
        Object::values(object).iter().for_each(|item| collect_buffers(&item, transfer));
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::data::FeatureId;
    use crate::protocol::{
        AnalysisParams, Answer, CellColor, Event, F32Column, FileHandle, Lists, MapSource, Negatives, PoolAnswer,
        PoolReading, SaeParams, SoundParams, SteerParams, SteerTarget, SweepAxis, SweepParams, ViewQuery, ViewResult,
    };

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: &T) -> Array {
        let (value, transfer) = to_js(message).unwrap();
        assert_eq!(&from_js::<T>(value).unwrap(), message);
        transfer
    }

    #[wasm_bindgen_test]
    fn columns_are_transferred_and_survive() {
        let column = F32Column(vec![1.5, -2.0]);
        let map = ViewResult::Map { source: MapSource::Pca("X_pca".into()), x: column.clone(), y: column };
        let transfer = round_trip(&Answer { id: 3, event: Event::View(map) });
        assert_eq!(transfer.length(), 2);
    }

    #[wasm_bindgen_test]
    fn what_passes_between_engine_and_pool_survives() {
        assert_eq!(round_trip(&PoolCall::Genes(vec![5, 0, 1].into())).length(), 1);
        let positive = Lists::collect([&[1_u32, 5][..], &[]]);
        assert_eq!(round_trip(&PoolCall::Block { positive, negative: None }).length(), 2);
        let sound = SoundParams { negatives: Negatives::Matched("donor".into()), ..SoundParams::default() };
        round_trip(&Request::Analyse { params: AnalysisParams { sound, ..AnalysisParams::default() } });
        round_trip(&PoolAnswer::Findings(Box::default()));
    }

    #[wasm_bindgen_test]
    fn requests_survive_with_large_seeds_and_tagged_enums() {
        let params = SaeParams { seed: u64::MAX, ..SaeParams::default() };
        round_trip(&Request::Train { embedding: "X".into(), params: params.clone() });
        let axes = vec![SweepAxis::Features(vec![8, 16]), SweepAxis::Variant(vec![params.variant])];
        let sweep = SweepParams { base: params, axes, n_seeds: 2, baselines: true };
        round_trip(&Request::Sweep { embedding: "X".into(), params: sweep });
        round_trip(&Request::View { query: ViewQuery::Color(CellColor::Feature(FeatureId(7))) });
        let group = crate::data::CellSelection::Rows(vec![1, 2]);
        let target = SteerTarget::GroupMean { group, factor: 1.0 };
        let cells = crate::data::CellSelection::All;
        let steer = SteerParams { feature: FeatureId(1), cells, target, keep_error: true };
        round_trip(&Request::View { query: ViewQuery::Steer(steer) });
    }

    #[wasm_bindgen_test]
    fn a_call_needs_the_files_it_names() {
        let call = Call { id: 1, request: Request::Close };
        let (value, _) = call_to_js(&call, &[]).unwrap();
        assert_eq!(call_from_js::<Call>(&value).unwrap().0, call);
        assert!(call_from_js::<Call>(&JsValue::from_str("hello")).is_err());
        let file = FileHandle { handle: 1, name: "a.h5ad".into(), size: 0 };
        let reading = PoolReading { file, matrix: None, memory: Some((u64::MAX, 1)), number: 1, of: 2 };
        let call = PoolCall::Read(reading);
        assert_eq!(call_to_js(&call, &[]).unwrap_err(), MessageError::Files { expected: 1, found: 0 });
        let file = File::new_with_str_sequence(&Array::of1(&"x".into()), "a.h5ad").unwrap();
        let (value, _) = call_to_js(&call, &[file]).unwrap();
        let (found, files) = call_from_js::<PoolCall>(&value).unwrap();
        assert_eq!((found, files[0].name()), (call, "a.h5ad".to_owned()));
    }
}
