//! Values that come from elsewhere: asked for, there, or failed.

use std::ops::Deref;
use std::sync::Arc;

/// A large value shared without copying; two are equal if they are the same value in memory.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A value asked of the engine. The last value stays on screen while the next one is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote<T> {
    /// The last value that came.
    pub value: Option<T>,
    /// Whether a newer one is on its way.
    pub is_loading: bool,
    /// Why the last question failed.
    pub error: Option<String>,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, is_loading: false, error: None }
    }
}

impl<T> Remote<T> {
    pub(super) fn ask(&mut self) {
        self.is_loading = true;
        self.error = None;
    }

    pub(super) fn set(&mut self, value: T) {
        *self = Self { value: Some(value), is_loading: false, error: None };
    }

    pub(super) fn fail(&mut self, message: String) {
        self.is_loading = false;
        self.error = Some(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_values_are_equal_only_to_themselves() {
        let value = Shared::new(vec![f32::NAN]);
        assert_eq!(value, value.clone());
        assert_ne!(Shared::new(1), Shared::new(1));
    }

    #[test]
    fn the_last_value_stays_while_the_next_loads_or_fails() {
        let mut remote = Remote::default();
        remote.set(1);
        remote.ask();
        assert_eq!((remote.value, remote.is_loading), (Some(1), true));
        remote.fail("no".to_owned());
        assert_eq!((remote.value, remote.error.as_deref()), (Some(1), Some("no")));
    }
}
