//! Training of sparse autoencoders.
//!
//! [`Trainer`] walks through seeded epochs, looks at held-out cells and reports; one of two steppers does the arithmetic
//! of a step with the same hand-written gradients: [`cpu`] in plain Rust, on active features alone where that pays;
//! [`tensor`] in Burn operations only, so that nothing is read back from a GPU. What every variant computes and what its
//! loss is, [`crate::sae::Variant`] says.
//!
//! A step: gradients; for a decoder with rows of length 1 the part of its gradient along each row is taken out; all
//! gradients are shortened where their norm over all parameters exceeds the clip; Adam as PyTorch's (β .9 and .999, ε
//! 1e-8) at the schedule's rate; decoder rows go back to length 1. Where activations are picked over a batch, the
//! smallest one picked is averaged (θ ← βθ + (1−β)·smallest, from the first one on) and is the finished autoencoder's
//! threshold.
//!
//! Dead features of the top-k variants get a loss of their own (Gao et al. 2024, as in dictionary_learning): for every
//! cell the ⌊d/2⌋ largest positive pre-activations of dead features give ê = z W_dec, and with r = x − x̂ as a constant
//! α·Σ‖r − ê‖²/Σ‖r − r̄‖² is added, 0 where r does not vary.
//!
//! ReLU has gradient 0 at 0. Ties in top-k go to the lower feature (over a batch: to the earlier cell first). All of it is
//! compared with PyTorch, sae-lens and dictionary_learning by `tests/fixtures/sae/training`.

mod adam;
#[cfg(feature = "burn")]
mod checkpoint;
mod config;
mod cpu;
#[cfg(feature = "burn")]
mod early_stop;
#[cfg(feature = "burn")]
mod initial;
mod loss;
#[cfg(feature = "burn")]
mod order;
#[cfg(feature = "burn")]
mod split;
mod state;
#[cfg(feature = "burn")]
mod stepper;
#[cfg(feature = "burn")]
mod tensor;
#[cfg(feature = "burn")]
mod tensor_gradient;
#[cfg(feature = "burn")]
mod thin;
#[cfg(feature = "burn")]
mod top_mask;
#[cfg(feature = "burn")]
mod trainer;
#[cfg(feature = "burn")]
mod whole;

#[cfg(feature = "burn")]
#[cfg(test)]
mod tests;

#[cfg(feature = "burn")]
pub use checkpoint::{Checkpoint, CheckpointError};
#[cfg(feature = "burn")]
pub use trainer::{TrainError, Trainer};

pub(crate) use adam::Moments;
#[cfg(feature = "burn")]
pub(crate) use adam::{AdamStep, BETA1, BETA2, EPSILON};
#[cfg(feature = "burn")]
pub(crate) use cpu::ShardPeer;
pub(crate) use cpu::{Aim, Part, ShardAnswer, ShardCall, ShardServer, ShardStart};
pub(crate) use state::{ByParameter, TrainState};
#[cfg(feature = "burn")]
pub(crate) use top_mask::top_mask;
