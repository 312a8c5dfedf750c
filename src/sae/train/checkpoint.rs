//! A training run as bytes: what a browser keeps so that a reload does not lose it.
//!
//! safetensors with every tensor of the run and its facts as JSON in the header. Resuming on the CPU continues bit for
//! bit as if nothing had happened: the order of cells is a function of seed and epoch and needs no keeping. Inputs are
//! not kept; a fingerprint of them is, so that a checkpoint is not continued on other data.

use safetensors::tensor::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use super::adam::Moments;
use super::state::{ByParameter, Fired, Sizes, TrainState};
use crate::data::DenseMatrix;
use crate::sae::SaeParams;
use crate::sae::tensors::{self, F32Tensor};

/// Rises when older checkpoints can't be read any more.
const VERSION: u32 = 1;
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
}

/// A training run between two steps, with what it takes to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    facts: Facts,
    state: TrainState,
}

impl Checkpoint {
    pub(super) fn new(params: &SaeParams, inputs: &DenseMatrix, elapsed_secs: f64, state: TrainState) -> Self {
        let facts = Facts {
            version: VERSION,
            params: params.clone(),
            n_cells: inputs.n_rows(),
            d_in: inputs.n_cols(),
            fingerprint: fingerprint(inputs),
            step: state.step,
            elapsed_secs,
        };
        Self { facts, state }
    }

    pub(super) fn into_state(self) -> TrainState {
        self.state
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
        let fired = [&self.state.fired.this_epoch, &self.state.fired.last_epoch]
            .map(|fired| fired.iter().map(|&fired| f32::from(u8::from(fired))).collect::<Vec<f32>>());
        let moments = self.state.moments.as_ref();
        let values = self.state.parameters.as_ref().map(Vec::as_slice);
        let first = moments.map(|moments| moments.first.as_slice());
        let second = self.state.moments.as_ref().map(|moments| moments.second.as_slice());
        let named = [(PARAMETERS, values), (FIRST, first), (SECOND, second)].into_iter().flat_map(|(names, kind)| {
            let ByParameter { encoder, b_enc, decoder, b_dec } = kind;
            names.into_iter().zip([encoder, b_enc, decoder, b_dec])
        });
        let fired = [THIS_EPOCH, LAST_EPOCH].into_iter().zip(fired.iter().map(Vec::as_slice));
        let tensors = named.chain(fired).map(|(name, values)| (name, F32Tensor::new(&[values.len()], values)));
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
        let parameters = read_kind(&file, PARAMETERS, sizes)?;
        let (first, second) = (read_kind(&file, FIRST, sizes)?, read_kind(&file, SECOND, sizes)?);
        let moments = ByParameter {
            encoder: Moments { first: first.encoder, second: second.encoder },
            b_enc: Moments { first: first.b_enc, second: second.b_enc },
            decoder: Moments { first: first.decoder, second: second.decoder },
            b_dec: Moments { first: first.b_dec, second: second.b_dec },
        };
        let n_features = sizes.n_features;
        let has_last = read(&file, LAST_EPOCH).is_some_and(|values| !values.is_empty());
        let fired = Fired {
            this_epoch: read_fired(&file, THIS_EPOCH, n_features)?,
            last_epoch: read_fired(&file, LAST_EPOCH, if has_last { n_features } else { 0 })?,
        };
        let state = TrainState { step: facts.step, parameters, moments, fired };
        Ok(Self { facts, state })
    }
}

const PARAMETERS: [&str; 4] = ["encoder", "b_enc", "decoder", "b_dec"];
const FIRST: [&str; 4] = ["encoder.first", "b_enc.first", "decoder.first", "b_dec.first"];
const SECOND: [&str; 4] = ["encoder.second", "b_enc.second", "decoder.second", "b_dec.second"];
const THIS_EPOCH: &str = "fired.this_epoch";
const LAST_EPOCH: &str = "fired.last_epoch";

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

fn read_fired(file: &SafeTensors<'_>, name: &'static str, expected: usize) -> Result<Vec<bool>, CheckpointError> {
    Ok(read_exactly(file, name, expected)?.into_iter().map(|value| value > 0.0).collect())
}

fn read_kind(
    file: &SafeTensors<'_>,
    [encoder, b_enc, decoder, b_dec]: [&'static str; 4],
    sizes: Sizes,
) -> Result<ByParameter<Vec<f32>>, CheckpointError> {
    let Sizes { d_in, n_features } = sizes;
    Ok(ByParameter {
        encoder: read_exactly(file, encoder, n_features * d_in)?,
        b_enc: read_exactly(file, b_enc, n_features)?,
        decoder: read_exactly(file, decoder, n_features * d_in)?,
        b_dec: read_exactly(file, b_dec, d_in)?,
    })
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

    fn sample() -> (Checkpoint, DenseMatrix) {
        let params = SaeParams { n_features: 6, ..SaeParams::default() };
        let mut state = TrainState::start(initial_parameters(&params, &[1.0, 2.0]));
        state.step = 7;
        state.moments.b_dec.second[1] = 0.25;
        state.fired.this_epoch[3] = true;
        let inputs = DenseMatrix::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        (Checkpoint::new(&params, &inputs, 1.5, state), inputs)
    }

    #[test]
    fn bytes_hold_all_of_it() {
        let (mut checkpoint, _) = sample();
        for last_epoch in [vec![], vec![true, false, true, false, true, false]] {
            checkpoint.state.fired.last_epoch = last_epoch;
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
