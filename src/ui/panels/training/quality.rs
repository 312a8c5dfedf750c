//! How good the sparse autoencoder in use is: on cells it was trained on, on cells held out, and as a dictionary.

use leptos::prelude::*;

use super::quality_rows::{density_chart, density_rows, dictionary, heads, rows, verdict};
use crate::plot::charts::ChartSize;
use crate::protocol::SaeQuality;
use crate::ui::card::{Chart, TableTwin};
use crate::ui::state::Shared;
use crate::ui::store::Store;
use crate::ui::widgets::Disclosure;

const SIZE: ChartSize = ChartSize { width: 264, height: 120 };

/// The quality behind its heading; `is_open` outlives it.
#[component]
pub(super) fn Quality(is_open: RwSignal<bool>) -> impl IntoView {
    let store = Store::get();
    let quality = store.memo(|state| (state.quality.value.clone(), state.quality.error.clone()));
    view! {
        <Disclosure title="Quality" open=is_open is_forced=false>
            {move || match quality.get() {
                (Some(quality), _) => view! { <Numbers quality=quality /> }.into_any(),
                (None, Some(error)) => view! { <p class="field-error">{error}</p> }.into_any(),
                (None, None) => view! { <p class="muted">"Being measured."</p> }.into_any(),
            }}
        </Disclosure>
    }
}

#[component]
fn Numbers(quality: Shared<SaeQuality>) -> impl IntoView {
    let facts = dictionary(&quality).into_iter().map(|(name, meaning, text)| {
        view! {
            <dt title=meaning>{name}</dt>
            <dd>{text}</dd>
        }
    });
    let table_heads = ["From", "To", "Features"].map(str::to_owned).to_vec();
    view! {
        {verdict(&quality).map(|text| view! { <p class="field-note">{text}</p> })}
        <MeasureTable quality=quality.clone() />
        <h3 class="form-heading">"The dictionary"</h3>
        <dl class="facts">{facts.collect_view()}</dl>
        <h3 class="form-heading">"Features by the share of cells they are active in"</h3>
        <div class="quality-chart">
            <Chart svg=density_chart(&quality, SIZE) />
        </div>
        <TableTwin summary="Histogram of features as a table" heads=table_heads rows=density_rows(&quality) />
    }
}

#[component]
fn MeasureTable(quality: Shared<SaeQuality>) -> impl IntoView {
    let row = |(name, meaning, texts): (&'static str, &'static str, Vec<String>)| {
        view! {
            <tr title=meaning>
                <th scope="row">{name}</th>
                {texts.into_iter().map(|text| view! { <td>{text}</td> }).collect_view()}
            </tr>
        }
    };
    let head = |text: &'static str| view! { <th scope="col">{text}</th> };
    view! {
        <table class="quality">
            <thead>
                <tr>
                    <th scope="col">
                        <span class="visually-hidden">"Measure"</span>
                    </th>
                    {heads(&quality).into_iter().map(head).collect_view()}
                </tr>
            </thead>
            <tbody>{rows(&quality).into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
