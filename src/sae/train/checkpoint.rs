//! A training run as bytes: what a browser keeps so that a reload does not lose it.
//!
//! safetensors with every tensor of the run and its facts as JSON in the header. Resuming on the CPU continues bit for
//! bit as if nothing had happened: the order of cells is a function of seed and epoch and needs no keeping. Inputs are
//! not kept; a fingerprint of them is, so that a checkpoint is not continued on other data.

use safetensors::tensor::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use super::adam::Moments;
use super::early_stop::EarlyStop;
use super::state::{ByParameter, Sizes, TrainState};
use super::whole::NAMES;
use crate::data::DenseMatrix;
use crate::sae::SaeParams;
use crate::sae::tensors::{self, F32Tensor};

/// Rises when older checkpoints can't be read any more.
const VERSION: u32 = 2;
const FACTS: &str = "featurescope_checkpoint";

/// Why a checkpoint can't be read, written or continued.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Not safetensors, or cut off.
    #[error("the checkpoint is damaged: {source}; discard it and train again")]
    Damaged {
        /// What the reader says.
        #[from]
        source: SafeTensorError,
    },
    /// Its facts are missing or of another version.
    #[error("the checkpoint's header can't be read ({reason}); discard it and train again")]
    Header {
        /// What is wrong.
        reason: String,
    },
    /// A tensor is missing or has another size.
    #[error("the checkpoint's tensor {tensor:?} has {found:?} values, expected {expected}; discard it and train again")]
    Tensor {
        /// Its name.
        tensor: &'static str,
        /// Values found; `None` without the tensor.
        found: Option<usize>,
        /// Values expected.
        expected: usize,
    },
    /// Made from other inputs.
    #[error(
        "the checkpoint was made on other data ({n_cells} cells × {d_in} dimensions, with other values or in another order); open that data to continue"
    )]
    OtherInputs {
        /// Cells it was made on.
        n_cells: usize,
        /// Dimensions it was made on.
        d_in: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    version: u32,
    params: SaeParams,
    n_cells: usize,
    d_in: usize,
    /// Hexadecimal, for JSON numbers do not hold 64 bits.
    fingerprint: String,
    step: usize,
    elapsed_secs: f64,
    batch_threshold: Option<f32>,
    early_stop: EarlyStop,
}

/// A training run between two steps, with what it takes to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    facts: Facts,
    state: TrainState,
    is_held_out: Vec<bool>,
}

/// What a run knows of the data and of itself beside its state.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunFacts<'data> {
    pub(super) params: &'data SaeParams,
    pub(super) inputs: &'data DenseMatrix,
    pub(super) is_held_out: &'data [bool],
    pub(super) elapsed_secs: f64,
    pub(super) early_stop: EarlyStop,
}

impl Checkpoint {
    pub(super) fn new(run: RunFacts<'_>, state: TrainState) -> Self {
        let facts = Facts {
            version: VERSION,
            params: run.params.clone(),
            n_cells: run.inputs.n_rows(),
            d_in: run.inputs.n_cols(),
            fingerprint: fingerprint(run.inputs),
            step: state.step,
            elapsed_secs: run.elapsed_secs,
            batch_threshold: state.batch_threshold,
            early_stop: run.early_stop,
        };
        Self { facts, state, is_held_out: run.is_held_out.to_vec() }
    }

    pub(super) fn into_parts(self) -> (TrainState, Vec<bool>, EarlyStop) {
        (self.state, self.is_held_out, self.facts.early_stop)
    }

    /// What is being trained.
    pub fn params(&self) -> &SaeParams {
        &self.facts.params
    }

    /// Steps done.
    pub fn step(&self) -> usize {
        self.facts.step
    }

    /// Seconds trained so far.
    pub fn elapsed_secs(&self) -> f64 {
        self.facts.elapsed_secs
    }

    /// Whether `inputs` are the very values it was made on.
    pub fn fits(&self, inputs: &DenseMatrix) -> bool {
        (self.facts.n_cells, self.facts.d_in) == (inputs.n_rows(), inputs.n_cols())
            && self.facts.fingerprint == fingerprint(inputs)
    }

