//! A training step in plain Rust on the CPU, in memory that is taken once.
//!
//! The encoder is one dense product; what follows is done on active features alone: picking them, decoding,
//! gradients by a pass over features, one fused pass of the optimiser. Where most features are active (ReLU variants
//! before they have learnt to be sparse) four more dense products are faster, and the density of the batch at hand
//! decides. Everything is in a fixed order: the same steps give the same bits on one machine.
//!
//! Features of a large run are dealt out to two [`Shard`]s, of which a worker may take one ([`ShardPeer`]). Whether it
//! does changes no bit.

mod codes;
mod encode;
mod errors;
mod gradient;
mod kernels;
mod part;
mod product;
mod server;
mod shard;
#[cfg(feature = "burn")]
mod stepper;

pub(crate) use part::Part;
pub(crate) use server::{ShardAnswer, ShardCall, ShardServer, ShardStart};
pub(crate) use shard::Aim;
#[cfg(feature = "burn")]
pub(crate) use stepper::{CpuStepper, ShardPeer};
