//! The map as a PNG: title, points with everything on top of them, legend.

use wasm_bindgen::prelude::*;
use web_sys::{Blob, CanvasRenderingContext2d as Context, HtmlCanvasElement};

use super::handle::context_2d;
use super::scene::Scene;
use crate::plot::color::{Rgb, Theme, missing};
use crate::plot::format::count;
use crate::plot::legend::Legend;

/// What a picture says around the map.
pub(super) struct Caption {
    pub(super) title: String,
    pub(super) legend: Legend,
    pub(super) theme: Theme,
}

/// Pixels of the picture in a CSS pixel: enough for print.
const PICTURE_RATIO: f64 = 2.0;
const TITLE_PX: f64 = 44.0;
const LEGEND_PX: f64 = 240.0;
const ROW_PX: f64 = 20.0;
const FONT: &str = "system-ui, sans-serif";

/// Draws the picture and hands it over as a PNG.
///
/// # Errors
/// A sentence, if the browser can't make a canvas of that size.
pub(super) fn take(
    scene: &mut Scene,
    caption: &Caption,
    then: impl FnOnce(Option<Blob>) + 'static,
) -> Result<(), String> {
    let canvas =
        compose(scene, caption).ok_or("the browser could not make a canvas of that size; try a smaller window")?;
    let callback = Closure::once_into_js(move |blob: JsValue| then(blob.dyn_into().ok()));
    canvas
        .to_blob_with_type(callback.unchecked_ref(), "image/png")
        .map_err(|error| format!("the browser refused to write a PNG: {error:?}"))
}

fn compose(scene: &mut Scene, caption: &Caption) -> Option<HtmlCanvasElement> {
    let document = web_sys::window()?.document()?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
    let (width, height) = scene.size();
    let size = super::scene::device_size((width + LEGEND_PX, height + TITLE_PX), PICTURE_RATIO);
    canvas.set_width(size.0);
    canvas.set_height(size.1);
    let context = context_2d(&canvas)?;
    context.scale(PICTURE_RATIO, PICTURE_RATIO).ok()?;
    let (paper, ink) = paper_and_ink(caption.theme);
    context.set_fill_style_str(&paper.css());
    context.fill_rect(0.0, 0.0, width + LEGEND_PX, height + TITLE_PX);
    draw_scene(scene, &context, (width, height))?;
    context.set_fill_style_str(&ink.css());
    context.set_font(&format!("600 16px {FONT}"));
    context.fill_text(&caption.title, 16.0, 28.0).ok()?;
    draw_legend(&context, caption, (width + 12.0, TITLE_PX + 8.0), height - 16.0);
    Some(canvas)
}

fn paper_and_ink(theme: Theme) -> (Rgb, Rgb) {
    match theme {
        Theme::Light => (Rgb(255, 255, 255), Rgb(0x14, 0x18, 0x1f)),
        Theme::Dark => (Rgb(0x14, 0x18, 0x1f), Rgb(0xf3, 0xf5, 0xf8)),
    }
}

/// The surfaces are drawn and copied in one task: a WebGL canvas is empty after the browser has shown it.
fn draw_scene(scene: &mut Scene, context: &Context, (width, height): (f64, f64)) -> Option<()> {
    let shown = scene.pixel_ratio();
    let hovered = scene.hovered.take();
    scene.resize(width, height, PICTURE_RATIO);
    scene.draw();
    let copied = scene.surfaces.as_ref().map(|surfaces| {
        [&surfaces.points, &surfaces.overlay].into_iter().try_for_each(|layer| {
            context.draw_image_with_html_canvas_element_and_dw_and_dh(layer, 0.0, TITLE_PX, width, height)
        })
    });
    scene.hovered = hovered;
    scene.resize(width, height, shown);
    scene.draw();
    copied?.ok()
}

fn draw_legend(context: &Context, caption: &Caption, (left, top): (f64, f64), room: f64) {
    let (_, ink) = paper_and_ink(caption.theme);
    context.set_font(&format!("13px {FONT}"));
    match &caption.legend {
        Legend::Plain => {}
        Legend::Categories { rows, n_missing } => {
            let mut lines: Vec<(Rgb, String)> =
                rows.iter().map(|row| (row.color, format!("{}  {}", row.name, count(row.n_cells)))).collect();
            if *n_missing > 0 {
                lines.push((missing(caption.theme), format!("no value  {}", count(*n_missing))));
            }
            draw_rows(context, &lines, ink, (left, top), room);
        }
        Legend::Scale { colors, low, high, n_zero, .. } => {
            draw_bar(context, colors, (low, high), ink, (left, top));
            let zero = n_zero.filter(|n| *n > 0);
            let line = zero.map(|n| (missing(caption.theme), format!("0  {}", count(n))));
            draw_rows(context, &line.into_iter().collect::<Vec<_>>(), ink, (left, top + 48.0), room);
        }
    }
}

fn draw_rows(context: &Context, lines: &[(Rgb, String)], ink: Rgb, (left, top): (f64, f64), room: f64) {
    let step = (room / lines.len().max(1) as f64).min(ROW_PX);
    for (i, (color, text)) in lines.iter().enumerate() {
        let y = top + step * i as f64;
        context.set_fill_style_str(&color.css());
        context.fill_rect(left, y, 10.0, 10.0_f64.min(step - 1.0));
        context.set_fill_style_str(&ink.css());
        // Text is drawn, whatever its length, squeezed into the legend's width.
        let _ = context.fill_text_with_max_width(text, left + 18.0, y + 10.0, LEGEND_PX - 42.0);
    }
}

fn draw_bar(context: &Context, colors: &[Rgb], (low, high): (&str, &str), ink: Rgb, (left, top): (f64, f64)) {
    let width = LEGEND_PX - 40.0;
    let step = width / colors.len().max(1) as f64;
    for (i, color) in colors.iter().enumerate() {
        context.set_fill_style_str(&color.css());
        // Half a pixel more hides the seams between neighbours.
        context.fill_rect(left + step * i as f64, top, step + 0.5, 12.0);
    }
    context.set_fill_style_str(&ink.css());
    context.set_text_align("left");
    let _ = context.fill_text(low, left, top + 28.0);
    context.set_text_align("right");
    let _ = context.fill_text(high, left + width, top + 28.0);
    context.set_text_align("left");
}
