//! The end of a gradient: b_dec's part, the norm over all parameters with its clipping factor, the tally, who fired.
//!
//! b_dec is added to x̂ and taken off the encoder's input, so ∂b_dec = Σ_b e[b] − Σ_f ∂b_enc[f]·W_enc[f]. The norm is
//! two-stage: features' Σg² first, then one workgroup. The factor is that of `torch.nn.utils.clip_grad_norm_`,
//! min(1, clip / (‖g‖ + 1e-6)); a NaN norm gives a NaN or undefined factor. Nothing is read back.

use burn::tensor::{Int, Tensor};

use super::by_feature::FeatureGradient;
use super::decode::Decoded;
use super::host::{floats, int_matrix, ints, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

/// Rows are summed in this many interleaved blocks first.
const N_BLOCKS: usize = 32;
const COLUMNS_A_GROUP: usize = 64;

pub(super) static COLUMNS: Source = Source { name: "bias_columns", text: include_str!("columns.wgsl") };
pub(super) static FINISH: Source = Source { name: "finish_gradient", text: include_str!("finish.wgsl") };

/// What steps leave behind on the device.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    /// Σe², Σz and the number of z above 0 since it was last cleared, `[1, 3]`.
    pub(crate) tally: Tensor<2>,
    /// Steps since a feature was last active in some cell, `[1, n_features]`.
    pub(crate) steps_since_fired: Tensor<2, Int>,
}

/// The parts of a gradient that need all others.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// ∂b_dec, `[1, d_in]`.
    pub(crate) b_dec: Tensor<2>,
    /// The factor all gradients are to be multiplied by, and their norm before, `[1, 2]`.
    pub(crate) clip: Tensor<2>,
}

/// Ends a gradient and adds its batch to the traces, in place on a GPU: clones of them share the change.
///
/// `clip` is the largest norm allowed, if any.
///
/// # Shapes
/// `encoder` is `[n_features, d_in]`.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If operands are not contiguous.
pub(crate) fn finish(
    decoded: &Decoded,
    for_decoder: &FeatureGradient,
    for_encoder: &FeatureGradient,
    encoder: &Tensor<2>,
    clip: Option<f64>,
    traces: &mut Traces,
) -> Result<Finished, KernelError> {
    let ([n_cells, d], [n_features, _]) = (decoded.error.dims(), encoder.dims());
    let (Some(columns), Some(last)) = (Launch::near(&COLUMNS, encoder), Launch::near(&FINISH, encoder)) else {
        return on_host(decoded, for_decoder, for_encoder, encoder, clip, traces);
    };
    let blocks = Tensor::empty([N_BLOCKS, d], &encoder.device());
    let finished =
        Finished { b_dec: Tensor::empty([1, d], &encoder.device()), clip: Tensor::empty([1, 2], &encoder.device()) };
    let columns = columns.float(&decoded.error).float(encoder).float(&for_encoder.sums).float(&blocks);
    let columns = columns.word(n_cells).word(n_features).word(d).word(N_BLOCKS);
    columns.dispatch(N_BLOCKS * d.div_ceil(COLUMNS_A_GROUP));
    let last = last.float(&blocks).float(&for_decoder.sums).float(&for_encoder.sums).float(&decoded.sums);
    let last = last.float(&finished.b_dec).float(&finished.clip).float(&traces.tally).int(&traces.steps_since_fired);
    last.word(n_cells).word(n_features).word(d).word(N_BLOCKS).real(clip.unwrap_or(0.0)).dispatch(1);
    Ok(finished)
}

fn on_host(
    decoded: &Decoded,
    for_decoder: &FeatureGradient,
    for_encoder: &FeatureGradient,
    encoder: &Tensor<2>,
    clip: Option<f64>,
    traces: &mut Traces,
) -> Result<Finished, KernelError> {
    let ([_, d], device) = (encoder.dims(), encoder.device());
    let (decoder_sums, encoder_sums) = (floats(&for_decoder.sums)?, floats(&for_encoder.sums)?);
    let b_dec = b_dec_gradient(&floats(&decoded.error)?, &floats(encoder)?, &encoder_sums, d);
    let bias_squares = encoder_sums.chunks_exact(2).map(|sums| sums[0] * sums[0]);
    let row_squares = decoder_sums.chunks_exact(2).chain(encoder_sums.chunks_exact(2)).map(|sums| sums[1]);
    let norm = bias_squares.chain(row_squares).chain(b_dec.iter().map(|g| g * g)).sum::<f32>().sqrt();
    let factor = clip.map_or(1.0, |clip| (clip as f32 / (norm + 1e-6)).min(1.0));

    let mut tally = floats(&traces.tally)?;
    for sums in floats(&decoded.sums)?.chunks_exact(tally.len()) {
        tally.iter_mut().zip(sums).for_each(|(sum, value)| *sum += value);
    }
    traces.tally = matrix(tally, 3, &device);
    let since = ints(&traces.steps_since_fired);
    let since = since.into_iter().zip(decoder_sums.chunks_exact(2));
    let since: Vec<u32> = since.map(|(steps, sums)| if sums[0] > 0.0 { 0 } else { steps as u32 + 1 }).collect();
    traces.steps_since_fired = int_matrix(since.clone(), since.len(), &device);
    Ok(Finished { b_dec: matrix(b_dec, d, &device), clip: matrix(vec![factor, norm], 2, &device) })
}

fn b_dec_gradient(error: &[f32], encoder: &[f32], encoder_sums: &[f32], d: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f32; d];
    for row in error.chunks_exact(d) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    for (row, bias) in encoder.chunks_exact(d).zip(encoder_sums.chunks_exact(2)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum -= bias[0] * value);
    }
    sums
}
