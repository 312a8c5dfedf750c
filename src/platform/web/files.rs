//! A browser File read by slices, inside a worker.
//!
//! `FileReaderSync` costs a millisecond or more a call, so small reads are served from blocks that are kept.

use std::cell::RefCell;
use std::io;

use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use web_sys::{File, FileReaderSync};

use crate::io::ByteSource;
use crate::platform::ReadAhead;

/// A File of the browser; usable on the thread that made it, which is the only one there is.
pub(super) struct SlicedFile {
    inner: SendWrapper<Inner>,
    size: u64,
}

struct Inner {
    file: File,
    reader: FileReaderSync,
    ahead: RefCell<ReadAhead>,
}

impl SlicedFile {
    pub(super) fn new(file: File) -> Result<Self, JsValue> {
        let size = n_bytes(file.size());
        let inner = Inner { file, reader: FileReaderSync::new()?, ahead: RefCell::default() };
        Ok(Self { inner: SendWrapper::new(inner), size })
    }
}

impl Inner {
    fn slice(&self, start: u64, end: u64) -> io::Result<Uint8Array> {
        let failed = |error: JsValue| io::Error::other(describe(&error));
        let blob = self.file.slice_with_f64_and_f64(start as f64, end as f64).map_err(failed)?;
        let buffer = self.reader.read_as_array_buffer(&blob).map_err(failed)?;
        Ok(Uint8Array::new(&buffer))
    }
}

impl ByteSource for SlicedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let length = buffer.len() as u64;
        let end = offset.checked_add(length).filter(|&end| end <= self.size).ok_or(io::ErrorKind::UnexpectedEof)?;
        if length < ReadAhead::LONG_PIECE || self.size <= ReadAhead::SMALL_FILE {
            let fetch = |start, end| self.inner.slice(start, end).map(|bytes| bytes.to_vec());
            return self.inner.ahead.borrow_mut().read(self.size, offset, buffer, fetch);
        }
        let bytes = self.inner.slice(offset, end)?;
        if u64::from(bytes.length()) != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(buffer);
        Ok(())
    }
}

/// A size as JavaScript gives it.
pub(super) fn n_bytes(size: f64) -> u64 {
    size as u64
}

/// What a thrown value says.
pub(super) fn describe(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| format!("{error:?}"))
}
