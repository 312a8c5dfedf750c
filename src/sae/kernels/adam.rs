//! Adam (Kingma and Ba 2015) as `torch.optim.Adam` with its defaults, one dispatch a parameter, in place.
//!
//! g ← factor·g; m ← m + (g − m)(1 − β₁); v ← β₂v + (1 − β₂)g²; p ← p − (lr/(1 − β₁ᵗ)) · m / (√v/√(1 − β₂ᵗ) + ε); then,
//! where rows are to have norm 1, each is divided by its norm. A row of zeros stays one, a NaN gradient makes NaN.

use burn::tensor::Tensor;

use super::host::{floats, matrix};
use super::launch::Launch;
use super::{KernelError, Source};
use crate::sae::train::{AdamStep, BETA1, BETA2, EPSILON};

/// Numbers a workgroup takes where rows don't matter.
const STRETCH: usize = 1024;

pub(super) static ADAM: Source = Source { name: "adam", text: include_str!("adam.wgsl") };

/// A parameter and its moments, `[n_rows, n_columns]` each.
#[derive(Clone, Debug)]
pub(crate) struct Moving {
    /// The parameter.
    pub(crate) value: Tensor<2>,
    /// The running mean of its gradient.
    pub(crate) first: Tensor<2>,
    /// The running mean of its gradient's square.
    pub(crate) second: Tensor<2>,
}

/// Moves a parameter, in place on a GPU: clones of its tensors share the change.
///
/// `gradient` holds the parameter's gradient in its first column, or all of it where it has the parameter's shape.
/// `is_unit` divides every row by its norm afterwards.
///
/// # Shapes
/// `gradient` is `[n_rows, n_columns]`, or `[n, m]` for a parameter `[1, n]`; `clip` `[1, 2]`, the factor first.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree or operands are not contiguous.
pub(crate) fn adam(
    parameter: &mut Moving,
    gradient: &Tensor<2>,
    clip: &Tensor<2>,
    scalars: AdamStep,
    is_unit: bool,
) -> Result<(), KernelError> {
    let [n_rows, n_columns] = parameter.value.dims();
    let stride = if gradient.dims() == [n_rows, n_columns] { 1 } else { gradient.dims()[1] };
    assert_eq!(gradient.dims().iter().product::<usize>(), n_rows * n_columns * stride, "a gradient for each number");
    let Some(launch) = Launch::near(&ADAM, &parameter.value) else {
        return on_host(parameter, gradient, clip, scalars, is_unit);
    };
    let width = if is_unit { n_columns } else { STRETCH };
    let launch = launch.float(&parameter.value).float(&parameter.first).float(&parameter.second).float(gradient);
    let launch = launch.float(clip).word(n_rows * n_columns).word(width).word(stride).word(usize::from(is_unit));
    let launch = launch.real(scalars.step_size).real(scalars.second_scale);
    launch.dispatch((n_rows * n_columns).div_ceil(width));
    Ok(())
}

fn on_host(
    parameter: &mut Moving,
    gradient: &Tensor<2>,
    clip: &Tensor<2>,
    scalars: AdamStep,
    is_unit: bool,
) -> Result<(), KernelError> {
    let ([n_rows, n_columns], device) = (parameter.value.dims(), parameter.value.device());
    let (mut value, mut first) = (floats(&parameter.value)?, floats(&parameter.first)?);
    let (mut second, gradient) = (floats(&parameter.second)?, floats(gradient)?);
    let factor = floats(clip)?[0];
    let stride = gradient.len() / (n_rows * n_columns);
    let (step_size, second_scale) = (scalars.step_size as f32, scalars.second_scale as f32);
    for (at, g) in gradient.iter().step_by(stride).enumerate() {
        let g = g * factor;
        first[at] += (g - first[at]) * (1.0 - BETA1) as f32;
        second[at] = second[at] * BETA2 as f32 + (1.0 - BETA2) as f32 * g * g;
        value[at] -= step_size * (first[at] / (second[at].sqrt() / second_scale + EPSILON as f32));
    }
    for row in value.chunks_exact_mut(n_columns).filter(|_| is_unit) {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            for value in row.iter_mut() {
                *value /= norm;
            }
        }
    }
    parameter.value = matrix(value, n_columns, &device);
    parameter.first = matrix(first, n_columns, &device);
    parameter.second = matrix(second, n_columns, &device);
    Ok(())
}
