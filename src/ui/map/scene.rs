//! The drawn map outside of the reactive world: what is shown, from where, and the surfaces it is drawn on.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::gl::GlPoints;
use super::overlay::{self, Arrows, Ink};
use crate::plot::camera::{Bounds, Camera, Point, Screen};
use crate::plot::color::{Rgb, Theme};
use crate::plot::paint::Paint;
use crate::plot::pick::PointGrid;
use crate::ui::state::{MapPoints, Shared};

/// Canvases of the map: points below, everything else above.
pub(super) struct Surfaces {
    /// For WebGL 2; stays empty where that is missing.
    pub(super) points: HtmlCanvasElement,
    /// A plain canvas.
    pub(super) overlay: HtmlCanvasElement,
    pub(super) context: CanvasRenderingContext2d,
    pub(super) gl: Option<GlPoints>,
}

/// The drawn map.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) surfaces: Option<Surfaces>,
    pub(super) camera: Option<Camera>,
    pub(super) lasso: Vec<Point>,
    pub(super) hovered: Option<u32>,
    pub(super) theme: Theme,
    points: Option<Shared<MapPoints>>,
    grid: Option<PointGrid>,
    bounds: Option<Bounds>,
    paint: Paint,
    arrows: Option<Arrows>,
    screen: Screen,
    legend_px: f64,
    pixel_ratio: f64,
}

/// Pixels around the pointer in which a cell counts as under it.
const HOVER_PX: f64 = 6.0;
/// Width that the tools cover.
const TOOLS_PX: f64 = 52.0;
/// Width that the legend covers.
const LEGEND_PX: f64 = 216.0;
/// A map narrower than this is not narrowed further.
const LEAST_FREE_PX: f64 = 300.0;

impl Scene {
    /// Shows other points, fitted to the screen; values of the old ones are forgotten.
    pub(super) fn set_points(&mut self, points: Option<Shared<MapPoints>>) {
        let columns = points.as_ref().map(|points| (&points.x[..], &points.y[..]));
        self.bounds = columns.and_then(|(x, y)| Bounds::of(x, y));
        self.grid = columns.map(|(x, y)| PointGrid::new(x, y));
        self.points = points;
        self.hovered = None;
        self.arrows = None;
        self.lasso.clear();
        self.fit();
        self.upload_positions();
    }

    /// Paints the points.
    pub(super) fn set_paint(&mut self, paint: Paint) {
        self.paint = paint;
        self.upload_paint();
    }

    /// Shows or hides the arrows of a steering experiment.
    pub(super) fn set_arrows(&mut self, arrows: Option<Arrows>) {
        self.arrows = arrows;
    }

    /// Takes surfaces to draw on, or better ones.
    pub(super) fn set_surfaces(&mut self, surfaces: Surfaces) {
        self.surfaces = Some(surfaces);
        self.upload_positions();
        self.upload_paint();
    }

    /// Draws on the plain canvas from now on.
    pub(super) fn lose_gl(&mut self) {
        self.use_gl(None);
    }

    /// Draws through WebGL 2 again.
    pub(super) fn regain_gl(&mut self, gl: Option<GlPoints>) {
        self.use_gl(gl);
        self.upload_positions();
        self.upload_paint();
    }

    /// A canvas without its context looks broken, so it is hidden.
    fn use_gl(&mut self, gl: Option<GlPoints>) {
        if let Some(surfaces) = &mut self.surfaces {
            let visibility = if gl.is_some() { "visible" } else { "hidden" };
            // Setting a known property can't fail.
            let _ = surfaces.points.style().set_property("visibility", visibility);
            surfaces.gl = gl;
        }
    }

    /// Follows the size of the page's element.
    pub(super) fn resize(&mut self, width: f64, height: f64, pixel_ratio: f64) {
        self.pixel_ratio = pixel_ratio;
        if let Some(surfaces) = &self.surfaces {
            let device = device_size((width, height), pixel_ratio);
            for canvas in [&surfaces.points, &surfaces.overlay] {
                canvas.set_width(device.0);
                canvas.set_height(device.1);
            }
        }
        self.lay_out(width, height);
    }

    /// Whether a legend covers the right side.
    pub(super) fn set_legend(&mut self, is_shown: bool) {
        self.legend_px = if is_shown { LEGEND_PX } else { 0.0 };
        self.lay_out(self.screen.width, self.screen.height);
    }

    /// Keeps the space under the tools and the legend free where the map is wide enough.
    fn lay_out(&mut self, width: f64, height: f64) {
        let is_wide = width - TOOLS_PX - self.legend_px >= LEAST_FREE_PX;
        let (left, right) = if is_wide { (TOOLS_PX, self.legend_px) } else { (0.0, 0.0) };
        let screen = Screen { width, height, left, right };
        let was = std::mem::replace(&mut self.screen, screen);
        match (self.camera, self.bounds) {
            (Some(camera), Some(bounds)) => self.camera = Some(camera.resized(bounds, screen, was)),
            _ => self.fit(),
        }
    }

