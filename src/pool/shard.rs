//! Calls to a shard of a training run as messages, and back.

use crate::protocol::{
    F32Column, PoolAnswer, PoolPart, PoolShardCall, PoolShardStart, PoolShardState, SaeParams, U32Column,
};
use crate::sae::{Aim, ByParameter, Moments, Part, ShardAnswer, ShardCall, ShardStart, TrainState};

/// A call as a message.
#[cfg(feature = "burn")]
pub(crate) fn to_message(call: ShardCall) -> PoolShardCall {
    let parts = |parts: Vec<Part>| parts.into_iter().map(part_message).collect();
    match call {
        ShardCall::Begin(start) => {
            let ShardStart { params, d_in, steps_per_epoch, range, state } = *start;
            let state = state_message(state);
            PoolShardCall::Begin(Box::new(PoolShardStart { params, d_in, steps_per_epoch, first: range.start, state }))
        }
        ShardCall::Encode { x, aim } => PoolShardCall::Encode { x: F32Column(x), measures: aim == Aim::Measure },
        ShardCall::Decode(before) => PoolShardCall::Decode(parts(before)),
        ShardCall::Differentiate(before) => PoolShardCall::Differentiate(parts(before)),
        ShardCall::Update(before) => PoolShardCall::Update(parts(before)),
        ShardCall::State => PoolShardCall::State,
        ShardCall::End => PoolShardCall::End,
    }
}

/// A call from its message.
///
/// # Errors
/// A sentence where the message is not whole.
pub(super) fn from_message(message: PoolShardCall) -> Result<ShardCall, String> {
    let parts = |parts: Vec<PoolPart>| parts.into_iter().map(part).collect();
    Ok(match message {
        PoolShardCall::Begin(start) => ShardCall::Begin(Box::new(begin(*start)?)),
        PoolShardCall::Encode { x, measures } => {
            ShardCall::Encode { x: x.0, aim: if measures { Aim::Measure } else { Aim::Learn } }
        }
        PoolShardCall::Decode(before) => ShardCall::Decode(parts(before)),
        PoolShardCall::Differentiate(before) => ShardCall::Differentiate(parts(before)),
        PoolShardCall::Update(before) => ShardCall::Update(parts(before)),
        PoolShardCall::State => ShardCall::State,
        PoolShardCall::End => ShardCall::End,
    })
}

fn begin(start: PoolShardStart) -> Result<ShardStart, String> {
    let PoolShardStart { params, d_in, steps_per_epoch, first, state } = start;
    let range = first..first.saturating_add(state.since_fired.len());
    let state = train_state(state).ok_or("the state of a shard is not whole")?;
    check(&params, d_in, steps_per_epoch)?;
    Ok(ShardStart { params, d_in, steps_per_epoch, range, state })
}

/// What arithmetic must not meet.
fn check(params: &SaeParams, d_in: usize, steps_per_epoch: usize) -> Result<(), String> {
    if d_in == 0 || steps_per_epoch == 0 || params.n_features == 0 {
        return Err("a training run without features, dimensions or steps".to_owned());
    }
    Ok(())
}

/// An answer as a message.
pub(super) fn answer_message(answer: ShardAnswer) -> PoolAnswer {
    match answer {
        ShardAnswer::Done => PoolAnswer::Done,
        ShardAnswer::Part(part) => PoolAnswer::Part(part_message(part)),
        ShardAnswer::State(state) => PoolAnswer::ShardState(Box::new(state_message(*state))),
    }
}

/// An answer from its message.
///
/// # Errors
/// A sentence where it is none, or not whole.
#[cfg(feature = "burn")]
pub(crate) fn answer(message: PoolAnswer) -> Result<ShardAnswer, String> {
    match message {
        PoolAnswer::Done => Ok(ShardAnswer::Done),
        PoolAnswer::Part(message) => Ok(ShardAnswer::Part(part(message))),
        PoolAnswer::ShardState(state) => {
            let state = train_state(*state).ok_or("the state it sent is not whole")?;
            Ok(ShardAnswer::State(Box::new(state)))
        }
        PoolAnswer::Failed(reason) => Err(reason),
        _ => Err("it answered what was not asked".to_owned()),
    }
}

fn part_message(part: Part) -> PoolPart {
    let Part { counts, values, sums } = part;
    PoolPart { counts: U32Column(counts), values: F32Column(values), sums }
}

fn part(message: PoolPart) -> Part {
    let PoolPart { counts, values, sums } = message;
    Part { counts: counts.0, values: values.0, sums }
}

fn state_message(state: TrainState) -> PoolShardState {
    let TrainState { step, parameters, moments, since_fired, batch_threshold } = state;
    let (first, second) = moments.into_array().into_iter().map(|Moments { first, second }| (first, second)).unzip();
    let columns = |values: Vec<Vec<f32>>| values.into_iter().map(F32Column).collect();
    PoolShardState {
        step,
        parameters: columns(parameters.into_array().into()),
        first: columns(first),
        second: columns(second),
        since_fired: U32Column(since_fired),
        batch_threshold,
    }
}

fn train_state(message: PoolShardState) -> Option<TrainState> {
    let PoolShardState { step, parameters, first, second, since_fired, batch_threshold } = message;
    let by_parameter = |columns: Vec<F32Column>| {
        let values: Vec<Vec<f32>> = columns.into_iter().map(|column| column.0).collect();
        values.try_into().ok().map(ByParameter::from_array)
    };
    let moments = by_parameter(first)?.zip(by_parameter(second)?);
    Some(TrainState {
        step,
        parameters: by_parameter(parameters)?,
        moments: moments.map(|(first, second)| Moments { first, second }),
        since_fired: since_fired.0,
        batch_threshold,
    })
}
