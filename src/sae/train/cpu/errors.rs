//! Reconstructions and what is wrong with them: squared errors and their gradients, ready scaled.
//!
//! Decoding leaves sums over the features at hand, without bias; where other shards hold the rest, theirs are added
//! before anything is compared.

use super::codes::Codes;
use super::kernels::{add_to, squared_norm};
use super::part::Part;
use crate::sae::train::config::StepRates;
use crate::sae::train::state::ByParameter;

/// Gradients of a batch's loss by its reconstructions, `[n_cells, d_in]` each; before comparing what features add to
/// the reconstructions.
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

    /// Σ z W_dec of every cell.
    fn decode(&self, codes: &Codes, out: &mut Vec<f32>) {
        let d_in = self.bias.len();
        out.clear();
        out.resize(codes.n_cells() * d_in, 0.0);
        for (cell, out) in out.chunks_exact_mut(d_in).enumerate() {
            codes.cell(cell).for_each(|(feature, value)| add_to(out, value, self.row(feature)));
        }
    }
}

impl Errors {
    /// What activations add to the reconstruction of every nested dictionary.
    pub(super) fn decode(&mut self, codes: &Codes, decoder: Decoder<'_>) {
        let d_in = decoder.bias.len();
        let n = codes.n_cells() * d_in;
        self.reconstruction.resize(n * decoder.prefixes.len(), 0.0);
        for cell in 0..codes.n_cells() {
            let mut entries = codes.cell(cell).peekable();
            for (nested, &prefix) in decoder.prefixes.iter().enumerate() {
                let at = nested * n + cell * d_in;
                let (before, rest) = self.reconstruction.split_at_mut(at);
                let out = &mut rest[..d_in];
                match nested {
                    0 => out.fill(0.0),
                    _ => out.copy_from_slice(&before[at - n..at - n + d_in]),
                }
                while let Some((feature, value)) = entries.next_if(|entry| (entry.0 as usize) < prefix) {
                    add_to(out, value, decoder.row(feature));
                }
            }
        }
    }

    /// gated: what gates add to their reconstruction.
    pub(super) fn decode_gates(&mut self, open: &Codes, decoder: Decoder<'_>) {
        decoder.decode(open, &mut self.gate);
    }

    /// What dead features make of the error.
    pub(super) fn decode_revived(&mut self, revived: &Codes, decoder: Decoder<'_>) {
        decoder.decode(revived, &mut self.revived);
    }

    /// What was decoded, for the other shards.
    pub(super) fn share(&self, [has_gates, has_dead]: [bool; 2]) -> Vec<f32> {
        let blocks = [(true, &self.reconstruction), (has_gates, &self.gate), (has_dead, &self.revived)];
        blocks.into_iter().filter(|(is_there, _)| *is_there).flat_map(|(_, block)| block).copied().collect()
    }

    /// Takes the sums of what all shards decoded, in the shards' order.
    pub(super) fn take_sums(&mut self, parts: &[Part], [has_gates, has_dead]: [bool; 2]) {
        let Self { reconstruction, gate, revived, .. } = self;
        let mut start = 0;
        for (is_there, block) in [(true, reconstruction), (has_gates, gate), (has_dead, revived)] {
            if is_there {
                block.fill(0.0);
                let end = start + block.len();
                for part in parts {
                    add_to(block, 1.0, &part.values[start..end]);
                }
                start = end;
            }
        }
    }

    /// Compares reconstructions with `x`, `[n_cells, d_in]`: their gradients, and sums of squares.
    pub(super) fn compare(&mut self, x: &[f32], bias: &[f32], scale: f64) -> ErrorSums {
        let n = x.len();
        let mut sums = ErrorSums::default();
        for nested in self.reconstruction.chunks_exact_mut(n) {
            sums.full = difference(nested, x, bias, scale);
            sums.nested += sums.full;
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
    pub(super) fn compare_gates(&mut self, x: &[f32], bias: &[f32], scale: f64) -> f64 {
        difference(&mut self.gate, x, bias, scale)
    }

    /// Compares what dead features make of the error with the error that is left: the loss α·Σ‖ê − r‖²/Σ‖r − r̄‖² with
    /// r = x − x̂ as a constant, 0 where r does not vary.
    pub(super) fn compare_revived(&mut self, d_in: usize, rates: &StepRates, weight: f64) -> f64 {
        let n = self.revived.len();
        let full = &self.reconstruction[self.reconstruction.len() - n..];
        // From the gradient of the squared error back to x − x̂.
        let back = (-0.5 / rates.scales.error) as f32;
        let variation = variation(full, back, &mut self.mean, d_in);
        if variation <= 0.0 {
            self.revived.fill(0.0);
            return 0.0;
        }
        add_to(&mut self.revived, -back, full);
        let sum = squared_norm(&self.revived);
        let scale = (2.0 * weight / variation) as f32;
        for value in &mut self.revived {
            *value *= scale;
        }
        weight * sum / variation
    }
}

/// Σ‖r − r̄‖² of r = `back` times the rows of `gradient`.
fn variation(gradient: &[f32], back: f32, mean: &mut Vec<f32>, d_in: usize) -> f64 {
    mean.clear();
    mean.resize(d_in, 0.0);
    gradient.chunks_exact(d_in).for_each(|row| add_to(mean, back, row));
    let n_cells = gradient.len() / d_in;
    for sum in mean.iter_mut() {
        *sum /= n_cells as f32;
    }
    let squared = |row: &[f32]| {
        let away = row.iter().zip(&*mean).map(|(r, mean)| r * back - mean);
        away.map(|away| away * away).sum::<f32>()
    };
    gradient.chunks_exact(d_in).map(|row| f64::from(squared(row))).sum()
}

/// What features add to reconstructions in, gradient of scale·Σ(x̂ − x)² by them out; returns Σ (x̂ − x)².
fn difference(reconstruction: &mut [f32], x: &[f32], bias: &[f32], scale: f64) -> f64 {
    let (scale, mut squared) = ((2.0 * scale) as f32, 0.0);
    for (row, x) in reconstruction.chunks_exact_mut(bias.len()).zip(x.chunks_exact(bias.len())) {
        for ((value, x), bias) in row.iter_mut().zip(x).zip(bias) {
            *value += bias - x;
        }
        squared += squared_norm(row);
        for value in row.iter_mut() {
            *value *= scale;
        }
    }
    squared
}
