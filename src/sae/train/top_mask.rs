//! Which entries of every row are among its k largest, in Burn operations that never read anything back.
//!
//! Bisects for the smallest threshold that at most k entries exceed: thirty halvings of the interval from 0 to the
//! row's maximum, so entries closer than 2⁻³⁰ of the maximum count as tied. Of entries tied at the edge the lowest
//! feature is kept where there is room and the others are not: never more than k, and fewer only when more than two
//! entries tie. Rows are the activations after ReLU; zeros are never kept.

use burn::tensor::{Bool, Device, Int, Tensor};

const N_HALVINGS: usize = 30;

/// A mask of the `k` largest positive entries of every row.
///
/// # Shapes
/// `rectified` and the mask are `[batch, n_features]`.
pub(crate) fn top_mask(rectified: &Tensor<2>, k: usize) -> Tensor<2, Bool> {
    let [_, n_features] = rectified.dims();
    if k >= n_features {
        return rectified.clone().greater_elem(0.0);
    }
    let is_too_many =
        |threshold: &Tensor<2>| count(rectified.clone().greater(threshold.clone())).greater_elem(k as f32);
    let maximum = rectified.clone().max_dim(1);
    let mut low = maximum.zeros_like();
    let mut high = low.clone().mask_where(is_too_many(&low), maximum);
    for _ in 0..N_HALVINGS {
        let middle = (low.clone() + high.clone()) * 0.5;
        let too_many = is_too_many(&middle);
        low = low.mask_where(too_many.clone(), middle.clone());
        high = middle.mask_where(too_many, high);
    }
    let above = rectified.clone().greater(high.clone());
    let room = count(above.clone()).lower_elem(k as f32);
    let tied = rectified.clone().greater(low).bool_and(above.clone().bool_not());
    above.bool_or(first_of(&tied, n_features, &rectified.device()).bool_and(room.expand(rectified.dims())))
}

/// Entries set in every row, `[batch, 1]`.
fn count(mask: Tensor<2, Bool>) -> Tensor<2> {
    mask.float().sum_dim(1)
}

/// The lowest entry set in every row, if any.
fn first_of(mask: &Tensor<2, Bool>, n_features: usize, device: &Device) -> Tensor<2, Bool> {
    let positions: Tensor<2> = Tensor::<1, Int>::arange(0..i64::from(n_features as u32), device).float().unsqueeze();
    let far = positions.clone() + n_features as f32;
    let lowest = far.expand(mask.dims()).mask_where(mask.clone(), positions.clone().expand(mask.dims())).min_dim(1);
    positions.expand(mask.dims()).equal(lowest.expand(mask.dims()))
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::sae::select;

    fn kept(rows: &[&[f32]], k: usize) -> Vec<Vec<u32>> {
        let n = rows[0].len();
        let data = TensorData::new(rows.concat(), [rows.len(), n]);
        let mask = top_mask(&Tensor::from_data(data, &Device::flex()), k).float().into_data();
        let mask = mask.try_into_vec::<f32>().unwrap();
        mask.chunks(n).map(|row| (0..n as u32).filter(|&at| row[at as usize] > 0.5).collect()).collect()
    }

    #[test]
    fn the_same_as_exact_selection_on_rows_without_ties() {
        let rows: Vec<Vec<f32>> = (0..20_u32)
            .map(|row| (0..53_u32).map(|at| ((at * 29 + row * 17) % 53) as f32 - 20.0).map(|x| x.max(0.0)).collect())
            .collect();
        let slices: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        for k in [1, 2, 16, 40, 53] {
            for (row, found) in rows.iter().zip(kept(&slices, k)) {
                let mut expected = Vec::new();
                select::largest(row, k, &mut expected);
                assert_eq!(found, expected.iter().map(|pair| pair.0).collect::<Vec<u32>>(), "k {k}");
            }
        }
    }

    #[test]
    fn of_two_tied_at_the_edge_the_lower_is_kept() {
        assert_eq!(kept(&[&[0.0, 1.0, 2.0, 1.0]], 2), [[1, 2]]);
    }

    #[test]
    fn zeros_are_never_kept_and_small_values_are() {
        assert_eq!(kept(&[&[0.0; 5], &[0.0, 1e-20, 0.0, 0.0, 1e9]], 3), [vec![], vec![1, 4]]);
    }

    #[test]
    fn a_wide_tie_never_keeps_more_than_k() {
        assert_eq!(kept(&[&[1.0; 6]], 3), [[0]]);
    }
}
