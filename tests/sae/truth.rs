//! Training on data whose truth is known, held to what PyTorch finds on the same kind of data.
//!
//! The bounds are the least of five seeds in `tests/fixtures/sae/recovery` less .03. Random decoders reach .48 to .60.

use std::sync::Arc;

use featurescope::data::{DenseMatrix, Silent, SparseActivations, SparseMatrix};
use featurescope::sae::metrics::{Directions, SignRule, match_decoders, recovery};
use featurescope::sae::{InputScaling, LossConvention, Sae, SaeParams, Trainer, Variant, device, encode_all};
use futures::executor::block_on;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Uniform on (0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (f64::from(rng.next_u32()) + 0.5) / f64::from(u32::MAX)
}

fn trained(params: SaeParams, inputs: &Arc<DenseMatrix>) -> Sae {
    let mut trainer = Trainer::new(params, Arc::clone(inputs), None, &device::cpu()).unwrap();
    while !trainer.is_done() {
        block_on(trainer.step()).unwrap();
    }
    block_on(trainer.finish()).unwrap()
}

/// 20 directions in 10 dimensions, each in a cell with probability .05 in an amount uniform on (0, 1).
fn superposition() -> (DenseMatrix, Arc<DenseMatrix>) {
    let (n_true, d, n_cells) = (20, 10, 10_000);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut truth = DenseMatrix::zeros(n_true, d);
    for direction in 0..n_true {
        // Twelve uniforms are nearly normal.
        let row = truth.row_mut(direction);
        for x in row.iter_mut() {
            *x = ((0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0) as f32;
        }
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        for x in row.iter_mut() {
            *x /= norm;
        }
    }
    let mut cells = DenseMatrix::zeros(n_cells, d);
    for cell in 0..n_cells {
        for direction in 0..n_true {
            if uniform(&mut rng) < 0.05 {
                let amount = uniform(&mut rng) as f32;
                cells.row_mut(cell).iter_mut().zip(truth.row(direction)).for_each(|(out, x)| *out += amount * x);
            }
        }
    }
    (truth, Arc::new(cells))
}

#[test]
fn directions_in_superposition_are_found() {
    let (truth, cells) = superposition();
    let aux = 1.0 / 32.0;
    for (variant, bound) in [(Variant::TopK { k: 2, aux }, 0.95), (Variant::BatchTopK { k: 1, aux }, 0.9)] {
        let params = SaeParams {
            variant,
            n_features: 40,
            learning_rate: SaeParams::usual_learning_rate(40),
            n_epochs: 125,
            hold_out: SaeParams::default().plain().hold_out,
            ..SaeParams::default()
        };
        let sae = trained(params, &cells);
        let found = match_decoders(&Directions::new(&truth), &Directions::new(&sae.weights().w_dec), SignRule::Signed);
        assert!(found.is_exact && found.mean >= bound, "{variant:?}: MCC {}", found.mean);
    }
}

/// The paper's small simulation (PAPER §1): X = a·b with a ~ Poisson(2), b ~ Bernoulli(.5, .1, .9); five mixed dimensions.
fn small_simulation(n_cells: usize, rng: &mut ChaCha8Rng) -> (DenseMatrix, DenseMatrix) {
    const MIXED: [&[usize]; 5] = [&[1], &[0, 1], &[0], &[1, 2], &[2]];
    let (mut x, mut y) = (DenseMatrix::zeros(n_cells, 3), DenseMatrix::zeros(n_cells, 5));
    for cell in 0..n_cells {
        for (variable, share) in [0.5, 0.1, 0.9].into_iter().enumerate() {
            // Knuth: as many uniforms as stay above exp(−2) when multiplied.
            let (mut product, mut count) = (uniform(rng), 0);
            while product > (-2.0_f64).exp() {
                product *= uniform(rng);
                count += 1;
            }
            x.row_mut(cell)[variable] = if uniform(rng) < share { count as f32 } else { 0.0 };
        }
        for (dim, parts) in MIXED.iter().enumerate() {
            y.row_mut(cell)[dim] = parts.iter().map(|&variable| x.row(cell)[variable]).sum();
        }
    }
    (x, y)
}

#[test]
fn variables_of_the_papers_small_simulation_are_recovered() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (_, train) = small_simulation(10_000, &mut rng);
    let (variables, held_out) = small_simulation(2000, &mut rng);
    let variables = SparseActivations::from_cells(SparseMatrix::from_dense(&variables));
    let inputs = Arc::new(train);
    let vanilla = Variant::Vanilla { l1: 1e-3, loss: LossConvention::AsCoded };
    for (variant, learning_rate, bound) in [(vanilla, 1e-2, 0.93), (Variant::TopKShare { percent: 10.0 }, 1e-3, 0.92)] {
        let params = SaeParams {
            variant,
            n_features: 20,
            learning_rate,
            batch_size: 128,
            n_epochs: 100,
            scaling: InputScaling::None,
            ..SaeParams::default().plain()
        };
        let sae = trained(params, &inputs);
        let activations = block_on(encode_all(&sae, &held_out, &device::cpu(), 500, &Silent, async || {})).unwrap();
        for (at, found) in recovery(&activations, &variables).iter().enumerate() {
            assert!(found.correlation.abs() >= bound, "{variant:?}: variable {at}: r {}", found.correlation);
        }
    }
}
