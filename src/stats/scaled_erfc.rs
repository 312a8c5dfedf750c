//! The complementary error function without its exponential: e^{w²}·erfc(w) for w ≥ 0.
//!
//! It falls like 1/(w√π), so logarithms of normal and t tails can be put together from it at any distance. Between
//! points of a grid (16 to an octave of 1 + w) it is the Taylor series Σ Iₙ(w₀)·(−2h)ⁿ with the scaled repeated integrals
//! Iₙ = e^{w²} iⁿerfc(w), which obey 2(n + 1)Iₙ₊₁ = Iₙ₋₁ − 2w Iₙ and I₋₁ = 2/√π (DLMF 7.18.7). The Iₙ are the solution
//! that falls, so they are computed downwards (Miller's algorithm; Gautschi, SIAM Review 9, 1967), at compile time;
//! near 0, where that is slow, upwards from I₀ by its power series. Beyond the grid: the asymptotic series (DLMF
//! 7.12.1). Relative error below 1e-15. NaN gives NaN; w below 0 is the caller's bug.

use std::f64::consts::FRAC_2_SQRT_PI;

const ROWS_PER_OCTAVE: usize = 16;
/// Six octaves: w up to 63.
const N_ROWS: usize = 6 * ROWS_PER_OCTAVE;
/// |h| ≤ (1 + w)/32; the eleventh term is below 2e-16 of the sum.
const DEGREE: usize = 10;
const GRID_END: f64 = 63.0;
const DOWNWARDS_FROM: f64 = 0.5;
/// The other solution is smaller by exp(−2w√(2n)): 1e-17 from n = 800 on at w = ½.
const N_DOWNWARDS: usize = 800;

type Row = [f64; DEGREE + 1];

static ROWS: [Row; N_ROWS] = rows();

/// e^{w²}·erfc(w) for w ≥ 0, from 1 down to 0.
pub(crate) fn scaled_erfc(w: f64) -> f64 {
    if w >= GRID_END {
        return asymptotic(w);
    }
    let bits = (1.0 + w).to_bits();
    // Exponent and upper four bits of the mantissa number the rows.
    let Some(row) = ROWS.get((bits >> 48).wrapping_sub(1023 << 4) as usize) else {
        return f64::NAN;
    };
    let centre = f64::from_bits((bits & !((1 << 48) - 1)) | (1 << 47));
    taylor(row, (1.0 + w) - centre)
}

/// The polynomial in a form whose parts do not wait for each other.
fn taylor(c: &Row, h: f64) -> f64 {
    let h2 = h * h;
    let h4 = h2 * h2;
    let low = (c[0] + c[1] * h) + (c[2] + c[3] * h) * h2;
    let middle = (c[4] + c[5] * h) + (c[6] + c[7] * h) * h2;
    let high = (c[8] + c[9] * h) + c[10] * h2;
    low + h4 * (middle + h4 * high)
}

fn asymptotic(w: f64) -> f64 {
    let q = 0.5 / w / w;
    0.5 * FRAC_2_SQRT_PI / w * (1.0 - q * (1.0 - 3.0 * q * (1.0 - 5.0 * q * (1.0 - 7.0 * q))))
}

const fn rows() -> [Row; N_ROWS] {
    let mut rows = [[0.0; DEGREE + 1]; N_ROWS];
    let mut at = 0;
    while at < N_ROWS {
        let octave = (1_u64 << (at / ROWS_PER_OCTAVE)) as f64;
        let centre = octave * (1.0 + ((at % ROWS_PER_OCTAVE) as f64 + 0.5) / ROWS_PER_OCTAVE as f64) - 1.0;
        let integrals = if centre < DOWNWARDS_FROM { upwards(centre) } else { downwards(centre) };
        let (mut n, mut scale) = (0, 1.0);
        while n <= DEGREE {
            rows[at][n] = integrals[n] * scale;
            scale *= -2.0;
            n += 1;
        }
        at += 1;
    }
    rows
}

