//! Drawing without a browser: colours, scales, number formats, charts as SVG, and the geometry of the cell map.
//!
//! Nothing here computes statistics or touches a page; `ui` hands numbers in and puts the results on screen.

pub mod camera;
pub mod charts;
pub mod color;
pub mod format;
pub mod legend;
pub mod paint;
pub mod pick;
pub mod scale;
