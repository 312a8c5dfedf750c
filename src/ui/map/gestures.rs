//! What hands and keys do to the map: drag, wheel, pinch, hover, lasso, keyboard.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};

use super::handle::{MapHandle, Pointed, Tool};
use crate::plot::camera::{Camera, Point};

/// A press that has not ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Pan,
    Lasso,
}

/// Fingers and buttons that are down, by the browser's pointer id.
#[derive(Clone, Debug, Default)]
struct Pressed {
    pointers: Vec<(i32, Point)>,
    drag: Option<Drag>,
}

/// A lasso whose corners are nearer than this is only smoother, not different.
const LASSO_STEP_PX: f64 = 3.0;
const ZOOM_KEY: f64 = 1.4;
const PAN_KEY_PX: f64 = 60.0;

/// Gestures of one map.
#[derive(Clone, Copy)]
pub(super) struct Gestures {
    map: MapHandle,
    pressed: StoredValue<Pressed>,
    on_hover: Callback<Option<u32>>,
    on_lasso: Callback<Option<Vec<u32>>>,
}

impl Gestures {
    pub(super) fn new(map: MapHandle, on_hover: Callback<Option<u32>>, on_lasso: Callback<Option<Vec<u32>>>) -> Self {
        Self { map, pressed: StoredValue::new(Pressed::default()), on_hover, on_lasso }
    }

    pub(super) fn press(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let at = place(event);
        if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            // Without capture a drag only ends when it leaves the map.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        let is_lasso = event.shift_key() || self.map.tool.get_untracked() == Tool::Lasso;
        let is_first = self.pressed.try_update_value(|pressed| {
            pressed.pointers.push((event.pointer_id(), at));
            let is_first = pressed.pointers.len() == 1;
            pressed.drag = Some(if is_lasso && is_first { Drag::Lasso } else { Drag::Pan });
            is_first
        });
        self.map.edit(|scene| scene.lasso = if is_lasso && is_first == Some(true) { vec![at] } else { Vec::new() });
        self.point_at(None);
    }

    pub(super) fn move_to(self, event: &PointerEvent) {
        let at = place(event);
        let moved = self.pressed.try_update_value(|pressed| moved(pressed, event.pointer_id(), at)).flatten();
        match moved {
            None => self.point_at(Some(at)),
            Some(Moved::Look { about, by, factor }) => {
                self.map.edit(|scene| scene.look(|camera| camera.panned(by.x, by.y).zoomed_at(about, factor)));
            }
            Some(Moved::Lasso) => {
                self.map.edit(|scene| {
                    if scene.lasso.last().is_none_or(|last| last.distance(at) >= LASSO_STEP_PX) {
                        scene.lasso.push(at);
                    }
                });
            }
        }
    }

    pub(super) fn release(self, event: &PointerEvent) {
        let was_lasso = self.pressed.try_update_value(|pressed| {
            pressed.pointers.retain(|(id, _)| *id != event.pointer_id());
            let is_done = pressed.pointers.is_empty();
            is_done && pressed.drag.take() == Some(Drag::Lasso)
        });
        if was_lasso == Some(true) {
            self.end_lasso();
        }
    }

    /// A press that the browser took away.
    pub(super) fn cancel(self) {
        self.pressed.try_update_value(|pressed| *pressed = Pressed::default());
        self.map.edit(|scene| scene.lasso.clear());
    }

    pub(super) fn leave(self) {
        self.point_at(None);
    }

