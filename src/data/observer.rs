//! How long work speaks to whoever asked for it.

/// Watches a long piece of work: told of progress and warnings, asked whether to stop.
pub trait Observer {
    /// `fraction` (0 to 1) of the work is done; `message` says what is being done now.
    fn progress(&self, fraction: f64, message: &str);

    /// Something went wrong that does not stop the work; a person will see it.
    fn warn(&self, message: &str);

    /// Whether the work should end now, leaving what is done.
    fn is_cancelled(&self) -> bool;
}

/// An observer that does not listen: for tests and small work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _fraction: f64, _message: &str) {}
    fn warn(&self, _message: &str) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}
