//! Reconstructions and what is wrong with them: squared errors and their gradients, ready scaled.

use super::codes::Codes;
use super::encode::Encoded;
use super::kernels::{add_to, dot};
use crate::sae::train::config::StepRates;
use crate::sae::train::state::ByParameter;

/// Gradients of a batch's loss by its reconstructions, `[n_cells, d_in]` each.
#[derive(Clone, Debug, Default)]
pub(super) struct Errors {
    /// By the reconstructions a feature takes part in, one after the other for every nested dictionary: the first for
    /// features of the smallest, the last for those of the largest alone.
    pub(super) reconstruction: Vec<f32>,
    /// gated: by the reconstruction from gates.
    pub(super) gate: Vec<f32>,
    /// By what dead features make of the error.
    pub(super) revived: Vec<f32>,
    /// Mean of the error, `[d_in]`.
    mean: Vec<f32>,
}

/// Sums over a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ErrorSums {
    /// Σ (x̂ − x)², of all features.
    pub(super) full: f64,
    /// The same summed over nested dictionaries.
    pub(super) nested: f64,
}

/// Parameters that decode, and the sizes of nested dictionaries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoder<'data> {
    pub(super) rows: &'data [f32],
    pub(super) bias: &'data [f32],
    pub(super) prefixes: &'data [usize],
}

impl<'data> Decoder<'data> {
    pub(super) fn new(parameters: &'data ByParameter<Vec<f32>>, prefixes: &'data [usize]) -> Self {
        Self { rows: &parameters.decoder, bias: &parameters.b_dec, prefixes }
    }

    fn row(&self, feature: u32) -> &'data [f32] {
        let d_in = self.bias.len();
        &self.rows[feature as usize * d_in..(feature as usize + 1) * d_in]
    }
}

impl Errors {
    /// Decodes activations and compares with `x`, `[n_cells, d_in]`.
    pub(super) fn reconstruct(&mut self, codes: &Codes, x: &[f32], decoder: Decoder<'_>, scale: f64) -> ErrorSums {
        let (d_in, n, m) = (decoder.bias.len(), x.len(), decoder.prefixes.len());
        self.reconstruction.resize(n * m, 0.0);
        let mut sums = ErrorSums::default();
        for (cell, x) in x.chunks_exact(d_in).enumerate() {
            let mut entries = codes.cell(cell).peekable();
            for (nested, &prefix) in decoder.prefixes.iter().enumerate() {
                let at = nested * n + cell * d_in;
                let (before, rest) = self.reconstruction.split_at_mut(at);
                let out = &mut rest[..d_in];
                match nested {
                    0 => out.copy_from_slice(decoder.bias),
                    _ => out.copy_from_slice(&before[at - n..at - n + d_in]),
                }
                while let Some((feature, value)) = entries.next_if(|entry| (entry.0 as usize) < prefix) {
                    add_to(out, value, decoder.row(feature));
                }
            }
            for nested in 0..m {
                let at = nested * n + cell * d_in;
                let squared = difference(&mut self.reconstruction[at..at + d_in], x, scale);
                sums.nested += squared;
                sums.full = if nested + 1 == m { sums.full + squared } else { sums.full };
            }
        }
        self.add_larger(n);
        sums
    }

    /// A feature of a small dictionary takes part in the larger ones, too.
    fn add_larger(&mut self, n: usize) {
        for end in (n..self.reconstruction.len()).step_by(n).rev() {
            let (smaller, larger) = self.reconstruction.split_at_mut(end);
            add_to(&mut smaller[end - n..], 1.0, &larger[..n]);
        }
    }

    /// gated: Σ (x̂ − x)² of the reconstruction from gates.
    pub(super) fn through_gates(&mut self, open: &Codes, x: &[f32], decoder: Decoder<'_>, scale: f64) -> f64 {
        let d_in = decoder.bias.len();
        self.gate.resize(x.len(), 0.0);
        let mut sum = 0.0;
        for (cell, (out, x)) in self.gate.chunks_exact_mut(d_in).zip(x.chunks_exact(d_in)).enumerate() {
            out.copy_from_slice(decoder.bias);
            open.cell(cell).for_each(|(feature, value)| add_to(out, value, decoder.row(feature)));
            sum += difference(out, x, scale);
        }
        sum
    }

    /// What dead features make of the error that is left: the loss α·Σ‖ê − r‖²/Σ‖r − r̄‖² with r = x − x̂ as a
    /// constant, 0 where r does not vary.
    pub(super) fn revive(&mut self, encoded: &Encoded, decoder: Decoder<'_>, rates: &StepRates, weight: f64) -> f64 {
        let d_in = decoder.bias.len();
        let n = self.reconstruction.len() / decoder.prefixes.len();
        let full = &self.reconstruction[self.reconstruction.len() - n..];
        let back = (-0.5 / rates.scales.error) as f32;
        self.revived.clear();
        self.revived.extend(full.iter().map(|gradient| gradient * back));
        let variation = self.variation(d_in);
        if variation <= 0.0 {
            self.revived.fill(0.0);
            return 0.0;
        }
        let (scale, mut sum) = ((2.0 * weight / variation) as f32, 0.0);
        for (cell, left) in self.revived.chunks_exact_mut(d_in).enumerate() {
            for value in left.iter_mut() {
                *value = -*value;
            }
            encoded.revived.cell(cell).for_each(|(feature, value)| add_to(left, value, decoder.row(feature)));
            sum += f64::from(dot(left, left));
            for value in left.iter_mut() {
                *value *= scale;
            }
        }
        weight * sum / variation
    }

    /// Σ‖r − r̄‖² of what `revived` holds.
    fn variation(&mut self, d_in: usize) -> f64 {
        let Self { revived, mean, .. } = self;
        mean.clear();
        mean.resize(d_in, 0.0);
        revived.chunks_exact(d_in).for_each(|row| add_to(mean, 1.0, row));
        let n_cells = revived.len() / d_in;
        for sum in mean.iter_mut() {
            *sum /= n_cells as f32;
        }
        let squared = |row: &[f32]| row.iter().zip(&*mean).map(|(r, mean)| (r - mean) * (r - mean)).sum::<f32>();
        revived.chunks_exact(d_in).map(|row| f64::from(squared(row))).sum()
    }
}

/// Reconstruction in, gradient of scale·Σ(x̂ − x)² by it out; returns Σ (x̂ − x)².
fn difference(reconstruction: &mut [f32], x: &[f32], scale: f64) -> f64 {
    let (scale, mut squared) = ((2.0 * scale) as f32, 0.0);
    for (value, x) in reconstruction.iter_mut().zip(x) {
        let difference = *value - x;
        squared += difference * difference;
        *value = difference * scale;
    }
    f64::from(squared)
}
