//! How much memory a matrix may take, and the words for it.
//!
//! Gigabytes are 10⁹ bytes, as elsewhere in this program.

use super::ImportError;

/// Memory there is for expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// Bytes that all data may take together.
    pub bytes: u64,
    /// Bytes that the open data take, and keep until the new are there.
    pub taken: u64,
}

impl MemoryLimit {
    /// Bytes that are left for new data.
    #[must_use]
    pub fn left(self) -> u64 {
        self.bytes.saturating_sub(self.taken)
    }

    /// What there is, as a clause, and what to do where closing the open data would be enough.
    pub(crate) fn described(self, needed: u64) -> String {
        let there = format!("a browser tab has {} for it", amount(self.bytes));
        match self.taken {
            0 => there,
            taken if needed <= self.bytes => {
                format!("{there}, of which the data that is open takes {}; close that first", amount(taken))
            }
            taken => format!("{there}, of which the data that is open takes {}", amount(taken)),
        }
    }
}

/// Holds what a matrix will take against the memory there is, if there is a limit; `what` says which matrix.
///
/// # Errors
/// [`ImportError::TooLarge`].
pub(crate) fn check_room(
    file: &str,
    memory: Option<MemoryLimit>,
    needed: u64,
    what: impl Fn() -> String,
) -> Result<(), ImportError> {
    match memory.filter(|memory| needed > memory.left()) {
        Some(memory) => Err(ImportError::TooLarge { file: file.to_owned(), what: what(), needed, memory }),
        None => Ok(()),
    }
}

/// How far reading a matrix of `n_values` is, and what it will take where that is known.
pub(crate) fn told(fraction: f64, n_values: u64, needed: Option<u64>) -> String {
    let millions = n_values as f64 / 1e6;
    let memory = needed.map(|needed| format!(", up to {} of memory", amount(needed))).unwrap_or_default();
    format!("Reading expression: {:.1} of {millions:.1} million values{memory}", fraction * millions)
}

/// Bytes as a person reads them: `0.4 GB`, `12 MB`.
pub(crate) fn amount(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        99_500_000.0.. => format!("{:.1} GB", bytes / 1e9),
        999_500.0.. => format!("{:.0} MB", bytes / 1e6),
        _ => format!("{:.0} kB", (bytes / 1e3).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_unit_that_suits_them() {
        let texts = [0, 1, 1500, 2_400_000, 99_400_000, 99_500_000, 3 << 30].map(amount);
        assert_eq!(texts, ["0 kB", "1 kB", "2 kB", "2 MB", "99 MB", "0.1 GB", "3.2 GB"]);
    }

    #[test]
    fn what_is_open_counts_and_closing_it_is_advised_where_that_helps() {
        let limit = |taken| MemoryLimit { bytes: 3_000_000_000, taken };
        assert_eq!((limit(1_000_000_000).left(), limit(4_000_000_000).left()), (2_000_000_000, 0));
        assert_eq!(limit(0).described(9_000_000_000), "a browser tab has 3.0 GB for it");
        assert!(limit(1_000_000_000).described(2_500_000_000).ends_with("takes 1.0 GB; close that first"));
        assert!(limit(1_000_000_000).described(3_500_000_000).ends_with("takes 1.0 GB"));
    }
}
