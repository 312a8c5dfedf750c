//! The Adam optimiser exactly as PyTorch's `torch.optim.Adam` with its defaults, fused into one pass over memory.
//!
//! m ← m + (g − m)(1 − β₁); v ← β₂v + (1 − β₂)g²; p ← p − (lr/(1 − β₁ᵗ)) · m / (√v/√(1 − β₂ᵗ) + ε).
//! Kingma and Ba 2015; no weight decay, no AMSGrad. A NaN gradient makes its parameter NaN.

pub(crate) const BETA1: f64 = 0.9;
pub(crate) const BETA2: f64 = 0.999;
pub(crate) const EPSILON: f64 = 1e-8;

/// The two running moments of one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
}

impl Moments {
    #[cfg(any(test, feature = "burn"))]
    pub(crate) fn zeros(n: usize) -> Self {
        Self { first: vec![0.0; n], second: vec![0.0; n] }
    }
}

/// The scalars of one Adam step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamStep {
    /// lr / (1 − β₁ᵗ)
    pub(crate) step_size: f64,
    /// √(1 − β₂ᵗ)
    pub(crate) second_scale: f64,
}

impl AdamStep {
    /// The scalars of step `t`, counted from 1.
    pub(crate) fn at(learning_rate: f64, t: usize) -> Self {
        let power = |beta: f64| libm::pow(beta, t as f64);
        Self { step_size: learning_rate / (1.0 - power(BETA1)), second_scale: (1.0 - power(BETA2)).sqrt() }
    }

    /// Updates one parameter and its moments in place; gradients are multiplied by `factor` first.
    pub(super) fn apply(self, parameter: &mut [f32], gradient: &[f32], moments: &mut Moments, factor: f32) {
        self.apply_slices(parameter, gradient, &mut moments.first, &mut moments.second, factor);
    }

    /// As [`Self::apply`] for a matrix with a row for every one of `has_rows`; rows without have a gradient of 0.
    pub(super) fn apply_rows(
        self,
        parameter: &mut [f32],
        gradient: &[f32],
        moments: &mut Moments,
        factor: f32,
        has_rows: &[bool],
    ) {
        let n = parameter.len() / has_rows.len();
        let rows = parameter.chunks_exact_mut(n).zip(gradient.chunks_exact(n));
        let moments = moments.first.chunks_exact_mut(n).zip(moments.second.chunks_exact_mut(n));
        for (((parameter, gradient), (first, second)), has_row) in rows.zip(moments).zip(has_rows) {
            if *has_row {
                self.apply_slices(parameter, gradient, first, second, factor);
            } else {
                self.apply_zero(parameter, first, second);
            }
        }
    }

    fn apply_slices(self, parameter: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], factor: f32) {
        let n = parameter.len();
        let (gradient, first, second) = (&gradient[..n], &mut first[..n], &mut second[..n]);
        let (rest1, beta2, rest2) = ((1.0 - BETA1) as f32, BETA2 as f32, (1.0 - BETA2) as f32);
        let (step_size, scale, epsilon) = (self.step_size as f32, (1.0 / self.second_scale) as f32, EPSILON as f32);
        for at in 0..n {
            let g = gradient[at] * factor;
            let m = first[at] + (g - first[at]) * rest1;
            let v = second[at] * beta2 + rest2 * g * g;
            first[at] = m;
            second[at] = v;
            parameter[at] -= step_size * m / (v.sqrt() * scale + epsilon);
        }
    }

    /// [`Self::apply_slices`] with a gradient of 0.
    fn apply_zero(self, parameter: &mut [f32], first: &mut [f32], second: &mut [f32]) {
        let n = parameter.len();
        let (first, second) = (&mut first[..n], &mut second[..n]);
        let (rest1, beta2) = ((1.0 - BETA1) as f32, BETA2 as f32);
        let (step_size, scale, epsilon) = (self.step_size as f32, (1.0 / self.second_scale) as f32, EPSILON as f32);
        for at in 0..n {
            first[at] += (0.0 - first[at]) * rest1;
            second[at] *= beta2;
            parameter[at] -= step_size * first[at] / (second[at].sqrt() * scale + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_moves_by_the_learning_rate_against_the_gradient() {
        let (mut parameter, mut moments) = (vec![1.0, 1.0, 1.0], Moments::zeros(3));
        AdamStep::at(0.01, 1).apply(&mut parameter, &[5.0, -0.001, 0.0], &mut moments, 1.0);
        approx::assert_relative_eq!(parameter[..], [0.99, 1.01, 1.0][..], max_relative = 1e-5);
    }

    #[test]
    fn rows_without_gradient_move_like_rows_with_a_gradient_of_zero() {
        let start = || (vec![1.0, 2.0, 3.0, 4.0], Moments { first: vec![0.5; 4], second: vec![0.25; 4] });
        let ((mut a, mut a_moments), (mut b, mut b_moments)) = (start(), start());
        let adam = AdamStep::at(0.1, 3);
        adam.apply_rows(&mut a, &[7.0, 7.0, 1.0, 2.0], &mut a_moments, 0.5, &[false, true]);
        adam.apply(&mut b, &[0.0, 0.0, 0.5, 1.0], &mut b_moments, 1.0);
        assert_eq!((a, a_moments), (b, b_moments));
    }
}
