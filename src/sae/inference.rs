//! Activations of a whole data set, batch by batch, never dense beyond one batch.
//!
//! Pre-activations of a batch come from one matrix product on the device; active features are then picked on the host
//! by the exact rule of [`Sae::activate`], so that the result does not depend on the device but for rounding.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Sae, SaeError};
use crate::data::{DenseMatrix, Observer, SparseActivations, SparseBuilder};

/// Why activations can't be computed.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// The inputs have other dimensions.
    #[error(transparent)]
    Sae(#[from] SaeError),
    /// The device failed.
    #[error("the compute device failed while computing activations: {reason}; choose the CPU and try again")]
    Device {
        /// What it says.
        reason: String,
    },
    /// The observer asked to stop.
    #[error("computing activations was cancelled")]
    Cancelled,
}

/// Encodes all of `inputs`, `[n_cells, d_in]`, `batch_size` cells at a time; `yield_now` is awaited between batches.
///
/// # Errors
/// [`InferenceError`]: other dimensions, a failing device, or cancelled by `observer`.
pub async fn encode_all(
    sae: &Sae,
    inputs: &DenseMatrix,
    device: &Device,
    batch_size: usize,
    observer: &dyn Observer,
    yield_now: impl AsyncFn(),
) -> Result<SparseActivations, InferenceError> {
    sae.check_input(inputs)?;
    let encoder = Encoder::new(sae, device);
    let n_cells = inputs.n_rows();
    let mut builder = SparseBuilder::new(sae.n_features());
    for start in (0..n_cells).step_by(batch_size.max(1)) {
        if observer.is_cancelled() {
            return Err(InferenceError::Cancelled);
        }
        let end = (start + batch_size.max(1)).min(n_cells);
        let pre = encoder.pre_activations(inputs, start..end).await?;
        let pre = pre.as_slice::<f32>().map_err(device_error)?;
        for cell in pre.chunks_exact(sae.n_features()) {
            builder.push_major(sae.activate(cell));
        }
        observer.progress(end as f64 / n_cells as f64, &format!("Computing activations: {end} of {n_cells} cells"));
        yield_now().await;
    }
    Ok(SparseActivations::from_cells(builder.finish()))
}

/// The encoder's parameters on the device.
struct Encoder<'device> {
    device: &'device Device,
    w_enc: Tensor<2>,
    b_enc: Tensor<2>,
    /// Taken off every cell, `[1, d_in]`.
    shift: Option<Tensor<2>>,
}

impl<'device> Encoder<'device> {
    fn new(sae: &Sae, device: &'device Device) -> Self {
        let weights = sae.weights();
        let row = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), device);
        let w_enc = TensorData::new(weights.w_enc.values().to_vec(), [sae.d_in(), sae.n_features()]);
        Self {
            device,
            w_enc: Tensor::from_data(w_enc, device),
            b_enc: row(&weights.b_enc),
            shift: sae.applies_b_dec_to_input().then(|| row(&weights.b_dec)),
        }
    }

    /// `[rows, n_features]`
    async fn pre_activations(
        &self,
        inputs: &DenseMatrix,
        rows: std::ops::Range<usize>,
    ) -> Result<TensorData, InferenceError> {
        let d_in = inputs.n_cols();
        let values = inputs.values()[rows.start * d_in..rows.end * d_in].to_vec();
        let cells = Tensor::<2>::from_data(TensorData::new(values, [rows.len(), d_in]), self.device);
        let cells = match &self.shift {
            Some(shift) => cells - shift.clone(),
            None => cells,
        };
        let pre = cells.matmul(self.w_enc.clone()) + self.b_enc.clone();
        pre.into_data_async().await.map_err(device_error)
    }
}

fn device_error(reason: impl ToString) -> InferenceError {
    InferenceError::Device { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::executor::block_on;

    use super::super::model::tests::scattered_weights;
    use super::*;
    use crate::data::{CellId, Silent};
    use crate::sae::Architecture;

    fn inputs() -> DenseMatrix {
        let values = (0..33).map(|at| ((at * 7) % 11) as f32 / 3.0 - 1.5).collect();
        DenseMatrix::new(11, 3, values).unwrap()
    }

    #[test]
    fn batches_give_what_single_cells_give() {
        for (architecture, apply) in [(Architecture::Standard, false), (Architecture::TopK { k: 4 }, true)] {
            let sae = Sae::new(architecture, scattered_weights(3, 20), apply).unwrap();
            let found = block_on(encode_all(&sae, &inputs(), &Device::flex(), 4, &Silent, async || {})).unwrap();
            assert_eq!((found.n_cells(), found.n_features()), (11, 20));
            for row in 0..11 {
                let (features, values) = found.cell(CellId::from_index(row));
                let expected = sae.encode_cell(inputs().row(row));
                assert_eq!(features, expected.iter().map(|pair| pair.0).collect::<Vec<u32>>());
                for (value, pair) in values.iter().zip(expected) {
                    approx::assert_relative_eq!(*value, pair.1, max_relative = 1e-4, epsilon = 1e-6);
                }
            }
        }
    }

    #[test]
    fn progress_ends_at_one_and_cancelling_stops() {
        struct Watch(RefCell<Vec<f64>>, usize);
        impl Observer for Watch {
            fn progress(&self, fraction: f64, _message: &str) {
                self.0.borrow_mut().push(fraction);
            }
            fn warn(&self, _message: &str) {}
            fn is_cancelled(&self) -> bool {
                self.0.borrow().len() >= self.1
            }
        }
        let sae = Sae::new(Architecture::Standard, scattered_weights(3, 5), false).unwrap();
        let run = |watch: &Watch| block_on(encode_all(&sae, &inputs(), &Device::flex(), 4, watch, async || {}));
        let watch = Watch(RefCell::default(), usize::MAX);
        assert!(run(&watch).is_ok());
        assert_eq!(watch.0.into_inner(), [4.0 / 11.0, 8.0 / 11.0, 1.0]);
        assert!(matches!(run(&Watch(RefCell::default(), 1)), Err(InferenceError::Cancelled)));
    }

    #[test]
    fn other_dimensions_are_refused() {
        let sae = Sae::new(Architecture::Standard, scattered_weights(2, 5), false).unwrap();
        let result = block_on(encode_all(&sae, &inputs(), &Device::flex(), 4, &Silent, async || {}));
        assert!(matches!(result, Err(InferenceError::Sae(SaeError::InputDims { found: 3, expected: 2 }))));
    }
}
