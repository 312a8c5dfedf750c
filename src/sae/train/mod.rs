//! Training of sparse autoencoders.
//!
//! [`Trainer`] walks through seeded epochs and reports; one of two steppers does the arithmetic of a step with the same
//! hand-written gradients: [`cpu`] in plain Rust around Burn's matrix products, [`tensor`] in Burn operations only, so
//! that nothing is read back from a GPU. Losses, gradients and optimiser follow PyTorch (Adam, β .9 and .999, ε 1e-8).
//!
//! With e = x̂ − x, B cells in a batch and z the activations:
//! - vanilla as coded: Σe²/(B·d) + λ·Σz/(B·h); as printed: Σe²/B + λ·Σz/B (PAPER.md §1);
//! - topk: Σe²/(B·d), encoder input x − b_dec, which puts −Σ_b W_enc·∂a into the gradient of b_dec.
//!
//! ReLU has gradient 0 at 0.

mod adam;
mod checkpoint;
mod config;
mod cpu;
mod early_stop;
mod initial;
mod loss;
mod order;
mod split;
mod state;
mod stepper;
mod tensor;
mod tensor_gradient;
mod top_mask;
mod trainer;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use trainer::{TrainError, Trainer};

pub(crate) use top_mask::top_mask;