    pub(super) fn check_inputs(&self, inputs: &DenseMatrix) -> Result<(), CheckpointError> {
        if self.fits(inputs) {
            return Ok(());
        }
        Err(CheckpointError::OtherInputs { n_cells: self.facts.n_cells, d_in: self.facts.d_in })
    }

    /// The checkpoint as bytes.
    ///
    /// # Errors
    /// [`CheckpointError`] if it can't be written, which no checkpoint causes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let facts = serde_json::to_string(&self.facts).map_err(|source| header(&source))?;
        let since_fired: Vec<f32> = self.state.since_fired.iter().map(|&since| since as f32).collect();
        let is_held_out: Vec<f32> = self.is_held_out.iter().map(|&held_out| f32::from(u8::from(held_out))).collect();
        let values = self.state.parameters.as_ref().map(Vec::as_slice).into_array();
        let first = self.state.moments.as_ref().map(|moments| moments.first.as_slice()).into_array();
        let second = self.state.moments.as_ref().map(|moments| moments.second.as_slice()).into_array();
        let kinds = [(NAMES, values), (FIRST, first), (SECOND, second)].into_iter();
        let named = kinds.flat_map(|(names, values)| names.into_iter().zip(values));
        let rest = [(SINCE_FIRED, since_fired.as_slice()), (HELD_OUT, is_held_out.as_slice())];
        let tensors = named.chain(rest).map(|(name, values)| (name, F32Tensor::new(&[values.len()], values)));
        Ok(tensors::write(tensors, Some((FACTS, facts)))?)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is damaged or of a version that is no longer read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let facts = read_facts(bytes)?;
        let file = SafeTensors::deserialize(bytes)?;
        let sizes = Sizes { d_in: facts.d_in, n_features: facts.params.n_features };
        let expected = ByParameter::sizes(facts.params.variant, sizes);
        let parameters = read_kind(&file, NAMES, &expected)?;
        let moments = read_kind(&file, FIRST, &expected)?.into_array().into_iter();
        let moments = moments.zip(read_kind(&file, SECOND, &expected)?.into_array());
        let mut moments = moments.map(|(first, second)| Moments { first, second });
        let state = TrainState {
            step: facts.step,
            parameters,
            moments: expected.map(|_| moments.next().unwrap_or_default()),
            since_fired: read_exactly(&file, SINCE_FIRED, sizes.n_features)?.into_iter().map(|x| x as u32).collect(),
            batch_threshold: facts.batch_threshold,
        };
        let is_held_out = read_exactly(&file, HELD_OUT, facts.n_cells)?.into_iter().map(|value| value > 0.0).collect();
        Ok(Self { facts, state, is_held_out })
    }
}

const FIRST: [&str; 8] = [
    "encoder.first",
    "b_enc.first",
    "decoder.first",
    "b_dec.first",
    "b_pre.first",
    "log_threshold.first",
    "r_mag.first",
    "b_mag.first",
];
const SECOND: [&str; 8] = [
    "encoder.second",
    "b_enc.second",
    "decoder.second",
    "b_dec.second",
    "b_pre.second",
    "log_threshold.second",
    "r_mag.second",
    "b_mag.second",
];
/// Steps, exact as f32 up to 2²⁴.
const SINCE_FIRED: &str = "since_fired";
const HELD_OUT: &str = "held_out";

fn header(reason: &impl ToString) -> CheckpointError {
    CheckpointError::Header { reason: reason.to_string() }
}

fn read_facts(bytes: &[u8]) -> Result<Facts, CheckpointError> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let text = metadata.metadata().as_ref().and_then(|facts| facts.get(FACTS));
    let text = text.ok_or_else(|| header(&"it is not a checkpoint"))?;
    let facts: Facts = serde_json::from_str(text).map_err(|source| header(&source))?;
    if facts.version == VERSION {
        return Ok(facts);
    }
    Err(header(&format!("version {} found, expected {VERSION}", facts.version)))
}

fn read(file: &SafeTensors<'_>, name: &str) -> Option<Vec<f32>> {
    tensors::read(file, name).and_then(Result::ok).map(|tensor| tensor.values)
}

