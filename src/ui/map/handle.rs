//! The line between the reactive page and the drawn map: changes go through [`MapHandle::edit`] and are drawn once
//! before the next frame.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver};

use super::gl::GlPoints;
use super::scene::{Scene, Surfaces};
use crate::plot::camera::Point;

/// What dragging does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tool {
    /// Moves the map; with Shift it draws a lasso.
    #[default]
    Pan,
    /// Draws a lasso.
    Lasso,
}

/// The cell under the pointer and where it is on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pointed {
    pub(super) row: u32,
    pub(super) at: Point,
}

/// The drawn map.
#[derive(Clone, Copy)]
pub(super) struct MapHandle {
    scene: StoredValue<Scene, LocalStorage>,
    is_scheduled: StoredValue<bool>,
    /// Keeps listeners of the canvases alive.
    kept: StoredValue<Vec<Box<dyn std::any::Any>>, LocalStorage>,
    /// What dragging does.
    pub(super) tool: RwSignal<Tool>,
    /// The cell under the pointer.
    pub(super) pointed: RwSignal<Option<Pointed>>,
    /// Why the map is drawn without WebGL 2.
    pub(super) slow_reason: RwSignal<Option<String>>,
}

impl MapHandle {
    pub(super) fn new() -> Self {
        Self {
            scene: StoredValue::new_local(Scene::default()),
            is_scheduled: StoredValue::new(false),
            kept: StoredValue::new_local(Vec::new()),
            tool: RwSignal::new(Tool::default()),
            pointed: RwSignal::new(None),
            slow_reason: RwSignal::new(None),
        }
    }

    /// Changes the scene and has it drawn.
    pub(super) fn edit<T>(self, change: impl FnOnce(&mut Scene) -> T) -> Option<T> {
        let result = self.scene.try_update_value(change);
        self.redraw();
        result
    }

    /// Reads the scene.
    pub(super) fn read<T>(self, read: impl FnOnce(&Scene) -> T) -> Option<T> {
        self.scene.try_with_value(read)
    }

    fn redraw(self) {
        if self.is_scheduled.try_get_value() != Some(false) {
            return;
        }
        self.is_scheduled.set_value(true);
        request_animation_frame(move || {
            // The map may have left the page since.
            if self.is_scheduled.try_update_value(|scheduled| *scheduled = false).is_some() {
                self.scene.try_with_value(Scene::draw);
            }
        });
    }

    /// Takes the page's canvases, follows their size and the loss of their context.
    pub(super) fn attach(self, points: &HtmlCanvasElement, overlay: &HtmlCanvasElement) {
        let Some(context) = context_2d(overlay) else { return };
        let gl = self.connect(points);
        self.edit(|scene| {
            scene.set_surfaces(Surfaces { points: points.clone(), overlay: overlay.clone(), context, gl });
        });
        self.follow_size(overlay);
        self.follow_context(points);
    }

    fn connect(self, points: &HtmlCanvasElement) -> Option<GlPoints> {
        match GlPoints::new(points) {
            Ok(gl) => {
                self.slow_reason.set(None);
                Some(gl)
            }
            Err(error) => {
                self.slow_reason.set(Some(error.to_string()));
                None
            }
        }
    }

    fn follow_size(self, canvas: &HtmlCanvasElement) {
        let watched = canvas.clone();
        let measure = move || {
            let (width, height) = (f64::from(watched.client_width()), f64::from(watched.client_height()));
            let pixel_ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
            self.edit(|scene| {
                scene.resize(width, height, pixel_ratio);
                // A canvas loses its content when it is resized; drawing at once avoids a flash.
                scene.draw();
            });
        };
        measure();
        let on_resize = Closure::<dyn FnMut()>::new(measure);
        let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) else { return };
        observer.observe(canvas);
        self.keep(Box::new((observer.clone(), on_resize)));
        on_cleanup({
            let observer = StoredValue::new_local(observer);
            move || {
                observer.try_with_value(ResizeObserver::disconnect);
            }
        });
    }

    /// A lost context leaves the plain canvas to draw on until the browser gives a new one.
    fn follow_context(self, points: &HtmlCanvasElement) {
        let on_lost = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            self.slow_reason
                .set(Some("The browser took the graphics card away; the map is drawn more slowly.".to_owned()));
            self.edit(Scene::lose_gl);
        });
        let canvas = points.clone();
        let on_restored = Closure::<dyn FnMut(web_sys::Event)>::new(move |_: web_sys::Event| {
            let gl = self.connect(&canvas);
            self.edit(|scene| scene.regain_gl(gl));
        });
        for (name, listener) in [("webglcontextlost", &on_lost), ("webglcontextrestored", &on_restored)] {
            // Adding a listener of these names can't fail.
            let _ = points.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        self.keep(Box::new((on_lost, on_restored)));
    }

    fn keep(self, listener: Box<dyn std::any::Any>) {
        self.kept.try_update_value(|kept| kept.push(listener));
    }
}

/// The plain drawing context of a canvas.
pub(super) fn context_2d(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}
