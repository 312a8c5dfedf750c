//! Texts of files and libraries as parts of a message: control characters escaped, long ones cut.
//!
//! A name in a file may hold NUL, line ends or a whole book. A message is one sentence, shown on a page and in a
//! terminal. What is quoted with `{:?}` is escaped already; this is for what is not.

use std::fmt::{self, Display, Write};

/// Characters that a part of a message has at most.
const MAX_CHARACTERS: usize = 600;
/// Characters that an example has at most.
const MAX_EXAMPLE: usize = 40;

/// The text as a part of a message.
pub(crate) fn printable(text: impl Display) -> String {
    let mut part = Part { text: String::new(), n_left: MAX_CHARACTERS };
    // The only error is that nothing more is taken.
    if write!(part, "{text}").is_err() {
        part.text.push('…');
    }
    part.text
}

/// The first 40 characters of a name or a line, as an example in a message that quotes it.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_EXAMPLE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Takes characters until there are enough.
struct Part {
    text: String,
    n_left: usize,
}

impl Write for Part {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.n_left = self.n_left.checked_sub(1).ok_or(fmt::Error)?;
            if character.is_control() {
                self.text.extend(character.escape_default());
            } else {
                self.text.push(character);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_others_stay() {
        assert_eq!(printable("a\0b\n\u{7f} µ \"q\" \\"), "a\\u{0}b\\n\\u{7f} µ \"q\" \\");
    }

    #[test]
    fn long_texts_are_cut_by_characters() {
        assert_eq!(printable("µ".repeat(600)), "µ".repeat(600));
        assert_eq!(printable("µ".repeat(601)), format!("{}…", "µ".repeat(600)));
    }

    #[test]
    fn examples_are_cut_by_characters() {
        assert_eq!(shortened(&"µ".repeat(40)), "µ".repeat(40));
        assert_eq!(shortened(&"µ".repeat(41)), format!("{}…", "µ".repeat(40)));
    }
}
