//! Charts as SVG text, drawn by plotters, that take their colours from the page.
//!
//! Colours are CSS variables with fallbacks (`--chart-text`, `--chart-grid`, `--chart-axis`, `--chart-reference`,
//! `--chart-track`, `--chart-1` …), so that one chart serves light and dark pages; fonts are the page's. Every chart
//! has a title and a description for screen readers. Points that are not finite are left out; a chart without any
//! point is an error, which the page shows as its empty state.

mod axes;
mod bars;
mod histogram;
mod lines;
mod theme;

pub use bars::{Bar, BarChart, bar_chart};
pub use histogram::{Histogram, histogram};
pub use lines::{LineChart, Series, line_chart};

/// Size of a chart in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Why a chart can't be drawn.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChartError {
    /// No finite point.
    #[error("chart {title:?} has nothing to draw: no finite value")]
    Empty {
        /// The chart's title.
        title: String,
    },
    /// Too small for its labels.
    #[error("chart {title:?} needs at least {least_width} × {least_height} px, found {width} × {height}")]
    TooSmall {
        /// The chart's title.
        title: String,
        /// Width asked for.
        width: u32,
        /// Height asked for.
        height: u32,
        /// Smallest width.
        least_width: u32,
        /// Smallest height.
        least_height: u32,
    },
    /// The drawing library failed.
    #[error("chart {title:?} could not be drawn: {reason}")]
    Draw {
        /// The chart's title.
        title: String,
        /// What the library says.
        reason: String,
    },
}
