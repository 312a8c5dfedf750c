//! Line icons, drawn on a 16 × 16 grid in the colour of the text beside them.

use leptos::prelude::*;

/// The icons of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IconName {
    ChevronDown,
    ChevronUp,
    Close,
    Cpu,
    Download,
    Drop,
    Help,
    Info,
    Moon,
    Pause,
    Play,
    Search,
    SortDown,
    SortUp,
    Stop,
    Warning,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::ChevronDown => "M4 6l4 4 4-4",
            Self::ChevronUp => "M4 10l4-4 4 4",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Cpu => {
                "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14"
            }
            Self::Download => "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10",
            Self::Drop => "M8 10V3M4.8 6L8 2.8 11.2 6M2.5 9.5v3.5h11V9.5",
            Self::Help => "M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2",
            Self::Info => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.6M8 5v.2",
            Self::Moon => "M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "M5 3.2v9.6L12.5 8z",
            Self::Search => "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14",
            Self::SortDown => "M8 3v9.5M4.5 9L8 12.5 11.5 9",
            Self::SortUp => "M8 13V3.5M4.5 7L8 3.5 11.5 7",
            Self::Stop => "M4 4h8v8H4z",
            Self::Warning => "M8 2.5l6 11H2zM8 6.5v3.3M8 11.6v.2",
        }
    }
}

/// An icon; it says nothing to screen readers, the control around it has the name.
#[component]
pub(crate) fn Icon(name: IconName) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=name.path() />
        </svg>
    }
}