/// I₀ to I_DEGREE by the recurrence from above, scaled so that I₋₁ is right.
const fn downwards(w: f64) -> Row {
    let mut integrals = [0.0; DEGREE + 1];
    let (mut above, mut here) = (0.0, 1e-250);
    let mut n = N_DOWNWARDS;
    while n > 0 {
        let below = 2.0 * w * here + 2.0 * (n as f64 + 1.0) * above;
        (above, here) = (here, below);
        n -= 1;
        if n <= DEGREE {
            integrals[n] = here;
        }
        if n > DEGREE && here > 1e200 {
            (above, here) = (above * 1e-200, here * 1e-200);
        }
    }
    let before = 2.0 * w * here + 2.0 * above;
    let mut at = 0;
    while at <= DEGREE {
        integrals[at] *= FRAC_2_SQRT_PI / before;
        at += 1;
    }
    integrals
}

/// I₀ = e^{w²} − (2w/√π) Σ (2w²)ⁿ/(2n + 1)!!, and the rest by the recurrence from below.
const fn upwards(w: f64) -> Row {
    let (mut exponential, mut odd) = (0.0, 0.0);
    let (mut even_term, mut odd_term) = (1.0, FRAC_2_SQRT_PI * w);
    let mut n = 0;
    while n < 25 {
        exponential += even_term;
        odd += odd_term;
        n += 1;
        even_term *= w * w / n as f64;
        odd_term *= 2.0 * w * w / (2 * n + 1) as f64;
    }
    let mut integrals = [exponential - odd; DEGREE + 1];
    let (mut before, mut at) = (FRAC_2_SQRT_PI, 0);
    while at < DEGREE {
        integrals[at + 1] = (before - 2.0 * w * integrals[at]) / (2.0 * (at as f64 + 1.0));
        before = integrals[at];
        at += 1;
    }
    integrals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_mpmath() {
        for (w, expected) in GOLDEN {
            let error = (scaled_erfc(w) / expected - 1.0).abs();
            assert!(error < 1e-15, "at {w}: {} is not {expected}", scaled_erfc(w));
        }
    }

    #[test]
    fn rows_meet_at_their_ends_and_the_series_beyond() {
        for at in 1..N_ROWS {
            let start = (1_u64 << (at / ROWS_PER_OCTAVE)) as f64;
            let end = start * (1.0 + (at % ROWS_PER_OCTAVE) as f64 / ROWS_PER_OCTAVE as f64) - 1.0;
            let (left, right) = (scaled_erfc(end - 1e-13 * start), scaled_erfc(end));
            assert!((left / right - 1.0).abs() < 1.5e-13, "at {end}: {left} and {right}");
        }
        assert!((scaled_erfc(GRID_END - 1e-12) / scaled_erfc(GRID_END) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn agrees_with_libm() {
        for at in 0..500 {
            let w = f64::from(at) / 100.0;
            let expected = libm::erfc(w) * libm::exp(w * w);
            assert!((scaled_erfc(w) / expected - 1.0).abs() < 1e-14, "at {w}");
        }
    }

    #[test]
    fn nan_stays_and_the_far_end_is_zero() {
        assert!(scaled_erfc(f64::NAN).is_nan());
        assert_eq!(scaled_erfc(f64::INFINITY), 0.0);
    }

    const GOLDEN: [(f64, f64); 22] = [
        (0.0, 1.0),
        (1e-9, 0.999_999_998_871_620_8),
        (0.01, 0.988_815_461_046_342_5),
        (0.062_5, 0.933_206_248_649_274_2),
        (0.3, 0.734_599_334_567_655_1),
        (0.49, 0.620_853_390_273_928),
        (0.5, 0.615_690_344_192_925_9),
        (0.77, 0.499_669_551_609_475_85),
        (1.0, 0.427_583_576_155_807),
        (1.37, 0.344_219_718_838_585_7),
        (2.0, 0.255_395_676_310_505_75),
        (3.0, 0.179_001_151_181_389_96),
        (4.7, 0.117_489_647_565_830_25),
        (7.0, 0.079_800_054_329_152_94),
        (12.3, 0.045_718_957_356_365_296),
        (30.9, 0.018_249_016_196_899_99),
        (31.0, 0.018_190_209_599_233_478),
        (45.0, 0.012_534_452_900_894_466),
        (62.99, 0.008_955_683_653_195_538),
        (63.0, 0.008_954_262_474_070_737),
        (100.0, 0.005_641_613_782_989_433),
        (1e8, 5.641_895_835_477_562e-9),
    ];
}
