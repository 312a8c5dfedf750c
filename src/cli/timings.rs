//! How long each step of a run took, and how much memory the process had held by then.
//!
//! Wall seconds from the request to the answer that ends it. Peak memory is the kernel's high-water mark of the whole
//! process (`VmHWM` in `/proc/self/status`, Linux); elsewhere it is left out.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::error::CliError;
use crate::protocol::Request;

/// A step that ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Timing {
    step: &'static str,
    secs: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<u64>,
}

/// The steps of a run in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Timings(Vec<Timing>);

impl Timings {
    /// Notes that a step begun at `started` has ended now.
    pub(super) fn note(&mut self, step: &'static str, started: Instant) {
        self.0.push(Timing { step, secs: started.elapsed().as_secs_f64(), peak_bytes: own_peak_bytes() });
    }

    /// Writes one JSON object a line: `step`, `secs` and, where it is known, `peak_bytes`.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub(super) fn write(&self, path: &Path) -> Result<(), CliError> {
        std::fs::write(path, self.lines()).map_err(|source| CliError::Output { path: path.to_owned(), source })
    }

    fn lines(&self) -> String {
        // Names and numbers always serialise.
        let line = |timing: &Timing| serde_json::to_string(timing).map(|line| line + "\n").unwrap_or_default();
        self.0.iter().map(line).collect()
    }
}

/// What a request's step is called; open includes the features' activations where weights are opened along.
pub(super) fn step_name(request: &Request) -> &'static str {
    match request {
        Request::Open { .. } => "open",
        Request::Train { .. } | Request::ResumeCheckpoint => "train",
        Request::Sweep { .. } => "sweep",
        Request::UseSweepRun { .. } => "use_sweep_run",
        Request::UseColumns { .. } => "use_columns",
        Request::Analyse { .. } => "analyse",
        Request::Gsea { .. } => "gsea",
        Request::Export { .. } => "export",
        _ => "other",
    }
}

fn own_peak_bytes() -> Option<u64> {
    peak_bytes_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM:   123 kB` in bytes.
fn peak_bytes_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        assert_eq!(peak_bytes_in("VmPeak:\t 9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(peak_bytes_in("VmPeak:\t 9 kB\n"), None);
        assert_eq!(peak_bytes_in("VmHWM:\t many kB\n"), None);
    }

    #[test]
    fn a_line_is_an_object_and_leaves_out_memory_nobody_knows() {
        let timing = |peak_bytes| Timing { step: "open", secs: 0.5, peak_bytes };
        let timings = Timings(vec![timing(Some(4096)), timing(None)]);
        let expected = "{\"step\":\"open\",\"secs\":0.5,\"peak_bytes\":4096}\n{\"step\":\"open\",\"secs\":0.5}\n";
        assert_eq!(timings.lines(), expected);
    }
}
