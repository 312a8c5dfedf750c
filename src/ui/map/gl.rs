//! Points through WebGL 2: one draw call of round, smooth-edged sprites.
//!
//! Positions, colours and the drawing order live in buffers on the graphics card; moving and zooming change only
//! uniforms. Colours are premultiplied in the shader, the background is left to the page.

use wasm_bindgen::JsCast;
use web_sys::{
    HtmlCanvasElement, WebGl2RenderingContext as Gl, WebGlBuffer, WebGlContextAttributes, WebGlProgram, WebGlShader,
    WebGlUniformLocation,
};

use crate::plot::camera::Camera;
use crate::plot::paint::Paint;

const VERTEX: &str = "#version 300 es
in vec2 position;
in vec4 color;
uniform vec2 center;
uniform vec2 scale;
uniform float size;
out vec4 tint;
void main() {
  gl_Position = vec4((position - center) * scale, 0.0, 1.0);
  gl_PointSize = size;
  tint = color;
}";

const FRAGMENT: &str = "#version 300 es
precision highp float;
in vec4 tint;
uniform float size;
out vec4 pixel;
void main() {
  float from_rim = 0.5 * size - length(gl_PointCoord - 0.5) * size;
  float opacity = tint.a * clamp(from_rim, 0.0, 1.0);
  if (opacity < 0.004) discard;
  pixel = vec4(tint.rgb * opacity, opacity);
}";

/// Why WebGL 2 can't draw here.
#[derive(Debug, thiserror::Error)]
pub(super) enum GlError {
    /// The browser has no WebGL 2 or gives no context.
    #[error("This browser has no WebGL 2; the map is drawn more slowly.")]
    NoContext,
    /// The graphics driver refused a shader.
    #[error("The graphics driver refused the map's {stage} shader ({log}); the map is drawn more slowly.")]
    Shader {
        /// Which.
        stage: &'static str,
        /// What the driver says.
        log: String,
    },
}

/// Points on the graphics card.
pub(super) struct GlPoints {
    gl: Gl,
    program: WebGlProgram,
    positions: Option<WebGlBuffer>,
    colors: Option<WebGlBuffer>,
    order: Option<WebGlBuffer>,
    center: Option<WebGlUniformLocation>,
    scale: Option<WebGlUniformLocation>,
    size: Option<WebGlUniformLocation>,
    n_drawn: i32,
}

impl GlPoints {
    /// # Errors
    /// [`GlError`] where WebGL 2 is missing or its driver refuses the shaders.
    pub(super) fn new(canvas: &HtmlCanvasElement) -> Result<Self, GlError> {
        let gl = context(canvas).ok_or(GlError::NoContext)?;
        let program = link(&gl)?;
        let uniform = |name| gl.get_uniform_location(&program, name);
        let (center, scale, size) = (uniform("center"), uniform("scale"), uniform("size"));
        gl.enable(Gl::BLEND);
        gl.blend_func(Gl::ONE, Gl::ONE_MINUS_SRC_ALPHA);
        let (positions, colors, order) = (gl.create_buffer(), gl.create_buffer(), gl.create_buffer());
        Ok(Self { gl, program, positions, colors, order, center, scale, size, n_drawn: 0 })
    }

    /// Uploads where points are. `[n]` each
    pub(super) fn set_positions(&self, x: &[f32], y: &[f32]) {
        let pairs: Vec<[f32; 2]> = x.iter().zip(y).map(|(&x, &y)| [x, y]).collect();
        self.gl.bind_buffer(Gl::ARRAY_BUFFER, self.positions.as_ref());
        self.gl.buffer_data_with_u8_array(Gl::ARRAY_BUFFER, bytemuck::cast_slice(&pairs), Gl::STATIC_DRAW);
    }

