//! Cell ids compared by a part of them: which parts are left out on either side.
//!
//! Tools add to barcodes: `AAAC` becomes `AAAC-1`, `sample1_AAAC-1`, `AAAC-1-0`. An id is cut at `-`, `_`, `.`, `:`, `#`,
//! `/` and `|`; what is left after parts were taken from its ends is its core, in which all of these marks count as the
//! same. A part may be empty. Such a comparison is only ever made where a person asked for it.

use serde::{Deserialize, Serialize};

/// Marks between the parts of an id.
const MARKS: [char; 7] = ['-', '_', '.', ':', '#', '/', '|'];

/// How many parts of an id are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdParts {
    /// From its beginning.
    pub n_first: u8,
    /// From its end.
    pub n_last: u8,
}

/// Ids of a file are compared with those of the cells by parts of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTrim {
    /// The file's name.
    pub file: String,
    /// What is left out of the file's ids.
    pub of_file: IdParts,
    /// What is left out of the ids of the cells that are open.
    pub of_cells: IdParts,
}

impl IdParts {
    /// An id cut into what is left out before, what stays, and what is left out behind, marks with what is left out.
    /// `None` if nothing would stay.
    ///
    /// # Examples
    /// ```
    /// use featurescope::data::IdParts;
    /// let parts = IdParts { n_first: 1, n_last: 1 };
    /// assert_eq!(parts.cut("s1_AAAC-1"), Some(("s1_", "AAAC", "-1")));
    /// assert_eq!(parts.cut("AAAC-1"), None);
    /// ```
    pub fn cut(self, id: &str) -> Option<(&str, &str, &str)> {
        let mut start = 0;
        for _ in 0..self.n_first {
            start += id[start..].find(MARKS)? + 1;
        }
        let mut end = id.len();
        for _ in 0..self.n_last {
            end = start + id[start..end].rfind(MARKS)?;
        }
        (start < end).then(|| (&id[..start], &id[start..end], &id[end..]))
    }

    /// What of an id is compared, all marks alike.
    pub fn core(self, id: &str) -> Option<String> {
        self.cut(id).map(|(_, core, _)| core.replace(MARKS, "-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_from_both_ends_until_nothing_stays() {
        let core = |n_first, n_last, id: &str| IdParts { n_first, n_last }.core(id);
        assert_eq!(core(0, 0, "a.b").as_deref(), Some("a-b"));
        assert_eq!(core(0, 2, "AAAC-1-0").as_deref(), Some("AAAC"));
        assert_eq!(core(2, 1, "my#s_AAAC-1").as_deref(), Some("AAAC"));
        assert_eq!(core(1, 0, "é_ü").as_deref(), Some("ü"));
        for (n_first, n_last, id) in
            [(0, 0, ""), (1, 0, "a"), (1, 1, "a-b"), (0, 1, "-b"), (2, 0, "a--"), (0, 3, "a-b")]
        {
            assert_eq!(core(n_first, n_last, id), None, "{id}");
        }
    }
}
