//! Keys that work everywhere on the page, except while a person types.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Shows the help dialog.
    Help,
    /// Opens the file picker.
    OpenFiles,
    /// Goes to the table's search box.
    Search,
    /// Looks at the next feature of the table.
    NextFeature,
    /// Looks at the previous feature of the table.
    PreviousFeature,
    /// Clears the cell selection.
    ClearSelection,
    /// Opens or closes the table.
    ToggleTable,
}

/// The keys in the order of the help dialog: what to press, what it does.
pub const SHORTCUTS: [(&str, &str, Shortcut); 7] = [
    ("?", "Show this help", Shortcut::Help),
    ("o", "Open files", Shortcut::OpenFiles),
    ("/", "Search the feature table", Shortcut::Search),
    ("j", "Next feature of the table", Shortcut::NextFeature),
    ("k", "Previous feature of the table", Shortcut::PreviousFeature),
    ("t", "Open or close the feature table", Shortcut::ToggleTable),
    ("Escape", "Clear the cell selection", Shortcut::ClearSelection),
];

/// The shortcut of a key; none with a modifier, which belongs to the browser.
pub fn shortcut(key: &str, has_modifier: bool) -> Option<Shortcut> {
    let known = SHORTCUTS.iter().find(|(shown, _, _)| *shown == key).filter(|_| !has_modifier);
    known.map(|(_, _, shortcut)| *shortcut)
}

/// Whether an element takes letters itself.
pub fn takes_letters(tag_name: &str, input_type: Option<&str>) -> bool {
    match tag_name {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(input_type, Some("checkbox" | "radio" | "range" | "button" | "file")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_belong_to_the_browser() {
        assert_eq!(shortcut("o", false), Some(Shortcut::OpenFiles));
        assert_eq!(shortcut("o", true), None);
        assert_eq!(shortcut("x", false), None);
    }

    #[test]
    fn keys_are_not_taken_from_text_boxes() {
        assert!(takes_letters("INPUT", Some("search")) && takes_letters("INPUT", None));
        assert!(!takes_letters("INPUT", Some("checkbox")) && !takes_letters("BUTTON", None));
    }
}
