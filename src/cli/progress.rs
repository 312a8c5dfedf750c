//! Progress on the error stream: a bar where it is a terminal, nothing where it is not.

use indicatif::{ProgressBar, ProgressStyle};

use crate::protocol::{Event, Notice, NoticeLevel, TrainProgress};

/// Ticks of the whole bar.
const LENGTH: u32 = 1000;
const TEMPLATE: &str = "{bar:30} {percent:>3} %  {wide_msg}";

/// The bar of the job that is going on.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(u64::from(LENGTH));
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Shows what an event says of progress; other events pass by.
    pub(super) fn show(&self, event: &Event) {
        match event {
            Event::Progress { fraction, message, .. } => self.set(*fraction, message.clone()),
            Event::Training { progress, .. } => {
                self.set(progress.step as f64 / progress.n_steps.max(1) as f64, training_text(progress));
            }
            _ => {}
        }
    }

    /// Prints a line above the bar.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| {
            use std::io::Write;
            // Progress is a courtesy; a closed error stream is no reason to stop.
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// Prints what a person should know above the bar.
    pub(super) fn say_notice(&self, notice: &Notice) {
        let level = match notice.level {
            NoticeLevel::Info => "Note",
            NoticeLevel::Warning => "Warning",
        };
        self.say(&format!("{level}: {}", notice.text));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn set(&self, fraction: f64, message: String) {
        self.bar.set_message(message);
        let n_done = (1..=LENGTH).take_while(|&tick| f64::from(tick) <= fraction * f64::from(LENGTH)).count();
        self.bar.set_position(n_done as u64);
    }
}

fn training_text(progress: &TrainProgress) -> String {
    let held_out = progress.held_out.map(|value| format!(" ({value:.3} held out)")).unwrap_or_default();
    format!(
        "Training: epoch {}, loss {:.4}, L0 {:.1}, dead {:.0} %, explained variance {:.3}{held_out}, {:.0} s left",
        progress.epoch + 1,
        progress.loss,
        progress.l0,
        100.0 * progress.dead_share,
        progress.explained_variance,
        progress.remaining_secs
    )
}