    pub(super) fn wheel(self, event: &WheelEvent) {
        event.prevent_default();
        // Lines and pages, as some mice count, in pixels.
        let pixels = event.delta_y() * [1.0, 16.0, 400.0][event.delta_mode().min(2) as usize];
        let factor = (-pixels * 0.0016).clamp(-1.2, 1.2).exp();
        let at = Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()));
        self.map.edit(|scene| scene.look(|camera| camera.zoomed_at(at, factor)));
        self.point_at(Some(at));
    }

    pub(super) fn double_click(self, event: &web_sys::MouseEvent) {
        let at = Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()));
        self.map.edit(|scene| scene.look(|camera| camera.zoomed_at(at, 2.0)));
        self.point_at(Some(at));
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let Some(action) = KeyAction::of(&event.key()) else { return };
        if action == KeyAction::CancelLasso && !self.is_lassoing() {
            return;
        }
        event.prevent_default();
        self.act(action);
    }

    /// Does what a key or a button of the toolbar says.
    pub(super) fn act(self, action: KeyAction) {
        self.point_at(None);
        match action {
            KeyAction::Pan(dx, dy) => {
                self.map.edit(|scene| scene.look(|camera| camera.panned(dx * PAN_KEY_PX, dy * PAN_KEY_PX)));
            }
            KeyAction::ZoomIn => self.zoom(ZOOM_KEY),
            KeyAction::ZoomOut => self.zoom(1.0 / ZOOM_KEY),
            KeyAction::Fit => {
                self.map.edit(super::scene::Scene::fit);
            }
            KeyAction::ToggleLasso => self.map.tool.update(|tool| {
                *tool = if *tool == Tool::Lasso { Tool::Pan } else { Tool::Lasso };
            }),
            KeyAction::CancelLasso => {
                self.cancel();
                self.map.tool.set(Tool::Pan);
            }
        }
    }

    fn zoom(self, factor: f64) {
        self.map.edit(|scene| {
            let middle = scene.middle();
            scene.look(|camera: &Camera| camera.zoomed_at(middle, factor));
        });
    }

    fn is_lassoing(self) -> bool {
        self.map.tool.get_untracked() == Tool::Lasso || self.map.read(|scene| !scene.lasso.is_empty()) == Some(true)
    }

    fn end_lasso(self) {
        let drawn = self.map.edit(|scene| {
            let rows = scene.cells_in_lasso();
            let is_drawn = scene.lasso.len() >= 3;
            scene.lasso.clear();
            is_drawn.then_some(rows)
        });
        self.map.tool.set(Tool::Pan);
        if let Some(Some(rows)) = drawn {
            self.on_lasso.run((!rows.is_empty()).then_some(rows));
        }
    }

    fn point_at(self, at: Option<Point>) {
        let found = self.map.read(|scene| {
            let row = scene.cell_at(at?)?;
            Some(Pointed { row, at: scene.place_of(row)? })
        });
        let pointed = found.flatten();
        if pointed == self.map.pointed.get_untracked() {
            return;
        }
        self.map.edit(|scene| scene.hovered = pointed.map(|pointed| pointed.row));
        self.map.pointed.set(pointed);
        self.on_hover.run(pointed.map(|pointed| pointed.row));
    }
}

enum Moved {
    Look { about: Point, by: Point, factor: f64 },
    Lasso,
}

/// What a moved pointer does; `None` if it is not down. Two fingers zoom about the point between them.
fn moved(pressed: &mut Pressed, id: i32, at: Point) -> Option<Moved> {
    let index = pressed.pointers.iter().position(|(known, _)| *known == id)?;
    let before = pressed.pointers.clone();
    pressed.pointers[index].1 = at;
    if pressed.drag == Some(Drag::Lasso) {
        return Some(Moved::Lasso);
    }
    let middle = |pointers: &[(i32, Point)]| {
        let n = pointers.len() as f64;
        let (x, y) = pointers.iter().fold((0.0, 0.0), |(x, y), (_, p)| (x + p.x, y + p.y));
        Point::new(x / n, y / n)
    };
    let (from, about) = (middle(&before), middle(&pressed.pointers));
    let factor = match (&before[..], &pressed.pointers[..]) {
        ([(_, a), (_, b)], [(_, c), (_, d)]) if a.distance(*b) > 1.0 => c.distance(*d) / a.distance(*b),
        _ => 1.0,
    };
    Some(Moved::Look { about, by: Point::new(about.x - from.x, about.y - from.y), factor })
}

/// What keys do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum KeyAction {
    /// Steps to the right and down.
    Pan(f64, f64),
    ZoomIn,
    ZoomOut,
    Fit,
    ToggleLasso,
    CancelLasso,
}

impl KeyAction {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowLeft" => Self::Pan(1.0, 0.0),
            "ArrowRight" => Self::Pan(-1.0, 0.0),
            "ArrowUp" => Self::Pan(0.0, 1.0),
            "ArrowDown" => Self::Pan(0.0, -1.0),
            "+" | "=" => Self::ZoomIn,
            "-" | "_" => Self::ZoomOut,
            "0" => Self::Fit,
            "l" | "L" => Self::ToggleLasso,
            "Escape" => Self::CancelLasso,
            _ => return None,
        })
    }
}

fn place(event: &PointerEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_finger_pans_and_two_zoom() {
        let mut pressed = Pressed { pointers: vec![(1, Point::new(10.0, 10.0))], drag: Some(Drag::Pan) };
        let Some(Moved::Look { by, factor, .. }) = moved(&mut pressed, 1, Point::new(15.0, 8.0)) else { panic!() };
        assert_eq!((by, factor), (Point::new(5.0, -2.0), 1.0));
        pressed.pointers = vec![(1, Point::new(0.0, 0.0)), (2, Point::new(10.0, 0.0))];
        let Some(Moved::Look { about, factor, .. }) = moved(&mut pressed, 2, Point::new(20.0, 0.0)) else { panic!() };
        assert_eq!((about, factor), (Point::new(10.0, 0.0), 2.0));
    }

    #[test]
    fn a_pointer_that_is_not_down_moves_nothing() {
        assert!(moved(&mut Pressed::default(), 1, Point::default()).is_none());
    }

    #[test]
    fn keys_have_their_actions() {
        assert_eq!(KeyAction::of("ArrowLeft"), Some(KeyAction::Pan(1.0, 0.0)));
        assert_eq!(KeyAction::of("l"), Some(KeyAction::ToggleLasso));
        assert_eq!(KeyAction::of("q"), None);
    }
}
