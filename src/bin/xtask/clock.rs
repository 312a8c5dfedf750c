//! Times the steps of a task and shows where the time went.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Named steps with their times, in the order they ran.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    steps: Vec<(String, Duration)>,
}

impl Stopwatch {
    /// Announces a step, does it, and keeps its time whether or not it succeeded.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> T) -> T {
        println!("\n── {name}");
        let started = Instant::now();
        let result = work();
        self.steps.push((name.to_owned(), started.elapsed()));
        result
    }

    /// A table of all steps and their sum.
    pub(crate) fn table(&self) -> String {
        let width = self.steps.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(5);
        let mut table = String::from("\nWhere the time goes\n");
        for (name, time) in &self.steps {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "  {name:<width$}  {:>8}", shown(*time));
        }
        let total = self.steps.iter().map(|(_, time)| *time).sum();
        let _ = writeln!(table, "  {:<width$}  {:>8}", "total", shown(total));
        table
    }
}

/// A time as `42.0 s` or `3 m 05 s`.
pub(crate) fn shown(time: Duration) -> String {
    if time.as_secs() < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    let whole = time.as_secs();
    format!("{} m {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_minutes_from_one_on() {
        assert_eq!(shown(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(185)), "3 m 05 s");
    }

    #[test]
    fn the_table_ends_on_the_sum() {
        let watch = Stopwatch {
            steps: vec![("one".to_owned(), Duration::from_secs(30)), ("two".to_owned(), Duration::from_secs(45))],
        };
        assert!(watch.table().trim_end().ends_with("1 m 15 s"));
    }
}
