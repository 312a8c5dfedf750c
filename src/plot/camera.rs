//! Which part of a map is on screen: fitting, zooming about a point, panning, and the way between screen and data.
//!
//! Screen points are CSS pixels from the upper left corner, y down; data y points up. Both axes share one scale.
//! Bounds leave out coordinates that are not finite.

/// A point in data or screen coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
}

impl Point {
    /// A point.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Euclidean distance.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// The smallest box around points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower left corner.
    pub min: Point,
    /// Upper right corner.
    pub max: Point,
}

impl Bounds {
    /// The box around all finite points; `None` if there are none.
    pub fn of(x: &[f32], y: &[f32]) -> Option<Self> {
        let mut bounds: Option<Self> = None;
        for (&x, &y) in x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()) {
            let point = Point::new(f64::from(x), f64::from(y));
            bounds = Some(bounds.map_or(Self { min: point, max: point }, |b| b.including(point)));
        }
        bounds
    }

    fn including(self, p: Point) -> Self {
        Self {
            min: Point::new(self.min.x.min(p.x), self.min.y.min(p.y)),
            max: Point::new(self.max.x.max(p.x), self.max.y.max(p.y)),
        }
    }
}

/// A screen in CSS pixels, and how much of its sides something else covers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Screen {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Covered from the left.
    pub left: f64,
    /// Covered from the right.
    pub right: f64,
}

/// What is on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The data point in the middle of the screen.
    pub center: Point,
    /// CSS pixels per data unit.
    pub scale: f64,
    /// Width of the screen in CSS pixels.
    pub width: f64,
    /// Height of the screen in CSS pixels.
    pub height: f64,
    fit_scale: f64,
}

/// Share of the screen left free on each side of a fitted map.
const MARGIN: f64 = 0.04;
const MOST_ZOOM: f64 = 200.0;
const LEAST_ZOOM: f64 = 0.2;

impl Camera {
    /// Shows all of `bounds` on the uncovered part of a screen.
    pub fn fit(bounds: Bounds, screen: Screen) -> Self {
        let (width, height) = (screen.width.max(1.0), screen.height.max(1.0));
        let free = (width - screen.left - screen.right).max(1.0);
        let room = 1.0 - 2.0 * MARGIN;
        let across = |span: f64, pixels: f64| if span > 0.0 { pixels * room / span } else { f64::INFINITY };
        let (span_x, span_y) = (bounds.max.x - bounds.min.x, bounds.max.y - bounds.min.y);
        let scale = across(span_x, free).min(across(span_y, height));
        let scale = if scale.is_finite() { scale } else { 1.0 };
        let aside = (screen.right - screen.left) / 2.0 / scale;
        let middle = Point::new(f64::midpoint(bounds.min.x, bounds.max.x), f64::midpoint(bounds.min.y, bounds.max.y));
        Self { center: Point::new(middle.x + aside, middle.y), scale, width, height, fit_scale: scale }
    }

    /// How much larger than fitted things appear.
    pub fn zoom(&self) -> f64 {
        self.scale / self.fit_scale
    }

    /// The same view on a screen of another size: a view of everything still shows everything, else centre and zoom
    /// stay.
    #[must_use]
    pub fn resized(&self, bounds: Bounds, screen: Screen, was: Screen) -> Self {
        let fitted = Self::fit(bounds, screen);
        if *self == Self::fit(bounds, was) {
            return fitted;
        }
        Self { center: self.center, scale: fitted.fit_scale * self.zoom(), ..fitted }
    }

    /// Zooms by `factor`; what is under `screen` stays there. The zoom stays within 0.2 and 200 times the fitted one.
    #[must_use]
    pub fn zoomed_at(&self, screen: Point, factor: f64) -> Self {
        let fixed = self.to_data(screen);
        let scale = (self.scale * factor).clamp(self.fit_scale * LEAST_ZOOM, self.fit_scale * MOST_ZOOM);
        let center = Point::new(
            fixed.x - (screen.x - self.width / 2.0) / scale,
            fixed.y + (screen.y - self.height / 2.0) / scale,
        );
        Self { center, scale, ..*self }
    }

    /// Moves the map by this many pixels to the right and down.
    #[must_use]
    pub fn panned(&self, dx: f64, dy: f64) -> Self {
        let center = Point::new(self.center.x - dx / self.scale, self.center.y + dy / self.scale);
        Self { center, ..*self }
    }

    /// Where a data point is on screen.
    pub fn to_screen(&self, data: Point) -> Point {
        Point::new(
            (data.x - self.center.x) * self.scale + self.width / 2.0,
            (self.center.y - data.y) * self.scale + self.height / 2.0,
        )
    }

