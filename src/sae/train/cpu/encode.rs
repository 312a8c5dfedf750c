//! From pre-activations to the sparse activations of a batch, by the rule of every variant.

use super::codes::Codes;
use super::kernels::add_to;
use super::part::{Offers, Part, Picking, total};
use crate::sae::Variant;
use crate::sae::select::{self, Entry, Largest};
use crate::sae::train::state::{ByParameter, TrainState};

/// What the encoder gives for a batch, and what it takes to find it.
#[derive(Clone, Debug, Default)]
pub(super) struct Encoded {
    /// z above 0.
    pub(super) active: Codes,
    /// jumprelu: pre-activations within half a bandwidth of their threshold.
    pub(super) near: Codes,
    /// gated: gates π above 0.
    pub(super) open: Codes,
    /// Activations of dead features that may explain what the others leave.
    pub(super) revived: Codes,
    /// Where the variant picks over the batch, the smallest activation picked.
    pub(super) smallest: Option<f32>,
    dead: Vec<u32>,
    /// Pre-activations of the dead, or θ, or exp(r_mag) of every feature.
    per_feature: Vec<f32>,
    row: Vec<Entry>,
    over_batch: Largest,
    picking: Picking,
}

impl Encoded {
    /// Picks the activations of a training batch. `pre` is x W_enc, `[n_cells, n_features]`, and gets its bias here;
    /// `k` features are kept per cell where the variant keeps a fixed number.
    pub(super) fn select(&mut self, pre: &mut [f32], variant: Variant, parameters: &ByParameter<Vec<f32>>, k: usize) {
        let bias = &parameters.b_enc;
        self.clear();
        match variant {
            Variant::Gated { .. } => return self.gated(pre, parameters),
            Variant::JumpRelu { bandwidth, .. } => return self.jump(pre, parameters, bandwidth as f32),
            _ => {}
        }
        if variant.is_over_the_batch() {
            return self.batch(pre, bias, k);
        }
        for cell in pre.chunks_exact_mut(bias.len()) {
            add_to(cell, 1.0, bias);
            match variant {
                Variant::TopK { .. } | Variant::TopKShare { .. } => select::largest(cell, k, &mut self.row),
                _ => select::positives(cell, &mut self.row),
            }
            self.push_row();
        }
    }

    /// Picks activations as the finished autoencoder will: like [`Self::select`], but by the threshold of the batches
    /// seen where the variant picks over the batch.
    pub(super) fn select_finished(&mut self, pre: &mut [f32], variant: Variant, state: &TrainState, k: usize) {
        if !variant.is_over_the_batch() {
            return self.select(pre, variant, &state.parameters, k);
        }
        self.clear();
        let (bias, floor) = (&state.parameters.b_enc, state.batch_threshold.unwrap_or(0.0).max(0.0));
        for cell in pre.chunks_exact_mut(bias.len()) {
            add_to(cell, 1.0, bias);
            let above = cell.iter().enumerate().filter(|(_, value)| **value > floor);
            above.for_each(|(feature, &value)| self.active.push(feature as u32, value));
            self.active.end_cell();
        }
    }

    /// For every cell the `k_aux` largest positive pre-activations of dead features, of which there are as many as
    /// this returns; `pre` has its bias.
    pub(super) fn revive(
        &mut self,
        pre: &[f32],
        since_fired: &[u32],
        window: usize,
        k_aux: impl Fn(usize) -> usize,
    ) -> usize {
        self.dead.clear();
        let is_dead = |since: &u32| *since as usize >= window;
        let dead = since_fired.iter().enumerate().filter(|(_, since)| is_dead(since));
        self.dead.extend(dead.map(|(feature, _)| feature as u32));
        self.revived.clear();
        let k = k_aux(self.dead.len());
        for cell in pre.chunks_exact(since_fired.len()) {
            self.per_feature.clear();
            self.per_feature.extend(self.dead.iter().map(|&feature| cell[feature as usize]));
            select::largest(&self.per_feature, k, &mut self.row);
            self.row.iter().for_each(|&(at, value)| self.revived.push(self.dead[at as usize], value));
            self.revived.end_cell();
        }
        self.dead.len()
    }

