//! Our own GPU kernels for training: WGSL that Burn's WebGPU tensors are handed to, each with a plain Rust twin.
//!
//! A stock operation reads and writes whole matrices `[batch, n_features]`; these touch the k active features of a
//! cell only. Every function takes and gives Burn tensors. On a GPU nothing is read back; elsewhere the twin runs.
//! Sums are f32 in a fixed order (no atomics on floats), so a step gives the same bits again on the same device.
//!
//! What [`TopKStep`] costs with B cells of d numbers, h features, k of them active (4-byte numbers, caches not counted):
//!
//! | kernel | dispatches | bytes | flops |
//! |---|---|---|---|
//! | gather | 1 | 8Bd | Bd |
//! | product, tiles of 64 | 1 | 4(Bd⌈h/64⌉ + hd⌈B/64⌉ + Bh) | 2Bdh |
//! | top-k, and clearing its bits | 2 | 20Bh + 8Bk + hB/8 | – |
//! | decode and ∂z | 1 | 8Bdk + 12Bd | 4Bdk |
//! | rows of ∂W_dec, ∂W_enc | 2 | 8Bdk + 24hd + hB/4 | 4Bdk + 5hd |
//! | ∂b_dec, norm, tally | 2 | 4Bd + 4hd | Bd + 2hd |
//! | Adam, unit rows | 4 | 64hd | 26hd |
//! | all | 13 | | 2Bdh + 8Bdk + about 33hd |
//!
//! No less than 2Bdh + 8Bdk can be done with the k active features known only after the product. The stock operations
//! take about 100 dispatches and 8Bdh flops. A batch's top-k takes 11 dispatches where a cell's takes 2.

mod active;
mod adam;
mod batch_top_k;
mod by_feature;
mod decode;
mod finish;
mod gather;
mod host;
#[cfg(target_arch = "wasm32")]
mod launch;
#[cfg(not(target_arch = "wasm32"))]
#[path = "no_launch.rs"]
mod launch;
mod matmul;
mod step;
mod threshold;
mod top_k;

#[cfg(test)]
mod tests;

pub(crate) use adam::Moving;
pub(crate) use finish::Traces;
pub(crate) use step::{StepRules, TopKStep};
pub(crate) use threshold::BatchThreshold;

use adam::adam;
use batch_top_k::batch_top_k;
use by_feature::{RowRule, by_feature};
use decode::decode;
use finish::finish;
use gather::gather;
use matmul::matmul_transposed;
use top_k::top_k;

/// A kernel's WGSL under a name of its own, by which its compiled form is remembered.
pub(crate) struct Source {
    name: &'static str,
    text: &'static str,
}

/// Why a kernel's twin can't run.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The device does not hand out its numbers at once.
    #[error("the device can't be read ({reason}); train on the CPU or on WebGPU")]
    Read {
        /// What it says.
        reason: String,
    },
}

impl KernelError {
    fn read(reason: impl std::fmt::Display) -> Self {
        Self::Read { reason: reason.to_string() }
    }
}
