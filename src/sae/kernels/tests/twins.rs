//! The twins, which are all a native build has.

use std::collections::BTreeSet;

use futures::executor::block_on;

use super::*;

/// A kernel's compiled form is found by its name.
#[test]
fn kernels_have_names_of_their_own() {
    let batch =
        [&batch_top_k::COUNT, &batch_top_k::DIGIT, &batch_top_k::ROWS, &batch_top_k::STARTS, &batch_top_k::FILL];
    let step = [&gather::GATHER, &matmul::MATMUL, &top_k::TOP_K, &decode::DECODE, &by_feature::BY_FEATURE];
    let all = [batch.as_slice(), &step, &[&finish::COLUMNS, &finish::FINISH, &adam::ADAM]].concat();
    let names: BTreeSet<&str> = all.iter().map(|source| source.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|source| source.text.matches("fn main(").count() == 1));
}

fn row(values: &[f32]) -> Tensor<2> {
    from_vec(values.to_vec(), values.len(), &Device::flex())
}

#[test]
fn ties_go_to_the_lowest_feature_and_rooms_left_are_empty() {
    let pre = from_vec(vec![2.0, 1.0, 2.0, 2.0, f32::NAN, -1.0, 0.0, 0.5], 4, &Device::flex());
    let active = top_k(&pre, &row(&[0.0, 0.0, 0.0, 0.0]), 2).unwrap();
    block_on(async {
        assert_eq!(ints(&active.starts).await, [0, 2, 4]);
        assert_eq!(ints(&active.features).await, [0, 2, 3, 4]);
        assert_eq!(floats(&active.values).await, [2.0, 2.0, 0.5, 0.0]);
        assert_eq!(ints(&active.cells).await, [1, 0, 1, 2]);
    });
}

#[test]
fn a_batchs_ties_go_to_the_lowest_cell_then_feature() {
    let pre = from_vec(vec![1.0, 3.0, 1.0, 1.0, 1.0, 2.0], 2, &Device::flex());
    let found = batch_top_k(&pre, &row(&[0.0, 0.0]), 4).unwrap();
    block_on(async {
        assert_eq!(ints(&found.active.starts).await, [0, 2, 3, 4]);
        assert_eq!(ints(&found.active.features).await, [0, 1, 0, 1]);
        assert_eq!(floats(&found.active.values).await, [1.0, 3.0, 1.0, 2.0]);
        assert_eq!(ints(&found.edge).await, [1.0_f32.to_bits(), 2, 1.0_f32.to_bits()]);
    });
}

#[test]
fn a_batch_with_too_few_positives_keeps_them_all() {
    let pre = from_vec(vec![-1.0, 3.0, 0.0, 1.0], 2, &Device::flex());
    let found = batch_top_k(&pre, &row(&[0.0, 0.0]), 3).unwrap();
    block_on(async {
        assert_eq!(ints(&found.active.starts).await, [0, 1, 2]);
        assert_eq!(ints(&found.edge).await, [0, 0, 1.0_f32.to_bits()]);
    });
}

#[test]
fn twenty_steps_are_those_of_dense_arithmetic() {
    block_on(steps_agree_with_dense_arithmetic(&Device::flex()));
}

#[test]
fn twenty_steps_are_those_of_the_trainer() {
    block_on(steps_agree_with_the_trainer(&Device::flex()));
}
