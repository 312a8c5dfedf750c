//! Unbiased random draws, the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// An unbiased draw from `0..bound` (Lemire 2019).
///
/// # Panics
/// If `bound` is 0.
pub fn draw_below(rng: &mut ChaCha8Rng, bound: u32) -> u32 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u64::from(rng.next_u32()) * u64::from(bound);
        if product as u32 >= threshold {
            return (product >> 32) as u32;
        }
    }
}

/// A standard normal draw (Box & Muller 1958, one of the pair; libm, so that every machine draws the same).
pub fn draw_normal(rng: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (draw_unit(rng), draw_unit(rng));
    (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
}

/// Uniform on (0, 1), 53 bits, never 0 and never 1.
fn draw_unit(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let draws: Vec<f64> = (0..20_000).map(|_| draw_normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
        // Three standard errors: 3/√n and 3·√(2/n).
        assert!(mean.abs() < 0.022 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