    /// The data point at a place on screen.
    pub fn to_data(&self, screen: Point) -> Point {
        Point::new(
            (screen.x - self.width / 2.0) / self.scale + self.center.x,
            self.center.y - (screen.y - self.height / 2.0) / self.scale,
        )
    }

    /// Clip space factors: multiply `data − center` by them for WebGL's −1 to 1.
    pub fn clip_scale(&self) -> (f64, f64) {
        (2.0 * self.scale / self.width, 2.0 * self.scale / self.height)
    }

    /// Diameter of a point in CSS pixels: the fuller the map, the smaller; it grows with the square root of the zoom.
    pub fn point_size(&self, n_points: usize) -> f64 {
        let area_each = self.width * self.height / n_points.max(1) as f64;
        let fitted = (0.6 * area_each.sqrt()).clamp(1.6, 8.0);
        (fitted * self.zoom().sqrt()).clamp(1.2, 22.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds::of(&[-10.0, 10.0, f32::NAN], &[0.0, 5.0, 900.0]).unwrap()
    }

    fn screen(width: f64, height: f64) -> Screen {
        Screen { width, height, ..Screen::default() }
    }

    fn close(a: Point, b: Point) {
        assert!(a.distance(b) < 1e-9, "{a:?} against {b:?}");
    }

    #[test]
    fn fitting_centres_and_keeps_the_aspect() {
        let camera = Camera::fit(bounds(), screen(800.0, 600.0));
        close(camera.to_screen(Point::new(0.0, 2.5)), Point::new(400.0, 300.0));
        let left = camera.to_screen(Point::new(-10.0, 2.5)).x;
        assert!((left - 800.0 * MARGIN).abs() < 1e-9);
        assert!(camera.to_screen(Point::new(0.0, 5.0)).y < 300.0, "data y points up");
    }

    #[test]
    fn screen_and_data_are_inverse() {
        let camera =
            Camera::fit(bounds(), screen(333.0, 777.0)).zoomed_at(Point::new(20.0, 30.0), 7.0).panned(13.0, -9.0);
        let screen = Point::new(12.5, 640.0);
        close(camera.to_screen(camera.to_data(screen)), screen);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let camera = Camera::fit(bounds(), screen(800.0, 600.0));
        let pointer = Point::new(123.0, 456.0);
        let zoomed = camera.zoomed_at(pointer, 3.0);
        close(zoomed.to_data(pointer), camera.to_data(pointer));
        assert!((zoomed.zoom() - 3.0).abs() < 1e-12);
        assert!((camera.zoomed_at(pointer, 1e9).zoom() - MOST_ZOOM).abs() < 1e-9);
    }

    #[test]
    fn panning_moves_the_map_with_the_hand() {
        let camera = Camera::fit(bounds(), screen(800.0, 600.0));
        let before = camera.to_screen(Point::new(1.0, 1.0));
        close(camera.panned(10.0, 20.0).to_screen(Point::new(1.0, 1.0)), Point::new(before.x + 10.0, before.y + 20.0));
    }

    #[test]
    fn resizing_keeps_centre_and_zoom() {
        let camera = Camera::fit(bounds(), screen(800.0, 600.0)).zoomed_at(Point::new(0.0, 0.0), 2.0);
        let resized = camera.resized(bounds(), screen(400.0, 300.0), screen(800.0, 600.0));
        close(resized.to_screen(camera.center), Point::new(200.0, 150.0));
        assert!((resized.zoom() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_view_of_everything_stays_one() {
        let (was, now) = (screen(800.0, 600.0), Screen { right: 200.0, ..screen(800.0, 600.0) });
        assert_eq!(Camera::fit(bounds(), was).resized(bounds(), now, was), Camera::fit(bounds(), now));
    }

    #[test]
    fn covered_sides_stay_free() {
        let camera = Camera::fit(bounds(), Screen { left: 50.0, right: 250.0, ..screen(800.0, 600.0) });
        let (left, right) = (camera.to_screen(Point::new(-10.0, 0.0)).x, camera.to_screen(Point::new(10.0, 0.0)).x);
        assert!((left - (50.0 + 500.0 * MARGIN)).abs() < 1e-9 && (right - (550.0 - 500.0 * MARGIN)).abs() < 1e-9);
    }

    #[test]
    fn a_single_point_and_no_point_are_safe() {
        let one = Bounds::of(&[3.0], &[4.0]).unwrap();
        assert!(Camera::fit(one, screen(100.0, 100.0)).scale.is_finite());
        assert_eq!(Bounds::of(&[f32::NAN], &[1.0]), None);
    }

    #[test]
    fn points_shrink_with_their_number() {
        let camera = Camera::fit(bounds(), screen(800.0, 600.0));
        assert!(camera.point_size(1000) > camera.point_size(100_000));
        assert!(camera.point_size(10_000_000) >= 1.2);
    }
}
