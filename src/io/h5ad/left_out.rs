//! Parts of a file that could not be read and are left out: told one by one as long as a person would read it, then
//! only counted.

use crate::data::{Observer, printable};
use crate::io::ImportError;

/// Parts of which each is told with its reason.
const MAX_TOLD: usize = 20;

/// Tells of parts that are left out.
pub(super) struct LeftOut<'a> {
    observer: &'a dyn Observer,
    n: usize,
}

impl<'a> LeftOut<'a> {
    /// Nothing is left out yet.
    pub(super) fn new(observer: &'a dyn Observer) -> Self {
        Self { observer, n: 0 }
    }

    /// Tells why a part is left out.
    pub(super) fn tell(&mut self, what: &str, error: &ImportError) {
        self.n += 1;
        if self.n <= MAX_TOLD {
            self.observer.warn(&format!("{} was left out: {error}", printable(what)));
        }
    }

    /// Tells how many were left out without being told.
    pub(super) fn finish(self) {
        if self.n > MAX_TOLD {
            self.observer.warn(&format!("{} more parts were left out for such reasons.", self.n - MAX_TOLD));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[derive(Default)]
    struct Warnings(RefCell<Vec<String>>);

    impl Observer for Warnings {
        fn progress(&self, _fraction: f64, _message: &str) {}
        fn warn(&self, message: &str) {
            self.0.borrow_mut().push(message.to_owned());
        }
        fn is_cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn many_parts_are_counted() {
        let warnings = Warnings::default();
        let mut left_out = LeftOut::new(&warnings);
        (0..50).for_each(|_| left_out.tell("obsm/a\0b", &ImportError::Empty { file: "f".to_owned() }));
        left_out.finish();
        let told = warnings.0.into_inner();
        assert_eq!(told.len(), MAX_TOLD + 1);
        assert!(told[0].starts_with("obsm/a\\u{0}b was left out: \"f\" is empty"), "{}", told[0]);
        assert!(told[MAX_TOLD].starts_with("30 more parts"), "{}", told[MAX_TOLD]);
    }
}
