//! The cells of a batch, picked from all of them where they lie on the device.
//!
//! (stored − center)·scale − b_dec in one pass. Half precision keeps 11 bits of a value and halves the memory; values
//! beyond ±65,504 become infinite in it, and devices may take its subnormal ones (below 6.1e-5) for 0.

use burn::tensor::{Device, Int, Tensor};

use super::host::{floats, int_matrix, ints, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

const THREADS: usize = 256;

pub(super) static GATHER: Source = Source { name: "gather_cells", text: include_str!("gather.wgsl") };

/// All cells on the device.
#[derive(Clone, Debug)]
pub(crate) struct Resident {
    cells: Stored,
    d: usize,
    /// Taken off every cell, `[1, d_in]`.
    center: Tensor<2>,
    /// What a cell is multiplied by then.
    scale: f64,
}

#[derive(Clone, Debug)]
enum Stored {
    /// `[n_cells, d_in]`.
    Single(Tensor<2>),
    /// Two values a word, the first in the low half, `[n_cells, ⌈d_in / 2⌉]`.
    Half(Tensor<2, Int>),
}

impl Resident {
    /// Cells in f32.
    ///
    /// # Shapes
    /// `cells` is `[n_cells, d_in]`, `center` `[1, d_in]`.
    ///
    /// # Panics
    /// If the columns disagree.
    pub(crate) fn single(cells: Tensor<2>, center: Tensor<2>, scale: f64) -> Self {
        let d = cells.dims()[1];
        assert_eq!(center.dims(), [1, d], "a center for each column");
        Self { cells: Stored::Single(cells), d, center, scale }
    }

    /// Cells of `d` values, row by row, kept in half precision.
    ///
    /// # Panics
    /// If the columns disagree with `center`, `[1, d_in]`.
    pub(crate) fn half(cells: &[f32], d: usize, center: Tensor<2>, scale: f64, device: &Device) -> Self {
        assert_eq!(center.dims(), [1, d], "a center for each column");
        let bits = |value: Option<&f32>| value.map_or(0, |value| u32::from(half::f16::from_f32(*value).to_bits()));
        let words = |row: &[f32]| row.chunks(2).map(|pair| bits(pair.first()) | bits(pair.get(1)) << 16).collect();
        let words: Vec<u32> = cells.chunks_exact(d).flat_map(|row| -> Vec<u32> { words(row) }).collect();
        Self { cells: Stored::Half(int_matrix(words, d.div_ceil(2), device)), d, center, scale }
    }

    /// The cells at `positions`, with the center and `b_dec` taken off.
    ///
    /// # Shapes
    /// `positions` is `[1, batch]`, `b_dec` `[1, d_in]`; the result `[batch, d_in]`.
    ///
    /// # Errors
    /// [`KernelError`] if a device without our kernels can't be read.
    ///
    /// # Panics
    /// If shapes disagree; a position out of range is undefined on a GPU.
    pub(crate) fn gather(&self, positions: &Tensor<2, Int>, b_dec: &Tensor<2>) -> Result<Tensor<2>, KernelError> {
        let (n_cells, d) = (positions.dims()[1], self.d);
        assert_eq!(b_dec.dims(), [1, d], "a bias for each column");
        let Some(launch) = Launch::near(&GATHER, b_dec) else { return self.on_host(positions, b_dec) };
        let cells = Tensor::empty([n_cells, d], &b_dec.device());
        let (launch, n_words, is_half) = match &self.cells {
            Stored::Single(stored) => (launch.float(stored), d, 0),
            Stored::Half(stored) => (launch.int(stored), d.div_ceil(2), 1),
        };
        let launch = launch.int(positions).float(&self.center).float(b_dec).float(&cells);
        let launch = launch.word(n_cells * d).word(d).word(n_words).word(is_half).real(self.scale);
        launch.dispatch((n_cells * d).div_ceil(THREADS));
        Ok(cells)
    }

    fn on_host(&self, positions: &Tensor<2, Int>, b_dec: &Tensor<2>) -> Result<Tensor<2>, KernelError> {
        let (stored, device) = (self.values()?, b_dec.device());
        let (center, b_dec) = (floats(&self.center)?, floats(b_dec)?);
        let mut cells = Vec::new();
        for position in ints(positions)? {
            let row = &stored[position as usize * self.d..][..self.d];
            let shifts = row.iter().zip(&center).zip(&b_dec);
            cells.extend(shifts.map(|((value, center), b_dec)| (value - center) * self.scale as f32 - b_dec));
        }
        Ok(matrix(cells, self.d, &device))
    }

    fn values(&self) -> Result<Vec<f32>, KernelError> {
        match &self.cells {
            Stored::Single(cells) => floats(cells),
            Stored::Half(cells) => {
                let words = ints(cells)?;
                let single = |bits: u32| half::f16::from_bits(bits as u16).to_f32();
                let row = |row: &[i64]| -> Vec<f32> {
                    let pairs = row.iter().flat_map(|&word| [single(word as u32), single(word as u32 >> 16)]);
                    pairs.take(self.d).collect()
                };
                Ok(words.chunks_exact(self.d.div_ceil(2)).flat_map(row).collect())
            }
        }
    }
}
