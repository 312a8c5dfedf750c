//! The order of cells in every epoch, a function of seed and epoch alone.
//!
//! Nothing has to be remembered to resume in the middle of an epoch, and the order is the same on every machine
//! (32-bit browsers included). ChaCha8, stream 1 + epoch; Fisher–Yates with unbiased bounded draws.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::stats::draw_below;

/// All of `0..n_cells`, shuffled for that epoch.
pub(super) fn epoch_order(seed: u64, epoch: usize, n_cells: usize) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1 + epoch as u64);
    shuffle(&mut rng, n_cells)
}

/// All of `0..n` in random order.
pub(super) fn shuffle(rng: &mut ChaCha8Rng, n: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for last in (1..n).rev() {
        order.swap(last, draw_below(rng, last as u32 + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_cell_once() {
        let mut order = epoch_order(3, 5, 101);
        assert_ne!(order, (0..101).collect::<Vec<u32>>());
        order.sort_unstable();
        assert_eq!(order, (0..101).collect::<Vec<u32>>());
    }

    #[test]
    fn seed_and_epoch_decide_the_order() {
        assert_eq!(epoch_order(1, 2, 50), epoch_order(1, 2, 50));
        assert_ne!(epoch_order(1, 2, 50), epoch_order(1, 3, 50));
        assert_ne!(epoch_order(1, 2, 50), epoch_order(2, 2, 50));
    }

    #[test]
    fn the_first_place_is_uniform() {
        let mut counts = [0_i32; 5];
        (0..5000).for_each(|epoch| counts[epoch_order(9, epoch, 5)[0] as usize] += 1);
        assert!(counts.iter().all(|count| (count - 1000).abs() < 150), "{counts:?}");
    }
}
