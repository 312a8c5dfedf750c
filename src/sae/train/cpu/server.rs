//! A shard behind calls, for whoever holds it elsewhere.

use std::ops::Range;

use super::part::Part;
use super::shard::{Aim, Shard};
use crate::sae::SaeParams;
use crate::sae::train::config::StepConfig;
use crate::sae::train::state::{ByParameter, Sizes, TrainState};

/// What a shard begins with.
#[derive(Clone, Debug)]
pub(crate) struct ShardStart {
    /// Of the whole run.
    pub(crate) params: SaeParams,
    /// Input dimensions.
    pub(crate) d_in: usize,
    /// Steps in an epoch.
    pub(crate) steps_per_epoch: usize,
    /// The features that are its own.
    pub(crate) range: Range<usize>,
    /// Their state.
    pub(crate) state: TrainState,
}

/// What the holder of a shard is asked; the phases of a step come one after the other.
#[derive(Clone, Debug)]
pub(crate) enum ShardCall {
    /// Take this shard, in place of an earlier one.
    Begin(Box<ShardStart>),
    /// [`Shard::encode`] for these cells, `[n_cells, d_in]`.
    Encode {
        /// As training sees them.
        x: Vec<f32>,
        /// What for.
        aim: Aim,
    },
    /// [`Shard::decode`], with the parts of the shards before it.
    Decode(Vec<Part>),
    /// [`Shard::differentiate`], with the parts of the shards before it.
    Differentiate(Vec<Part>),
    /// [`Shard::update`], with the parts of the shards before it.
    Update(Vec<Part>),
    /// What the shard remembers between steps.
    State,
    /// Forget the shard.
    End,
}

/// What the holder of a shard answers.
#[derive(Clone, Debug)]
pub(crate) enum ShardAnswer {
    /// Done.
    Done,
    /// What the phase says to the other shards.
    Part(Part),
    /// What was asked for.
    State(Box<TrainState>),
}

/// Holds a shard and answers calls about it.
#[derive(Debug, Default)]
pub(crate) struct ShardServer {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    shard: Shard,
    d_in: usize,
    x: Vec<f32>,
    /// What it said last.
    part: Part,
}

impl ShardServer {
    /// Serves one call.
    ///
    /// # Errors
    /// A sentence where the call makes no sense.
    pub(crate) fn answer(&mut self, call: ShardCall) -> Result<ShardAnswer, String> {
        match call {
            ShardCall::Begin(start) => self.begin(*start)?,
            ShardCall::End => self.held = None,
            call => return self.held.as_mut().ok_or("a step came before a shard")?.answer(call),
        }
        Ok(ShardAnswer::Done)
    }

    fn begin(&mut self, start: ShardStart) -> Result<(), String> {
        let ShardStart { params, d_in, steps_per_epoch, range, state } = start;
        let own = Sizes { d_in, n_features: range.len() };
        let lengths = state.parameters.as_ref().map(Vec::len);
        let moments = state.moments.as_ref().map(|moments| (moments.first.len(), moments.second.len()));
        let is_whole = lengths == ByParameter::sizes(params.variant, own)
            && moments == lengths.map(|n| (n, n))
            && state.since_fired.len() == range.len()
            && range.end <= params.n_features
            && !range.is_empty();
        if !is_whole {
            return Err("the features to be trained are not whole".to_owned());
        }
        let config = StepConfig::new(&params, d_in, steps_per_epoch);
        self.held =
            Some(Held { shard: Shard::new(config, state, range, 1), d_in, x: Vec::new(), part: Part::default() });
        Ok(())
    }
}

impl Held {
    fn answer(&mut self, call: ShardCall) -> Result<ShardAnswer, String> {
        let part = match call {
            ShardCall::Encode { x, aim } => {
                if x.is_empty() || x.len() % self.d_in != 0 {
                    return Err(format!("a batch of {} values does not fit {} dimensions", x.len(), self.d_in));
                }
                self.x = x;
                self.shard.encode(&self.x, aim)
            }
            ShardCall::Decode(before) => self.shard.decode(&self.all(before)),
            ShardCall::Differentiate(before) => {
                let parts = self.all(before);
                if parts.iter().any(|part| part.values.len() != self.part.values.len()) {
                    return Err("the reconstructions to be added differ in length".to_owned());
                }
                self.shard.differentiate(&self.x, &parts).0
            }
            ShardCall::Update(before) => {
                self.shard.update(&self.all(before));
                return Ok(ShardAnswer::Done);
            }
            ShardCall::State => return Ok(ShardAnswer::State(Box::new(self.shard.state().clone()))),
            ShardCall::Begin(_) | ShardCall::End => return Ok(ShardAnswer::Done),
        };
        self.part = part.clone();
        Ok(ShardAnswer::Part(part))
    }

    /// The parts of all shards.
    fn all(&self, mut before: Vec<Part>) -> Vec<Part> {
        before.push(self.part.clone());
        before
    }
}
