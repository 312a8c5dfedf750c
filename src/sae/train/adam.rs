//! The Adam optimiser exactly as PyTorch's `torch.optim.Adam` with its defaults, fused into one pass over memory.
//!
//! m ← m + (g − m)(1 − β₁); v ← β₂v + (1 − β₂)g²; p ← p − (lr/(1 − β₁ᵗ)) · m / (√v/√(1 − β₂ᵗ) + ε).
//! Kingma and Ba 2015; no weight decay, no AMSGrad. A NaN gradient makes its parameter NaN.

pub(super) const BETA1: f64 = 0.9;
pub(super) const BETA2: f64 = 0.999;
pub(super) const EPSILON: f64 = 1e-8;

/// The two running moments of one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
}

impl Moments {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { first: vec![0.0; n], second: vec![0.0; n] }
    }
}

/// The scalars of one Adam step.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdamStep {
    /// lr / (1 − β₁ᵗ)
    pub(super) step_size: f64,
    /// √(1 − β₂ᵗ)
    pub(super) second_scale: f64,
}

impl AdamStep {
    /// The scalars of step `t`, counted from 1.
    pub(super) fn at(learning_rate: f64, t: usize) -> Self {
        let power = |beta: f64| libm::pow(beta, t as f64);
        Self { step_size: learning_rate / (1.0 - power(BETA1)), second_scale: (1.0 - power(BETA2)).sqrt() }
    }

    /// Updates one parameter and its moments in place.
    pub(super) fn apply(self, parameter: &mut [f32], gradient: &[f32], moments: &mut Moments) {
        let n = parameter.len();
        let (gradient, first) = (&gradient[..n], &mut moments.first[..n]);
        let second = &mut moments.second[..n];
        let (rest1, beta2, rest2) = ((1.0 - BETA1) as f32, BETA2 as f32, (1.0 - BETA2) as f32);
        let (step_size, second_scale, epsilon) = (self.step_size as f32, self.second_scale as f32, EPSILON as f32);
        for at in 0..n {
            let g = gradient[at];
            let m = first[at] + (g - first[at]) * rest1;
            let v = second[at] * beta2 + rest2 * g * g;
            first[at] = m;
            second[at] = v;
            parameter[at] -= step_size * (m / (v.sqrt() / second_scale + epsilon));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_moves_by_the_learning_rate_against_the_gradient() {
        let (mut parameter, mut moments) = (vec![1.0, 1.0, 1.0], Moments::zeros(3));
        AdamStep::at(0.01, 1).apply(&mut parameter, &[5.0, -0.001, 0.0], &mut moments);
        approx::assert_relative_eq!(parameter[..], [0.99, 1.01, 1.0][..], max_relative = 1e-5);
    }
}