fn read_exactly(file: &SafeTensors<'_>, tensor: &'static str, expected: usize) -> Result<Vec<f32>, CheckpointError> {
    match read(file, tensor) {
        Some(values) if values.len() == expected => Ok(values),
        other => Err(CheckpointError::Tensor { tensor, found: other.map(|values| values.len()), expected }),
    }
}

fn read_kind(
    file: &SafeTensors<'_>,
    names: [&'static str; 8],
    expected: &ByParameter<usize>,
) -> Result<ByParameter<Vec<f32>>, CheckpointError> {
    let mut values = names.into_iter().zip(expected.clone().into_array()).map(|(name, n)| read_exactly(file, name, n));
    let mut failed = None;
    let read = expected.clone().map(|_| match values.next() {
        Some(Ok(values)) => values,
        Some(Err(error)) => {
            failed.get_or_insert(error);
            Vec::new()
        }
        None => Vec::new(),
    });
    failed.map_or(Ok(read), Err)
}

/// FNV-1a over shape and values, one word at a time.
fn fingerprint(inputs: &DenseMatrix) -> String {
    let shape = [inputs.n_rows() as u64, inputs.n_cols() as u64];
    let words = shape.into_iter().chain(inputs.values().iter().map(|value| u64::from(value.to_bits())));
    let hash = words.fold(0xcbf2_9ce4_8422_2325, |hash: u64, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::super::initial::initial_parameters;
    use super::*;
    use crate::sae::Variant;

    fn sample() -> (Checkpoint, DenseMatrix) {
        let params = SaeParams { n_features: 6, variant: Variant::Gated { l1: 1.0 }, ..SaeParams::default() };
        let mut state = TrainState::start(initial_parameters(&params, &[1.0, 2.0]));
        state.step = 7;
        state.moments.b_dec.second[1] = 0.25;
        state.moments.r_mag.first[2] = -0.5;
        state.since_fired[3] = 5;
        let inputs = DenseMatrix::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let early_stop = EarlyStop { best: Some(0.5), n_worse: 2 };
        let run =
            RunFacts { params: &params, inputs: &inputs, is_held_out: &[true, false], elapsed_secs: 1.5, early_stop };
        (Checkpoint::new(run, state), inputs)
    }

    #[test]
    fn bytes_hold_all_of_it() {
        let (mut checkpoint, _) = sample();
        for batch_threshold in [None, Some(0.25)] {
            checkpoint.state.batch_threshold = batch_threshold;
            checkpoint.facts.batch_threshold = batch_threshold;
            assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap(), checkpoint);
        }
    }

    #[test]
    fn other_values_do_not_fit() {
        let (checkpoint, inputs) = sample();
        assert!(checkpoint.check_inputs(&inputs).is_ok());
        let swapped = DenseMatrix::new(2, 2, vec![3.0, 4.0, 1.0, 2.0]).unwrap();
        let error = checkpoint.check_inputs(&swapped).unwrap_err();
        assert!(matches!(error, CheckpointError::OtherInputs { n_cells: 2, d_in: 2 }));
    }

    #[test]
    fn damage_is_refused() {
        let (checkpoint, _) = sample();
        let bytes = checkpoint.to_bytes().unwrap();
        assert!(matches!(Checkpoint::from_bytes(&bytes[..bytes.len() - 4]), Err(CheckpointError::Damaged { .. })));
        let plain = tensors::write([("encoder", F32Tensor::new(&[1], &[1.0]))], None).unwrap();
        assert!(matches!(Checkpoint::from_bytes(&plain), Err(CheckpointError::Header { .. })));
        let facts = serde_json::to_string(&checkpoint.facts).unwrap();
        let lone = tensors::write([("encoder", F32Tensor::new(&[1], &[1.0]))], Some((FACTS, facts))).unwrap();
        let error = Checkpoint::from_bytes(&lone).unwrap_err();
        assert!(matches!(error, CheckpointError::Tensor { tensor: "encoder", found: Some(1), expected: 12 }));
    }
}
