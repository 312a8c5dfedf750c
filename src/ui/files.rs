//! Files in and out: dropped (folders too), picked, saved.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader,
    FileSystemEntry, FileSystemFileEntry, HtmlAnchorElement, Url,
};

use super::client::describe;
use crate::protocol::ExportedFile;

/// Files taken from one drop; a folder with more is probably the wrong one.
const MAX_FILES: usize = 64;

/// What the file picker offers.
pub(crate) const ACCEPT: &str =
    ".h5ad,.npy,.npz,.csv,.tsv,.txt,.parquet,.pt,.pth,.gmt,.gmx,.obo,.gaf,.gz,.json,.yaml,.yml,.zip,.safetensors";

/// The files of a list.
pub(crate) fn of_list(list: &FileList) -> Vec<File> {
    (0..list.length()).filter_map(|i| list.get(i)).collect()
}

/// The files of a drop, folders opened. The browser empties a drop once its event is over, so the entries are taken
/// before the first wait.
///
/// # Errors
/// A sentence, if a folder can't be read or holds too many files.
pub(crate) async fn of_drop(entries: Vec<FileSystemEntry>, fallback: Vec<File>) -> Result<Vec<File>, String> {
    if entries.is_empty() {
        return Ok(fallback);
    }
    let mut files = Vec::new();
    let mut folders = entries;
    while let Some(entry) = folders.pop() {
        if entry.is_directory() {
            folders.extend(children(entry.unchecked_into()).await?);
        } else if !entry.name().starts_with('.') {
            files.push(file(entry.unchecked_into()).await?);
        }
        if files.len() > MAX_FILES {
            return Err(format!("More than {MAX_FILES} files were dropped; drop only those of one data set."));
        }
    }
    files.sort_by_key(File::name);
    Ok(files)
}

/// What a drop holds, to be taken while its event lasts.
pub(crate) fn entries_of(drop: &DataTransfer) -> (Vec<FileSystemEntry>, Vec<File>) {
    let items = drop.items();
    let entries = (0..items.length())
        .filter_map(|i| items.get(i))
        .filter_map(|item| item.webkit_get_as_entry().ok().flatten())
        .collect();
    (entries, drop.files().map(|list| of_list(&list)).unwrap_or_default())
}

async fn children(folder: FileSystemDirectoryEntry) -> Result<Vec<FileSystemEntry>, String> {
    let reader: FileSystemDirectoryReader = folder.create_reader();
    let mut all = Vec::new();
    // A reader gives at most 100 entries at a time, and none when it is done.
    loop {
        let batch = called_back(|resolve, reject| reader.read_entries_with_callback_and_callback(resolve, reject));
        let batch = Array::from(&batch.await.map_err(|error| unreadable(&folder.name(), &error))?);
        if batch.length() == 0 {
            return Ok(all);
        }
        all.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

async fn file(entry: FileSystemFileEntry) -> Result<File, String> {
    let file = called_back(|resolve, reject| {
        entry.file_with_callback_and_callback(resolve, reject);
        Ok(())
    });
    file.await.map(JsCast::unchecked_into).map_err(|error| unreadable(&entry.name(), &error))
}

fn called_back(start: impl FnOnce(&js_sys::Function, &js_sys::Function) -> Result<(), JsValue>) -> JsFuture {
    let mut start = Some(start);
    let promise = Promise::new(&mut |resolve, reject| {
        let started = start.take().map_or(Ok(()), |start| start(&resolve, &reject));
        if let Err(error) = started {
            // The promise is refused with what the call threw; a refusal that throws has nowhere left to go.
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(promise)
}

fn unreadable(name: &str, error: &JsValue) -> String {
    format!("{name:?} can't be read: {}. Choose it again.", describe(error))
}

/// Lets the person save a file.
///
/// # Errors
/// A sentence, if the browser refuses.
pub(crate) fn save(file: &ExportedFile) -> Result<(), String> {
    let options = BlobPropertyBag::new();
    options.set_type(&file.mime);
    let parts = Array::of1(&Uint8Array::from(&file.bytes[..]));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options);
    let saved = blob.and_then(|blob| save_blob(&file.name, &blob));
    saved.map_err(|error| format!("{:?} can't be saved: {}.", file.name, describe(&error)))
}

/// Lets the person save a blob under this name.
///
/// # Errors
/// What the browser throws.
pub(crate) fn save_blob(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let document = web_sys::window().and_then(|window| window.document()).ok_or("there is no page")?;
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser reads the blob after this task: the address must live a little longer.
    let forget = Closure::once_into_js(move || Url::revoke_object_url(&url));
    let window = web_sys::window().ok_or("there is no page")?;
    window.set_timeout_with_callback_and_timeout_and_arguments_0(forget.unchecked_ref(), 60_000)?;
    Ok(())
}
