//! When a run that does not get better on held-out cells ends.

use serde::{Deserialize, Serialize};

/// A smaller gain than this in unexplained variance is none.
const SMALLEST_GAIN: f64 = 1e-4;

/// The best look at the held-out cells, and how many since were no better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EarlyStop {
    pub(super) best: Option<f64>,
    pub(super) n_worse: usize,
}

impl EarlyStop {
    /// Adds a look; a result that is not a number is no better.
    pub(super) fn look(&mut self, explained_variance: f64) {
        if self.best.is_none_or(|best| explained_variance > best + SMALLEST_GAIN) {
            *self = Self { best: Some(explained_variance).filter(|value| value.is_finite()), n_worse: 0 };
        } else {
            self.n_worse += 1;
        }
    }

    /// Whether `patience` looks in a row were no better.
    pub(super) fn is_over(&self, patience: Option<usize>) -> bool {
        patience.is_some_and(|patience| self.n_worse >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_after_so_many_looks_without_a_gain() {
        let mut stop = EarlyStop::default();
        for value in [0.5, 0.6, 0.600_05, 0.59] {
            stop.look(value);
            assert!(!stop.is_over(Some(3)) && !stop.is_over(None));
        }
        stop.look(f64::NAN);
        assert!(stop.is_over(Some(3)) && !stop.is_over(None));
        stop.look(0.7);
        assert_eq!(stop, EarlyStop { best: Some(0.7), n_worse: 0 });
    }
}
