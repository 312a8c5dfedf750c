//! Which cells are meant by a pointer or a lasso.
//!
//! Nearest point through a uniform grid; inside a polygon by the even-odd rule (Shimrat, Algorithm 112, CACM 1962),
//! the last corner joined to the first. Points that are not finite are never found; of equally near points the
//! smaller row wins.

use super::camera::{Bounds, Point};
use super::scale::floor_index;

/// Points sorted into the squares of a grid.
#[derive(Clone, Debug)]
pub struct PointGrid {
    points: Vec<(f32, f32)>,
    origin: Point,
    side: f64,
    n_across: usize,
    n_up: usize,
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// Points a square holds on average.
const PER_SQUARE: f64 = 4.0;
const MOST_ACROSS: usize = 4096;

impl PointGrid {
    /// Sorts points into a grid.
    ///
    /// # Shapes
    /// `x`, `y`: `[n]`
    pub fn new(x: &[f32], y: &[f32]) -> Self {
        let points: Vec<(f32, f32)> = x.iter().copied().zip(y.iter().copied()).collect();
        let zero = Bounds { min: Point::default(), max: Point::default() };
        let bounds = Bounds::of(x, y).unwrap_or(zero);
        let (span_x, span_y) = (bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y);
        let n_squares = (points.len() as f64 / PER_SQUARE).max(1.0);
        let longest = span_x.max(span_y) / MOST_ACROSS as f64;
        let side = (span_x * span_y / n_squares).sqrt().max(longest).max(f64::MIN_POSITIVE);
        let side = if span_x.max(span_y) > 0.0 { side } else { 1.0 };
        let across = |span: f64| (floor_index(span / side) + 1).min(MOST_ACROSS + 1);
        let (n_across, n_up) = (across(span_x), across(span_y));
        let mut grid = Self { points, origin: bounds.min, side, n_across, n_up, starts: Vec::new(), rows: Vec::new() };
        grid.fill();
        grid
    }

    /// Counting sort of rows by square.
    fn fill(&mut self) {
        let squares: Vec<Option<usize>> = self.points.iter().map(|&p| self.square_of(p)).collect();
        let mut starts = vec![0u32; self.n_across * self.n_up + 1];
        for square in squares.iter().flatten() {
            starts[square + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; starts[starts.len() - 1] as usize];
        for (row, square) in squares.iter().enumerate() {
            if let Some(square) = *square {
                rows[next[square] as usize] = row as u32;
                next[square] += 1;
            }
        }
        self.starts = starts;
        self.rows = rows;
    }

    fn square_of(&self, (x, y): (f32, f32)) -> Option<usize> {
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        let (column, line) = self.column_and_line(Point::new(f64::from(x), f64::from(y)));
        Some(line * self.n_across + column)
    }

    fn column_and_line(&self, p: Point) -> (usize, usize) {
        let along = |value: f64, n: usize| floor_index(value / self.side).min(n - 1);
        (along(p.x - self.origin.x, self.n_across), along(p.y - self.origin.y, self.n_up))
    }

    /// The row of the point nearest to `at`, no farther than `radius` (data units).
    pub fn nearest(&self, at: Point, radius: f64) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        let (low, high) = (Point::new(at.x - radius, at.y - radius), Point::new(at.x + radius, at.y + radius));
        for row in self.rows_in_squares(low, high) {
            let distance = at.distance(self.point(row));
            let is_better = best.is_none_or(|(least, least_row)| (distance, row) < (least, least_row));
            if distance <= radius && is_better {
                best = Some((distance, row));
            }
        }
        best.map(|(_, row)| row)
    }

    /// Rows inside a polygon, ascending; none for fewer than three corners.
    pub fn inside(&self, polygon: &[Point]) -> Vec<u32> {
        let Some(bounds) = polygon_bounds(polygon).filter(|_| polygon.len() >= 3) else { return Vec::new() };
        let mut rows: Vec<u32> =
            self.rows_in_squares(bounds.min, bounds.max).filter(|&row| contains(polygon, self.point(row))).collect();
        rows.sort_unstable();
        rows
    }

    fn point(&self, row: u32) -> Point {
        let (x, y) = self.points[row as usize];
        Point::new(f64::from(x), f64::from(y))
    }