    /// Shows everything.
    pub(super) fn fit(&mut self) {
        let screen = self.screen;
        self.camera = self.bounds.filter(|_| screen.width > 0.0 && screen.height > 0.0).map(|b| Camera::fit(b, screen));
    }

    /// Moves or zooms.
    pub(super) fn look(&mut self, change: impl FnOnce(&Camera) -> Camera) {
        self.camera = self.camera.as_ref().map(change);
    }

    /// Width and height on the page in CSS pixels.
    pub(super) fn size(&self) -> (f64, f64) {
        (self.screen.width, self.screen.height)
    }

    /// Device pixels in a CSS pixel.
    pub(super) fn pixel_ratio(&self) -> f64 {
        self.pixel_ratio
    }

    /// The middle of the screen.
    pub(super) fn middle(&self) -> Point {
        Point::new(self.screen.width / 2.0, self.screen.height / 2.0)
    }

    /// The cell at a place on screen.
    pub(super) fn cell_at(&self, screen: Point) -> Option<u32> {
        let (camera, grid) = (self.camera.as_ref()?, self.grid.as_ref()?);
        let reach = HOVER_PX.max(self.point_size() / 2.0 + 2.0) / camera.scale;
        grid.nearest(camera.to_data(screen), reach)
    }

    /// Rows inside the lasso.
    pub(super) fn cells_in_lasso(&self) -> Vec<u32> {
        let (Some(camera), Some(grid)) = (self.camera.as_ref(), self.grid.as_ref()) else { return Vec::new() };
        let corners: Vec<Point> = self.lasso.iter().map(|&p| camera.to_data(p)).collect();
        grid.inside(&corners)
    }

    /// Where a cell is on screen.
    pub(super) fn place_of(&self, row: u32) -> Option<Point> {
        let (camera, points) = (self.camera.as_ref()?, self.points.as_ref()?);
        let (x, y) = (*points.x.get(row as usize)?, *points.y.get(row as usize)?);
        Some(camera.to_screen(Point::new(f64::from(x), f64::from(y))))
    }

    /// Draws everything.
    pub(super) fn draw(&self) {
        let (Some(surfaces), Some(points)) = (&self.surfaces, &self.points) else { return };
        let context = &surfaces.context;
        let (width, height) = self.size();
        context.clear_rect(0.0, 0.0, width * self.pixel_ratio, height * self.pixel_ratio);
        let Some(camera) = &self.camera else { return };
        context.save();
        // Scaling a canvas by a finite number can't fail.
        let _ = context.scale(self.pixel_ratio, self.pixel_ratio);
        let size = self.point_size();
        match &surfaces.gl {
            Some(gl) => gl.draw(camera, size * self.pixel_ratio, device_size(self.size(), self.pixel_ratio)),
            None => overlay::draw_points(context, camera, (&points.x, &points.y), &self.paint, size),
        }
        self.draw_overlay(context, camera, size);
        context.restore();
    }

    fn draw_overlay(&self, context: &CanvasRenderingContext2d, camera: &Camera, size: f64) {
        let ink = Ink::of(self.theme);
        if let Some(arrows) = &self.arrows {
            overlay::draw_arrows(context, camera, arrows, &ink);
        }
        if let Some((row, at)) = self.hovered.and_then(|row| Some((row, self.place_of(row)?))) {
            overlay::draw_ring(context, at, size, self.color_of(row), &ink);
        }
        overlay::draw_lasso(context, &self.lasso, &ink);
    }

    fn color_of(&self, row: u32) -> Rgb {
        let from = 4 * row as usize;
        self.paint.rgba.get(from..from + 3).map_or(Rgb(128, 128, 128), |rgb| Rgb(rgb[0], rgb[1], rgb[2]))
    }

    fn point_size(&self) -> f64 {
        let n_points = self.paint.order.len();
        self.camera.as_ref().map_or(1.0, |camera| camera.point_size(n_points))
    }

    fn upload_positions(&self) {
        let gl = self.surfaces.as_ref().and_then(|surfaces| surfaces.gl.as_ref());
        if let (Some(gl), Some(points)) = (gl, &self.points) {
            gl.set_positions(&points.x, &points.y);
        }
    }

    fn upload_paint(&mut self) {
        if let Some(gl) = self.surfaces.as_mut().and_then(|surfaces| surfaces.gl.as_mut()) {
            gl.set_paint(&self.paint);
        }
    }
}

/// Pixels of a canvas that covers `size` CSS pixels.
pub(super) fn device_size((width, height): (f64, f64), pixel_ratio: f64) -> (u32, u32) {
    let device = |length: f64| crate::plot::scale::floor_index(length * pixel_ratio + 0.5).clamp(1, 16_384) as u32;
    (device(width), device(height))
}
