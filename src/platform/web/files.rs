//! A browser File read by slices, inside a worker.
//!
//! `FileReaderSync` costs a fraction of a millisecond a call, so small reads are served from a few cached blocks.

use std::cell::RefCell;
use std::io;

use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use web_sys::{File, FileReaderSync};

use crate::io::ByteSource;

const BLOCK: u64 = 256 << 10;
const N_BLOCKS: usize = 16;

/// A File of the browser; usable on the thread that made it, which is the only one there is.
pub(super) struct SlicedFile {
    inner: SendWrapper<Inner>,
    size: u64,
}

struct Inner {
    file: File,
    reader: FileReaderSync,
    blocks: RefCell<Vec<(u64, Vec<u8>)>>,
}

impl SlicedFile {
    pub(super) fn new(file: File) -> Result<Self, JsValue> {
        let size = n_bytes(file.size());
        let inner = Inner { file, reader: FileReaderSync::new()?, blocks: RefCell::default() };
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

    fn read_through_cache(&self, size: u64, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut at = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let start = at / BLOCK * BLOCK;
            let within = (at - start) as usize;
            let mut blocks = self.blocks.borrow_mut();
            let known = blocks.iter().position(|block| block.0 == start);
            let block = if let Some(position) = known {
                blocks.remove(position)
            } else {
                let bytes = self.slice(start, size.min(start + BLOCK))?.to_vec();
                blocks.truncate(N_BLOCKS - 1);
                (start, bytes)
            };
            let n = rest.len().min(block.1.len().saturating_sub(within));
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&block.1[within..within + n]);
            blocks.insert(0, block);
            rest = later;
            at += n as u64;
        }
        Ok(())
    }
}

impl ByteSource for SlicedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let length = buffer.len() as u64;
        let end = offset.checked_add(length).filter(|&end| end <= self.size).ok_or(io::ErrorKind::UnexpectedEof)?;
        if length <= BLOCK {
            return self.inner.read_through_cache(self.size, offset, buffer);
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
