//! A sample with ties and zeros whose test results are known from R 4.2.2 and SciPy 1.17 alike.
//!
//! Park–Miller s = 16807·s mod 2³¹ − 1 from seed 42, u = s/(2³¹ − 1); x = ⌊8u³⌋ for the first 150, y = ⌊6u³⌋ for the
//! next 250. Σx = 209, Σy = 268.

/// The two groups, 150 and 250 values.
pub(crate) fn sample() -> (Vec<f64>, Vec<f64>) {
    let mut state = 42_u64;
    let mut next = |scale: f64| {
        state = state * 16_807 % 2_147_483_647;
        (scale * (state as f64 / 2_147_483_647.0).powi(3)).floor()
    };
    let x = (0..150).map(|_| next(8.0)).collect();
    let y = (0..250).map(|_| next(6.0)).collect();
    (x, y)
}

#[test]
fn sums_and_zeros_are_as_recorded() {
    let (x, y) = sample();
    let zeros = |values: &[f64]| values.iter().filter(|&&value| value == 0.0).count();
    assert_eq!((x.iter().sum::<f64>(), y.iter().sum::<f64>()), (209.0, 268.0));
    assert_eq!((zeros(&x), zeros(&y)), (85, 144));
}