    fn rows_in_squares(&self, low: Point, high: Point) -> impl Iterator<Item = u32> + '_ {
        let (left, bottom) = self.column_and_line(low);
        let (right, top) = self.column_and_line(high);
        (bottom..=top).flat_map(move |line| {
            let from = self.starts[line * self.n_across + left] as usize;
            let to = self.starts[line * self.n_across + right + 1] as usize;
            self.rows[from..to].iter().copied()
        })
    }
}

fn polygon_bounds(polygon: &[Point]) -> Option<Bounds> {
    let first = *polygon.first()?;
    Some(polygon.iter().fold(Bounds { min: first, max: first }, |b, p| Bounds {
        min: Point::new(b.min.x.min(p.x), b.min.y.min(p.y)),
        max: Point::new(b.max.x.max(p.x), b.max.y.max(p.y)),
    }))
}

/// Whether a point is inside a polygon.
pub fn contains(polygon: &[Point], p: Point) -> bool {
    let mut is_inside = false;
    for (i, &a) in polygon.iter().enumerate() {
        let b = polygon[(i + 1) % polygon.len()];
        if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
            is_inside = !is_inside;
        }
    }
    is_inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn polygon(corners: &[(f64, f64)]) -> Vec<Point> {
        corners.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn nearest_is_within_the_radius() {
        let grid = PointGrid::new(&[0.0, 1.0, f32::NAN], &[0.0, 1.0, 0.4]);
        assert_eq!(grid.nearest(Point::new(0.9, 0.8), 0.5), Some(1));
        assert_eq!(grid.nearest(Point::new(0.5, 0.4), 0.1), None);
        assert_eq!(grid.nearest(Point::new(-9.0, -9.0), 20.0), Some(0));
    }

    #[test]
    fn ties_go_to_the_smaller_row() {
        let grid = PointGrid::new(&[2.0, 0.0, 0.0], &[0.0, 0.0, 0.0]);
        assert_eq!(grid.nearest(Point::new(1.0, 0.0), 3.0), Some(0));
        assert_eq!(grid.nearest(Point::new(0.0, 0.0), 3.0), Some(1));
    }

    #[test]
    fn no_points_find_nothing() {
        let grid = PointGrid::new(&[], &[]);
        assert_eq!(grid.nearest(Point::default(), 1.0), None);
        assert!(grid.inside(&polygon(&[(-1.0, -1.0), (1.0, -1.0), (0.0, 1.0)])).is_empty());
    }

    #[test]
    fn a_concave_lasso_leaves_its_bay_out() {
        let bay = polygon(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)]);
        assert!(contains(&bay, Point::new(0.5, 0.5)));
        assert!(!contains(&bay, Point::new(2.0, 3.0)));
        let grid = PointGrid::new(&[2.0, 0.5, 3.5], &[3.0, 0.5, 0.5]);
        assert_eq!(grid.inside(&bay), [1, 2]);
        assert!(grid.inside(&bay[..2]).is_empty());
    }

    proptest! {
        #[test]
        fn the_grid_agrees_with_looking_at_every_point(
            points in prop::collection::vec((-50.0f32..50.0, -3.0f32..3.0), 1..200),
            at in (-60.0f64..60.0, -4.0f64..4.0),
            radius in 0.1f64..30.0,
        ) {
            let (x, y): (Vec<f32>, Vec<f32>) = points.iter().copied().unzip();
            let grid = PointGrid::new(&x, &y);
            let at = Point::new(at.0, at.1);
            let nearest = (0..points.len() as u32)
                .map(|row| (at.distance(grid.point(row)), row))
                .filter(|(distance, _)| *distance <= radius)
                .min_by(|a, b| a.partial_cmp(b).unwrap());
            prop_assert_eq!(grid.nearest(at, radius), nearest.map(|(_, row)| row));
            let square = polygon(&[
                (at.x - radius, at.y - 1.0), (at.x + radius, at.y - 1.0), (at.x + radius, at.y + 1.0), (at.x - radius, at.y + 1.0),
            ]);
            let inside: Vec<u32> = (0..points.len() as u32).filter(|&row| contains(&square, grid.point(row))).collect();
            prop_assert_eq!(grid.inside(&square), inside);
        }
    }
}
