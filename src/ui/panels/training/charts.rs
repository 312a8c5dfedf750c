//! Live charts of a training run, with the last value of each as text.

use leptos::prelude::*;

use crate::plot::charts::{ChartSize, LineChart, Series, line_chart};
use crate::plot::format;
use crate::protocol::TrainProgress;
use crate::ui::store::Store;

const SIZE: ChartSize = ChartSize { width: 128, height: 76 };

/// A metric of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Loss,
    L0,
    DeadShare,
    ExplainedVariance,
}

impl Metric {
    const ALL: [Self; 4] = [Self::Loss, Self::ExplainedVariance, Self::L0, Self::DeadShare];

    fn name(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::L0 => "Active per cell",
            Self::DeadShare => "Dead features",
            Self::ExplainedVariance => "Explained variance",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Loss => "What training makes small",
            Self::L0 => "L0: mean number of active features in a cell",
            Self::DeadShare => "Share of features that fired for no cell in the last epoch",
            Self::ExplainedVariance => "1 is a perfect reconstruction of the embedding",
        }
    }

    /// What the chart shows: explained variance begins once it is above 0, so that its axis is 0 to 1.
    fn charted(self, progress: &TrainProgress) -> f64 {
        let value = self.value(progress);
        if self == Self::ExplainedVariance && value < 0.0 { f64::NAN } else { value }
    }

    fn value(self, progress: &TrainProgress) -> f64 {
        match self {
            Self::Loss => progress.loss,
            Self::L0 => progress.l0,
            Self::DeadShare => progress.dead_share,
            Self::ExplainedVariance => progress.explained_variance,
        }
    }

    /// What held-out cells say of it.
    fn held_out_text(self, progress: &TrainProgress) -> Option<String> {
        let value = progress.held_out.filter(|_| self == Self::ExplainedVariance)?;
        Some(format!("{} held out", self.text(value)))
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::Loss | Self::L0 => format::significant(value, 3),
            Self::DeadShare => format::percent(value),
            Self::ExplainedVariance => format::decimals(value, 3),
        }
    }

    fn y_include(self) -> &'static [f64] {
        match self {
            Self::Loss => &[0.0],
            Self::L0 => &[],
            Self::DeadShare | Self::ExplainedVariance => &[0.0, 1.0],
        }
    }
}

/// The four charts.
#[component]
pub(super) fn TrainingCharts() -> impl IntoView {
    view! {
        <div class="metrics">
            {Metric::ALL.into_iter().map(|metric| view! { <MetricChart metric=metric /> }).collect_view()}
        </div>
    }
}

#[component]
fn MetricChart(metric: Metric) -> impl IntoView {
    let store = Store::get();
    let last = store.memo(move |state| state.training.history.last().map(|last| metric.text(metric.value(last))));
    let held_out = store.memo(move |state| metric.held_out_text(state.training.history.last()?));
    let reports = store.memo(|state| {
        let history = &state.training.history;
        (history.len(), history.last().map(|last| last.step))
    });
    let svg = Memo::new(move |_| {
        let _ = reports.get();
        store.peek(|state| chart(metric, &state.training.history))
    });
    view! {
        <figure class="metric" title=metric.hint()>
            <figcaption>
                <span class="muted">{metric.name()}</span>
                <span class="number">{move || last.get().unwrap_or_else(|| format::NO_VALUE.to_owned())}</span>
                {move || held_out.get().map(|text| view! { <span class="metric-held-out">{text}</span> })}
            </figcaption>
            <div class="chart" inner_html=move || svg.get()></div>
        </figure>
    }
}

/// Explained variance of the held-out cells where they were looked at, from 0 up.
fn held_out_points(metric: Metric, history: &[TrainProgress]) -> Vec<(f64, f64)> {
    if metric != Metric::ExplainedVariance {
        return Vec::new();
    }
    let of = |progress: &TrainProgress| Some((progress.step as f64, progress.held_out.filter(|value| *value >= 0.0)?));
    let mut points: Vec<(f64, f64)> = history.iter().filter_map(of).collect();
    points.dedup_by(|next, last| next.1 == last.1);
    points
}

/// A metric over steps as SVG; empty until there are two points to join.
fn chart(metric: Metric, history: &[TrainProgress]) -> String {
    if history.len() < 2 {
        return String::new();
    }
    let points: Vec<(f64, f64)> =
        history.iter().map(|progress| (progress.step as f64, metric.charted(progress))).collect();
    let n_steps = history.last().map(|last| last.n_steps as f64);
    let held_out = held_out_points(metric, history);
    let mut series = vec![Series { name: metric.name(), points: &points }];
    if held_out.len() > 1 {
        series = vec![Series { name: "training", points: &points }, Series { name: "held out", points: &held_out }];
    }
    let title = format!("{} by training step", metric.name());
    let chart = LineChart {
        title: &title,
        x_label: "",
        series: &series,
        x_max: n_steps,
        y_include: metric.y_include(),
        size: SIZE,
    };
    // A chart that can't be drawn leaves the number beside its name.
    line_chart(&chart).unwrap_or_default()
}
