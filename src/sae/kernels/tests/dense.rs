//! The same step in f64 with dense matrices and nothing shared with the kernels: what they are held against.

use super::super::StepRules;
use super::Weights;

/// A parameter with its moments.
struct Moving {
    value: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Moving {
    fn new(value: &[f32]) -> Self {
        let zeros = vec![0.0; value.len()];
        Self { value: value.iter().map(|&v| f64::from(v)).collect(), first: zeros.clone(), second: zeros }
    }

    fn adam(&mut self, gradient: &[f64], learning_rate: f64, t: i32) {
        for (at, g) in gradient.iter().enumerate() {
            self.first[at] = 0.9 * self.first[at] + 0.1 * g;
            self.second[at] = 0.999 * self.second[at] + 0.001 * g * g;
            let (m, v) = (self.first[at] / (1.0 - 0.9_f64.powi(t)), self.second[at] / (1.0 - 0.999_f64.powi(t)));
            self.value[at] -= learning_rate * m / (v.sqrt() + 1e-8);
        }
    }
}

/// A topk autoencoder in f64.
pub(super) struct Dense {
    rules: StepRules,
    encoder: Moving,
    b_enc: Moving,
    decoder: Moving,
    b_dec: Moving,
    t: i32,
    pub(super) n_clipped: usize,
    pub(super) tally: [f64; 3],
    pub(super) steps_since_fired: Vec<u32>,
}

impl Dense {
    pub(super) fn new(rules: StepRules, weights: &Weights) -> Self {
        Self {
            rules,
            encoder: Moving::new(&weights.encoder),
            b_enc: Moving::new(&weights.b_enc),
            decoder: Moving::new(&weights.decoder),
            b_dec: Moving::new(&weights.b_dec),
            t: 0,
            n_clipped: 0,
            tally: [0.0; 3],
            steps_since_fired: vec![0; weights.b_enc.len()],
        }
    }

    pub(super) fn parameters(&self) -> [(&'static str, Vec<f32>); 4] {
        let all =
            [("encoder", &self.encoder), ("b_enc", &self.b_enc), ("decoder", &self.decoder), ("b_dec", &self.b_dec)];
        all.map(|(name, it)| (name, it.value.iter().map(|&v| v as f32).collect()))
    }

    pub(super) fn step(&mut self, inputs: &[f32], rows: &[u32], learning_rate: f64) {
        let (d, h) = (self.b_dec.value.len(), self.b_enc.value.len());
        let mut gradient = [vec![0.0; h * d], vec![0.0; h], vec![0.0; h * d], vec![0.0; d]];
        let mut fired = vec![false; h];
        for &row in rows {
            let cell = &inputs[row as usize * d..][..d];
            self.cell(cell, rows.len() as f64, &mut gradient, &mut fired);
        }
        for (since, fired) in self.steps_since_fired.iter_mut().zip(fired) {
            *since = if fired { 0 } else { *since + 1 };
        }
        self.constrain(&mut gradient, d);
        self.t += 1;
        let moving = [&mut self.encoder, &mut self.b_enc, &mut self.decoder, &mut self.b_dec];
        for (moving, gradient) in moving.into_iter().zip(&gradient) {
            moving.adam(gradient, learning_rate, self.t);
        }
        for row in self.decoder.value.chunks_exact_mut(d).filter(|_| self.rules.has_unit_decoder) {
            let norm = row.iter().map(|w| w * w).sum::<f64>().sqrt();
            for w in row.iter_mut() {
                *w /= norm;
            }
        }
    }

    fn cell(&mut self, cell: &[f32], n_cells: f64, gradient: &mut [Vec<f64>; 4], fired: &mut [bool]) {
        let (d, h) = (cell.len(), self.b_enc.value.len());
        let x: Vec<f64> = cell.iter().zip(&self.b_dec.value).map(|(&x, b)| f64::from(x) - b).collect();
        let weight = |matrix: &Moving, f: usize, c: usize| matrix.value[f * d + c];
        let a = |f: usize| self.b_enc.value[f] + (0..d).map(|c| x[c] * weight(&self.encoder, f, c)).sum::<f64>();
        let mut order: Vec<(usize, f64)> = (0..h).map(|f| (f, a(f))).filter(|it| it.1 > 0.0).collect();
        order.sort_by(|left, right| right.1.total_cmp(&left.1));
        order.truncate(self.rules.k);
        let e: Vec<f64> =
            (0..d).map(|c| order.iter().map(|&(f, z)| z * weight(&self.decoder, f, c)).sum::<f64>() - x[c]).collect();
        self.tally[0] += e.iter().map(|e| e * e).sum::<f64>();
        self.tally[1] += order.iter().map(|it| it.1).sum::<f64>();
        self.tally[2] += order.len() as f64;
        let scale = self.rules.error_scale / n_cells;
        for &(f, z) in &order {
            fired[f] = true;
            let da = (0..d).map(|c| e[c] * scale * weight(&self.decoder, f, c)).sum::<f64>();
            gradient[1][f] += da;
            for c in 0..d {
                gradient[0][f * d + c] += da * x[c];
                gradient[2][f * d + c] += z * e[c] * scale;
                gradient[3][c] -= da * weight(&self.encoder, f, c);
            }
        }
        gradient[3].iter_mut().zip(&e).for_each(|(sum, e)| *sum += e * scale);
    }

    fn constrain(&mut self, gradient: &mut [Vec<f64>; 4], d: usize) {
        if self.rules.has_unit_decoder {
            for (g, w) in gradient[2].chunks_exact_mut(d).zip(self.decoder.value.chunks_exact(d)) {
                let along: f64 = g.iter().zip(w).map(|(g, w)| g * w).sum();
                g.iter_mut().zip(w).for_each(|(g, w)| *g -= along * w);
            }
        }
        let norm = gradient.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        let factor = self.rules.clip.map_or(1.0, |clip| (clip / (norm + 1e-6)).min(1.0));
        self.n_clipped += usize::from(factor < 1.0);
        gradient.iter_mut().flatten().for_each(|g| *g *= factor);
    }
}
