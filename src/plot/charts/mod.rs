//! Charts as SVG text, drawn by plotters, that take their colours from the page.
//!
//! Colours are CSS variables with fallbacks (`--chart-text`, `--chart-grid`, `--chart-axis`, `--chart-reference`,
//! `--chart-track`, `--chart-1` …), so that one chart serves light and dark pages; fonts are the page's. Every chart
//! has a title and a description for screen readers. Points that are not finite are left out. A histogram, a line or a
//! bar chart without any point is an error, which the page shows as its empty state; the charts of genes, terms and
//! matrices say in their place that there is nothing, so that an export of several has no gap.

mod axes;
mod bars;
mod dot_plot;
mod heat_map;
mod histogram;
mod keys;
mod layers;
mod lines;
mod pareto;
mod place;
mod running_sum;
mod term_bars;
mod theme;
mod volcano;

pub use bars::{Bar, BarChart, bar_chart};
pub use dot_plot::{Dot, DotColors, DotPlot, dot_plot};
pub use heat_map::{HeatColors, HeatMap, HeatMapGrid, heat_map, heat_map_grid};
pub use histogram::{Histogram, histogram};
pub use lines::{LineChart, Series, line_chart};
pub use pareto::{DrawnPareto, ParetoChart, ParetoKind, ParetoPoint, pareto_chart, pareto_front};
pub use running_sum::{RunningSum, running_sum};
pub use term_bars::{TermBar, TermBars, term_bars};
pub use volcano::{Volcano, VolcanoPoint, volcano};

/// Size of a chart in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Which way a term or a gene goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Higher in the group than in the rest.
    Up,
    /// Lower.
    Down,
    /// Neither, or not asked.
    #[default]
    None,
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
    /// A matrix whose values do not fill it.
    #[error(
        "chart {title:?} has {n_rows} rows and {n_columns} columns but {found} values; give one value a cell, row by row"
    )]
    Shape {
        /// The chart's title.
        title: String,
        /// Its row labels.
        n_rows: usize,
        /// Its column labels.
        n_columns: usize,
        /// Values found.
        found: usize,
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
