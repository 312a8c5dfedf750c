//! Parts that know nothing of the page's state: values come in as signals, what a person does goes out by callbacks.
//!
//! Each has one block of its own name in `www/styles/widgets.css`.

mod banner;
mod button;
mod choice;
mod dialog;
mod disclosure;
mod field;
mod file_picker;
mod icon;
mod menu;
mod progress;
mod section;
mod sorted_table;
mod tabs;
mod virtual_table;

pub(crate) use banner::{Banner, BannerKind};
pub(crate) use button::{Button, ButtonKind};
pub(crate) use choice::{Choice, GroupedSelect, Select};
pub(crate) use dialog::Dialog;
pub(crate) use disclosure::Disclosure;
pub(crate) use field::{Checkbox, SearchField, TextField};
pub(crate) use file_picker::FilePicker;
pub(crate) use icon::{Icon, IconName};
pub(crate) use menu::Menu;
pub(crate) use progress::Progress;
pub(crate) use section::Section;
pub(crate) use sorted_table::{SortedColumn, SortedRows, SortedTable, SortedValues, Sorting};
pub(crate) use tabs::{Tab, TabList, Tabs, head_id, panel_id};
pub(crate) use virtual_table::{SortHeader, VirtualTable};

use std::sync::atomic::{AtomicU32, Ordering};

/// An id for an element, used by nothing else on the page.
pub(crate) fn unique_id(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