    /// Uploads colours and the drawing order.
    pub(super) fn set_paint(&mut self, paint: &Paint) {
        let gl = &self.gl;
        gl.bind_buffer(Gl::ARRAY_BUFFER, self.colors.as_ref());
        gl.buffer_data_with_u8_array(Gl::ARRAY_BUFFER, &paint.rgba, Gl::DYNAMIC_DRAW);
        gl.bind_buffer(Gl::ELEMENT_ARRAY_BUFFER, self.order.as_ref());
        gl.buffer_data_with_u8_array(Gl::ELEMENT_ARRAY_BUFFER, bytemuck::cast_slice(&paint.order), Gl::DYNAMIC_DRAW);
        self.n_drawn = i32::try_from(paint.order.len()).unwrap_or(i32::MAX);
    }

    /// Draws; `size` is the points' diameter in device pixels.
    pub(super) fn draw(&self, camera: &Camera, size: f64, (width, height): (u32, u32)) {
        let gl = &self.gl;
        gl.viewport(0, 0, width.cast_signed(), height.cast_signed());
        gl.clear_color(0.0, 0.0, 0.0, 0.0);
        gl.clear(Gl::COLOR_BUFFER_BIT);
        if self.n_drawn == 0 {
            return;
        }
        gl.use_program(Some(&self.program));
        self.attribute("position", self.positions.as_ref(), 2, Gl::FLOAT);
        self.attribute("color", self.colors.as_ref(), 4, Gl::UNSIGNED_BYTE);
        let (scale_x, scale_y) = camera.clip_scale();
        gl.uniform2f(self.center.as_ref(), camera.center.x as f32, camera.center.y as f32);
        gl.uniform2f(self.scale.as_ref(), scale_x as f32, scale_y as f32);
        // One pixel more for the smooth rim.
        gl.uniform1f(self.size.as_ref(), size as f32 + 1.0);
        gl.bind_buffer(Gl::ELEMENT_ARRAY_BUFFER, self.order.as_ref());
        gl.draw_elements_with_i32(Gl::POINTS, self.n_drawn, Gl::UNSIGNED_INT, 0);
    }

    fn attribute(&self, name: &str, buffer: Option<&WebGlBuffer>, n_values: i32, kind: u32) {
        // The linker drops an attribute only if the shader does not use it; both are used.
        let Ok(location) = u32::try_from(self.gl.get_attrib_location(&self.program, name)) else { return };
        self.gl.bind_buffer(Gl::ARRAY_BUFFER, buffer);
        self.gl.enable_vertex_attrib_array(location);
        let is_normalized = kind == Gl::UNSIGNED_BYTE;
        self.gl.vertex_attrib_pointer_with_i32(location, n_values, kind, is_normalized, 0, 0);
    }
}

fn context(canvas: &HtmlCanvasElement) -> Option<Gl> {
    let attributes = WebGlContextAttributes::new();
    attributes.set_antialias(false);
    attributes.set_depth(false);
    attributes.set_premultiplied_alpha(true);
    let context = canvas.get_context_with_context_options("webgl2", &attributes).ok().flatten()?;
    context.dyn_into().ok().filter(|gl: &Gl| !gl.is_context_lost())
}

fn link(gl: &Gl) -> Result<WebGlProgram, GlError> {
    let program = gl.create_program().ok_or(GlError::NoContext)?;
    for (stage, kind, source) in [("vertex", Gl::VERTEX_SHADER, VERTEX), ("fragment", Gl::FRAGMENT_SHADER, FRAGMENT)] {
        gl.attach_shader(&program, &compile(gl, stage, kind, source)?);
    }
    gl.link_program(&program);
    if gl.get_program_parameter(&program, Gl::LINK_STATUS).is_truthy() {
        return Ok(program);
    }
    Err(GlError::Shader { stage: "linked", log: gl.get_program_info_log(&program).unwrap_or_default() })
}

fn compile(gl: &Gl, stage: &'static str, kind: u32, source: &str) -> Result<WebGlShader, GlError> {
    let shader = gl.create_shader(kind).ok_or(GlError::NoContext)?;
    gl.shader_source(&shader, source);
    gl.compile_shader(&shader);
    if gl.get_shader_parameter(&shader, Gl::COMPILE_STATUS).is_truthy() {
        return Ok(shader);
    }
    Err(GlError::Shader { stage, log: gl.get_shader_info_log(&shader).unwrap_or_default() })
}
