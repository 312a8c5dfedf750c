//! Checkpoints in the browser's origin-private file system, written from a worker through sync access handles.
//!
//! Where the browser has none, or a person's settings forbid it, every call is an error with the reason.

use futures::FutureExt;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use super::files::{describe, n_bytes};
use crate::platform::{HostError, LocalTask, Store};

/// The origin-private file system as a [`Store`]; a key is a file name.
#[derive(Debug)]
pub(super) struct PrivateFiles {
    scope: DedicatedWorkerGlobalScope,
}

impl PrivateFiles {
    pub(super) fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self { scope }
    }

    async fn folder(&self) -> Result<FileSystemDirectoryHandle, JsValue> {
        let storage: JsValue = self.scope.navigator().storage().into();
        // Browsers without it leave the property out, and outside secure contexts `storage` itself is missing.
        let method =
            if storage.is_undefined() { JsValue::UNDEFINED } else { Reflect::get(&storage, &"getDirectory".into())? };
        let Some(method) = method.dyn_ref::<Function>() else {
            return Err(JsValue::from_str("this browser has no private file system for this page"));
        };
        JsFuture::from(method.call0(&storage)?.dyn_into::<Promise>()?).await?.dyn_into()
    }

    async fn open(&self, key: &str, create: bool) -> Result<Option<FileSystemSyncAccessHandle>, JsValue> {
        let folder = self.folder().await?;
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        let file = match JsFuture::from(folder.get_file_handle_with_options(key, &options)).await {
            Ok(file) => file.dyn_into::<FileSystemFileHandle>()?,
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let handle = JsFuture::from(file.create_sync_access_handle()).await?;
        handle.dyn_into().map(Some)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, JsValue> {
        let Some(handle) = self.open(key, false).await? else { return Ok(None) };
        let bytes = read_all(&handle);
        handle.close();
        bytes.map(Some)
    }

    async fn write(&self, key: &str, bytes: &[u8]) -> Result<(), JsValue> {
        let Some(handle) = self.open(key, true).await? else {
            return Err(JsValue::from_str("the browser did not make the file"));
        };
        let written = write_all(&handle, bytes);
        handle.close();
        written
    }

    async fn remove(&self, key: &str) -> Result<(), JsValue> {
        match JsFuture::from(self.folder().await?.remove_entry(key)).await {
            Err(error) if !is_not_found(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

fn at_start() -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(0.0);
    options
}

fn read_all(handle: &FileSystemSyncAccessHandle) -> Result<Vec<u8>, JsValue> {
    let mut bytes = vec![0; n_bytes(handle.get_size()?) as usize];
    let n_read = handle.read_with_u8_array_and_options(&mut bytes, &at_start())?;
    bytes.truncate(n_bytes(n_read) as usize);
    Ok(bytes)
}

fn write_all(handle: &FileSystemSyncAccessHandle, bytes: &[u8]) -> Result<(), JsValue> {
    handle.truncate_with_f64(0.0)?;
    let written = handle.write_with_u8_array_and_options(bytes, &at_start())?;
    handle.flush()?;
    if n_bytes(written) as usize == bytes.len() {
        return Ok(());
    }
    Err(JsValue::from_str("the browser's storage is full"))
}

fn is_not_found(error: &JsValue) -> bool {
    Reflect::get(error, &"name".into()).is_ok_and(|name| name == "NotFoundError")
}

fn failed(error: JsValue) -> HostError {
    HostError::Storage { reason: describe(&error) }
}

impl Store for PrivateFiles {
    fn get<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<Option<Vec<u8>>, HostError>> {
        self.read(key).map(|result| result.map_err(failed)).boxed_local()
    }

    fn put<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> LocalTask<'a, Result<(), HostError>> {
        self.write(key, bytes).map(|result| result.map_err(failed)).boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<(), HostError>> {
        self.remove(key).map(|result| result.map_err(failed)).boxed_local()
    }
}
