//! Messages to a worker that has some of the features of a training run, and its answers.
//!
//! A step has phases, and between them each shard tells the others what they must agree on; what that is,
//! `sae::train::cpu` says.

use serde::{Deserialize, Serialize};

use super::{F32Column, SaeParams, U32Column};

/// What the holder of a shard is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolShardCall {
    /// Take these features, in place of earlier ones.
    Begin(Box<PoolShardStart>),
    /// A step begins.
    Encode {
        /// Its cells as training sees them, `[n_cells, d_in]`.
        x: F32Column,
        /// Whether to learn nothing from them.
        measures: bool,
    },
    /// Its second phase, with the parts of the shards before this one.
    Decode(Vec<PoolPart>),
    /// Its third.
    Differentiate(Vec<PoolPart>),
    /// Its last.
    Update(Vec<PoolPart>),
    /// What does the shard remember?
    State,
    /// Forget the shard.
    End,
}

/// What a shard begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolShardStart {
    /// Of the whole run.
    pub params: SaeParams,
    /// Input dimensions.
    pub d_in: usize,
    /// Steps in an epoch.
    pub steps_per_epoch: usize,
    /// First of its features.
    pub first: usize,
    /// Their number is that of `since_fired`.
    pub state: PoolShardState,
}

/// What a shard remembers between two steps: each parameter of the autoencoder, and its moments, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolShardState {
    /// Steps done.
    pub step: usize,
    /// Values.
    pub parameters: Vec<F32Column>,
    /// First moments.
    pub first: Vec<F32Column>,
    /// Second moments.
    pub second: Vec<F32Column>,
    /// Steps since each feature fired.
    pub since_fired: U32Column,
    /// Mean of the smallest activation kept in a batch.
    pub batch_threshold: Option<f32>,
}

/// What a shard tells the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolPart {
    /// Candidates by cell.
    pub counts: U32Column,
    /// Values of the phase.
    pub values: F32Column,
    /// Numbers to be summed over shards.
    pub sums: [f64; 2],
}
