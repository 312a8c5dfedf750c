//! Labels beside points without overlap, greedily.
//!
//! Labels come in order of importance. Each tries places around its point, near ones first, farther ones with a line to
//! the point. A place must lie inside the bounds and touch no earlier label and no labelled point; of those left the
//! one that covers the fewest other points wins, then the earlier in the list. A label without a place is left out.

/// A rectangle: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Box2 {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Box2 {
    fn overlaps(self, other: Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn is_inside(self, other: Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }

    fn holds(self, (x, y): (i32, i32)) -> bool {
        x > self.left && x < self.right && y > self.top && y < self.bottom
    }

    fn around((x, y): (i32, i32), radius: i32) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }
}

/// A label to place: where its point is and how large its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) at: (i32, i32),
    pub(super) width: i32,
    pub(super) height: i32,
}

/// A place, and whether it is so far off that a line should lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) area: Box2,
    pub(super) is_far: bool,
}

/// What labels keep to.
pub(super) struct Room<'a> {
    /// Where labels may lie.
    pub(super) bounds: Box2,
    /// Points better not covered.
    pub(super) points: &'a [(i32, i32)],
    /// Radius of a point with the gap to its label.
    pub(super) radius: i32,
    /// Labels to place at most.
    pub(super) n_most: usize,
}

/// Distances of a label from its point, in radii.
const RINGS: [i32; 3] = [1, 4, 8];
/// Sides in order of preference: right, left, above, below and the corners.
const SIDES: [(i32, i32); 8] = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// A place for each label, or none.
pub(super) fn place(wishes: &[Wish], room: &Room<'_>) -> Vec<Option<Place>> {
    let dots: Vec<Box2> = wishes.iter().map(|wish| Box2::around(wish.at, room.radius * 3 / 4)).collect();
    let mut taken: Vec<Box2> = Vec::new();
    let mut places = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let best = if taken.len() < room.n_most { best_place(*wish, room, &taken, &dots) } else { None };
        taken.extend(best.map(|place| place.area));
        places.push(best);
    }
    places
}

fn best_place(wish: Wish, room: &Room<'_>, taken: &[Box2], dots: &[Box2]) -> Option<Place> {
    let is_free =
        |area: Box2| area.is_inside(room.bounds) && !taken.iter().chain(dots).any(|other| area.overlaps(*other));
    let covered = |area: Box2| room.points.iter().filter(|point| area.holds(**point)).count();
    let free = candidates(wish, room.radius).filter(|place| is_free(place.area));
    // min_by_key keeps the first of equals.
    free.min_by_key(|place| (covered(place.area), place.is_far))
}

fn candidates(wish: Wish, radius: i32) -> impl Iterator<Item = Place> {
    RINGS.iter().enumerate().flat_map(move |(ring, &distance)| {
        SIDES.iter().map(move |&side| Place { area: beside(wish, side, distance * radius), is_far: ring > 0 })
    })
}

fn beside(wish: Wish, side: (i32, i32), gap: i32) -> Box2 {
    let along = |at: i32, size: i32, side: i32| match side {
        1 => at + gap,
        -1 => at - gap - size,
        _ => at - size / 2,
    };
    let (left, top) = (along(wish.at.0, wish.width, side.0), along(wish.at.1, wish.height, side.1));
    Box2 { left, top, right: left + wish.width, bottom: top + wish.height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Box2 = Box2 { left: 0, top: 0, right: 1000, bottom: 600 };

    fn room(points: &[(i32, i32)], n_most: usize) -> Room<'_> {
        Room { bounds: BOUNDS, points, radius: 12, n_most }
    }

    #[test]
    fn a_lone_label_stands_at_the_right() {
        let places = place(&[Wish { at: (100, 100), width: 80, height: 20 }], &room(&[], 5));
        assert_eq!(places[0].unwrap().area, Box2 { left: 112, top: 90, right: 192, bottom: 110 });
    }

    #[test]
    fn the_edge_turns_a_label_to_the_left() {
        let places = place(&[Wish { at: (990, 100), width: 80, height: 20 }], &room(&[], 5));
        assert_eq!(places[0].unwrap().area.right, 978);
    }

    #[test]
    fn points_are_not_covered_where_there_is_another_place() {
        let places = place(&[Wish { at: (500, 100), width: 80, height: 20 }], &room(&[(550, 100)], 5));
        assert_eq!(places[0].unwrap().area.right, 488);
    }

    #[test]
    fn a_label_too_wide_or_too_many_is_left_out() {
        let wishes = [Wish { at: (500, 100), width: 2000, height: 20 }, Wish { at: (500, 100), width: 20, height: 20 }];
        assert_eq!(place(&wishes, &room(&[], 5))[0], None);
        assert_eq!(place(&wishes, &room(&[], 0)), [None, None]);
    }

    proptest! {
        #[test]
        fn labels_never_overlap_and_stay_inside(
            points in prop::collection::vec((0..1000i32, 0..600i32, 10..200i32), 1..60)
        ) {
            let wishes: Vec<Wish> = points.iter().map(|&(x, y, width)| Wish { at: (x, y), width, height: 40 }).collect();
            let places: Vec<Box2> = place(&wishes, &room(&[], 60)).into_iter().flatten().map(|p| p.area).collect();
            prop_assert!(!places.is_empty() || wishes.iter().all(|w| w.width > 100));
            for (i, a) in places.iter().enumerate() {
                prop_assert!(a.is_inside(BOUNDS));
                prop_assert!(places[i + 1..].iter().all(|b| !a.overlaps(*b)));
            }
        }
    }
}
