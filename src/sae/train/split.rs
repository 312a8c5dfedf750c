//! Which cells training sees and which it is measured by, a function of the seed alone.
//!
//! By chance: round(share·n) cells of a shuffle. By a label: whole categories (such as donors) in shuffled order until
//! the share is reached, but never all of them. At least one cell stays on either side where anything is held out.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::order::shuffle;

/// The stream of ChaCha8 that decides; epochs use the streams after it.
const STREAM: u64 = u64::MAX;

/// Whether every one of `n_cells` cells is held out. `categories` are the label's codes, where cells are held out by a
/// label; cells without a category are trained on.
pub(super) fn held_out(seed: u64, share: f64, n_cells: usize, categories: Option<&[Option<u32>]>) -> Vec<bool> {
    let wanted = ((share * n_cells as f64).round() as usize).min(n_cells.saturating_sub(1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let mut is_held_out = vec![false; n_cells];
    if share <= 0.0 {
        return is_held_out;
    }
    match categories {
        None => {
            let order = shuffle(&mut rng, n_cells);
            order[..wanted.max(1).min(n_cells - 1)].iter().for_each(|&cell| is_held_out[cell as usize] = true);
        }
        Some(categories) => {
            let n_categories = categories.iter().flatten().max().map_or(0, |most| *most as usize + 1);
            let mut sizes = vec![0; n_categories];
            categories.iter().flatten().for_each(|&category| sizes[category as usize] += 1);
            let mut order = shuffle(&mut rng, n_categories);
            order.retain(|&category| sizes[category as usize] > 0);
            let mut n_held_out = 0;
            let n_chosen = order.iter().take(order.len().saturating_sub(1)).take_while(|&&category| {
                let goes_on = n_held_out < wanted;
                n_held_out += sizes[category as usize];
                goes_on
            });
            let chosen: Vec<u32> = n_chosen.copied().collect();
            for (cell, category) in categories.iter().enumerate() {
                is_held_out[cell] = category.is_some_and(|category| chosen.contains(&category));
            }
        }
    }
    is_held_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(held_out: &[bool]) -> usize {
        held_out.iter().filter(|held_out| **held_out).count()
    }

    #[test]
    fn by_chance_the_share_is_held_out_and_the_seed_decides() {
        let held = held_out(1, 0.1, 200, None);
        assert_eq!(count(&held), 20);
        assert_eq!(held, held_out(1, 0.1, 200, None));
        assert_ne!(held, held_out(2, 0.1, 200, None));
        assert_eq!(count(&held_out(1, 0.0, 200, None)), 0);
        assert_eq!((count(&held_out(1, 0.1, 2, None)), count(&held_out(1, 0.9, 2, None))), (1, 1));
    }

    #[test]
    fn by_label_whole_categories_are_held_out() {
        let donors: Vec<Option<u32>> = (0..100).map(|cell| (cell % 9 > 0).then_some(cell % 9 / 2)).collect();
        for seed in 0..10 {
            let held = held_out(seed, 0.2, 100, Some(&donors));
            assert!((20..80).contains(&count(&held)));
            for donor in 0..5 {
                let of_donor: Vec<bool> =
                    (0..100).filter(|&cell| donors[cell] == Some(donor)).map(|cell| held[cell]).collect();
                assert!(of_donor.iter().all(|held| *held == of_donor[0]));
            }
            assert!((0..100).all(|cell| donors[cell].is_some() || !held[cell]));
        }
    }

    #[test]
    fn a_single_category_is_trained_on() {
        assert_eq!(count(&held_out(0, 0.5, 10, Some(&[Some(0); 10]))), 0);
        assert_eq!(count(&held_out(0, 0.5, 10, Some(&[None; 10]))), 0);
    }
}
