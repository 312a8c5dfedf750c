//! The page: state, the engine's client, panels and widgets.
//!
//! [`state`] is plain and pure and is built everywhere; the rest needs Leptos and a browser (feature `ui`).

pub mod state;
