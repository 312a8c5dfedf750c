//! The built-in demo: its preview is drawn at once, its files are then fetched and opened like any others.
//!
//! All addresses are relative, so that the page works under any path. Once the files are here the page asks the
//! network for nothing more.

mod manifest;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, FilePropertyBag, Response};

use super::client::describe;
use super::state::Msg;
use super::store::Store;
use manifest::{DemoFile, Manifest, PREVIEW_ROLE};

const FOLDER: &str = "./demo";

/// Shows the demo's preview, then fetches and opens its files.
pub(crate) async fn load(store: Store) {
    store.send(Msg::DemoProgress { fraction: 0.0, message: "Fetching the demo".to_owned() });
    match fetch_all(store).await {
        Ok(files) => store.open(files),
        Err(message) => store.send(Msg::DemoFailed(message)),
    }
}

async fn fetch_all(store: Store) -> Result<Vec<File>, String> {
    let text = JsFuture::from(get("manifest.json").await?.text().map_err(|error| unreadable("manifest.json", &error))?);
    let text = text.await.map_err(|error| unreadable("manifest.json", &error))?;
    let manifest = Manifest::parse(&text.as_string().unwrap_or_default())?;
    let bytes = bytes_of(&manifest.preview.path).await?;
    store.send(Msg::PreviewLoaded(manifest.preview(&bytes)?));
    next_frame().await;
    let wanted: Vec<&DemoFile> = manifest.files.iter().filter(|file| file.role != PREVIEW_ROLE).collect();
    let total: f64 = wanted.iter().map(|file| file.size as f64).sum();
    let (mut files, mut done) = (Vec::new(), 0.0);
    for file in wanted {
        let message = format!("Fetching the demo: {}", file.path);
        store.send(Msg::DemoProgress { fraction: done / total.max(1.0), message });
        files.push(file_of(&file.path).await?);
        done += file.size as f64;
    }
    Ok(files)
}

/// Waits until the browser has drawn, so that the preview is seen before larger work begins.
async fn next_frame() {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let frame = web_sys::window().map(|window| window.request_animation_frame(&resolve));
        if !matches!(frame, Some(Ok(_))) {
            // Without frames there is nothing to wait for.
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    // A promise that is only ever resolved can't fail.
    let _ = JsFuture::from(promise).await;
}

async fn get(path: &str) -> Result<Response, String> {
    let window = web_sys::window().ok_or("The page has no window.")?;
    let response = JsFuture::from(window.fetch_with_str(&format!("{FOLDER}/{path}"))).await;
    let response: Response = response.map_err(|error| unreadable(path, &error))?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    Err(format!("The demo's file {path:?} can't be fetched: the server says {}.", response.status()))
}

async fn blob_of(path: &str) -> Result<Blob, String> {
    let blob = get(path).await?.blob().map_err(|error| unreadable(path, &error))?;
    JsFuture::from(blob).await.map(JsCast::unchecked_into).map_err(|error| unreadable(path, &error))
}

async fn bytes_of(path: &str) -> Result<Vec<u8>, String> {
    let buffer = JsFuture::from(blob_of(path).await?.array_buffer());
    let buffer = buffer.await.map_err(|error| unreadable(path, &error))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

async fn file_of(path: &str) -> Result<File, String> {
    let parts = Array::of1(&blob_of(path).await?.into());
    let name = path.rsplit('/').next().unwrap_or(path);
    File::new_with_blob_sequence_and_options(&parts, name, &FilePropertyBag::new())
        .map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &str, error: &JsValue) -> String {
    format!(
        "The demo's file {path:?} can't be fetched: {}. Check the connection, or open files of your own.",
        describe(error)
    )
}