    /// What was picked here, for the choice of all shards.
    pub(super) fn offer(&self, part: &mut Part) {
        part.offer(&self.active);
        if part.sums[1] > 0.0 {
            part.offer(&self.revived);
        }
    }

    /// Keeps of what was picked here what all shards would pick together: `k` for a cell.
    pub(super) fn narrow(
        &mut self,
        parts: &[Part],
        own: usize,
        (variant, k): (Variant, usize),
        k_aux: impl Fn(usize) -> usize,
    ) {
        let Self { active, revived, picking, smallest, .. } = self;
        let mut offers = Offers::new(parts, own);
        if variant.is_over_the_batch() {
            *smallest = picking.by_batch(active, &mut offers, k * active.n_cells());
        } else {
            picking.by_cell(active, &mut offers, k);
        }
        let n_dead = total(parts, 1) as usize;
        if n_dead > 0 {
            picking.by_cell(revived, &mut offers, k_aux(n_dead));
        }
    }

    fn clear(&mut self) {
        for codes in [&mut self.active, &mut self.near, &mut self.open, &mut self.revived] {
            codes.clear();
        }
        self.smallest = None;
    }

    fn push_row(&mut self) {
        self.row.iter().for_each(|&(feature, value)| self.active.push(feature, value));
        self.active.end_cell();
    }

    fn batch(&mut self, pre: &mut [f32], bias: &[f32], k: usize) {
        let (n_features, n_cells) = (bias.len(), pre.len() / bias.len());
        self.over_batch.start(k * n_cells);
        for (cell, pre) in pre.chunks_exact_mut(n_features).enumerate() {
            add_to(pre, 1.0, bias);
            self.over_batch.offer(pre, (cell * n_features) as u32);
        }
        let picked = self.over_batch.finish();
        self.smallest = picked.iter().map(|entry| entry.1).min_by(f32::total_cmp);
        let mut picked = picked.iter().peekable();
        for cell in 0..n_cells {
            let first = (cell * n_features) as u32;
            while let Some(&(at, value)) = picked.next_if(|entry| entry.0 < first + n_features as u32) {
                self.active.push(at - first, value);
            }
            self.active.end_cell();
        }
    }

    fn jump(&mut self, pre: &mut [f32], parameters: &ByParameter<Vec<f32>>, bandwidth: f32) {
        let (bias, log_threshold) = (&parameters.b_enc, &parameters.log_threshold);
        self.per_feature.clear();
        self.per_feature.extend(log_threshold.iter().map(|log| libm::expf(*log)));
        for cell in pre.chunks_exact_mut(bias.len()) {
            add_to(cell, 1.0, bias);
            for (feature, (&value, &threshold)) in cell.iter().zip(&self.per_feature).enumerate() {
                if value > threshold {
                    self.active.push(feature as u32, value);
                }
                if ((value - threshold) / bandwidth).abs() < 0.5 {
                    self.near.push(feature as u32, value);
                }
            }
            self.active.end_cell();
            self.near.end_cell();
        }
    }

    fn gated(&mut self, pre: &[f32], parameters: &ByParameter<Vec<f32>>) {
        let ByParameter { b_enc, r_mag, b_mag, .. } = parameters;
        self.per_feature.clear();
        self.per_feature.extend(r_mag.iter().map(|log| libm::expf(*log)));
        for cell in pre.chunks_exact(b_enc.len()) {
            for (feature, &u) in cell.iter().enumerate() {
                let gate = u + b_enc[feature];
                if gate > 0.0 {
                    self.open.push(feature as u32, gate);
                    let magnitude = u * self.per_feature[feature] + b_mag[feature];
                    if magnitude > 0.0 {
                        self.active.push(feature as u32, magnitude);
                    }
                }
            }
            self.active.end_cell();
            self.open.end_cell();
        }
    }
}
