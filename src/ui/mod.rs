//! The page: state, the engine's client, panels and widgets.
//!
//! [`state`] is plain and pure and is built everywhere; the rest needs Leptos and a browser (feature `ui`).
//! `widgets` know no state, `panels` read the [`store`] and send messages, [`app`] puts them together.

pub mod analysis_form;
pub mod state;

#[cfg(feature = "ui")]
pub mod app;
#[cfg(feature = "ui")]
pub mod card;
#[cfg(feature = "ui")]
mod client;
#[cfg(feature = "ui")]
mod demo;
#[cfg(feature = "ui")]
mod files;
#[cfg(feature = "ui")]
mod gsea;
#[cfg(feature = "ui")]
pub mod map;
pub mod method_line;
pub mod named;
#[cfg(feature = "ui")]
mod panels;
pub mod shortcuts;
#[cfg(feature = "ui")]
pub mod steer;
#[cfg(feature = "ui")]
pub mod store;
pub mod text;
#[cfg(feature = "ui")]
pub mod theme;
pub mod train_form;
#[cfg(feature = "ui")]
mod widgets;
