//! Loops over rows of a matrix, in a fixed order whatever the machine.

/// out += factor · values
#[inline]
pub(super) fn add_to(out: &mut [f32], factor: f32, values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += factor * value;
    }
}

/// Σ a·b in eight running sums, which lets the compiler use SIMD without changing the order from run to run.
#[inline]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// Σ a², in f64 from one block of values to the next.
pub(super) fn squared_norm(values: &[f32]) -> f64 {
    const BLOCK: usize = 4096;
    values.chunks(BLOCK).map(|block| f64::from(dot(block, block))).sum()
}
