//! The line over everything: what is open, which device computes, light or dark, opening.

use leptos::prelude::*;

use super::{open_demo, open_picked};
use crate::protocol::{DeviceChoice, DeviceReport};
use crate::ui::state::{EngineStatus, Msg, State};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::theme::{ThemeChoice, ThemeStore};
use crate::ui::widgets::{Button, ButtonKind, Choice, FilePicker, IconName, Menu};

/// The header; `help` opens the help dialog.
#[component]
pub(crate) fn Header(help: RwSignal<bool>) -> impl IntoView {
    let store = Store::get();
    let name = store.memo(State::shown_name);
    let is_open = store.memo(|state| !state.is_empty());
    let has_preview = store.memo(|state| state.preview.is_some());
    view! {
        <header class="header">
            <a class="brand" href="./" aria-label="FeatureScope, start page">
                <img src="icon.svg" alt="" width="20" height="20" />
                <span>"FeatureScope"</span>
            </a>
            <h1 class="header-name">{move || name.get().unwrap_or_else(|| "No data open".to_owned())}</h1>
            <div class="header-actions">
                <Show when=move || is_open.get() && !has_preview.get()>
                    <Button kind=ButtonKind::Quiet text="Open the demo" on_press=move || open_demo(store) />
                </Show>
                <FilePicker text="Open files" on_pick=open_picked(store) />
                <Show when=move || is_open.get()>
                    <Button
                        kind=ButtonKind::Quiet
                        text="Close"
                        label="Close the data set"
                        on_press=move || store.send(Msg::Close)
                    />
                </Show>
                <DeviceMenu />
                <ThemeMenu />
                <Button
                    kind=ButtonKind::Quiet
                    icon=IconName::Help
                    label="Help and keyboard shortcuts"
                    on_press=move || help.set(true)
                />
            </div>
        </header>
    }
}

/// Which device computes, why, and the choice.
#[component]
fn DeviceMenu() -> impl IntoView {
    let store = Store::get();
    let report = store.memo(|state| state.device.clone());
    let choice = store.memo(|state| device_key(state.device_choice).to_owned());
    let badge = store.memo(|state| badge(state.device.as_ref(), &state.engine));
    let reason = move || report.with(|report| device_reason(report.as_ref()));
    let choose = Callback::new(move |key: String| store.send(Msg::ChooseDevice(device_choice(&key))));
    let options = vec![
        ("auto", "Auto", "The GPU if it passes a self-test and is faster, else the CPU"),
        ("cpu", "CPU", "Compute on the processor"),
        ("gpu", "GPU", "Compute through WebGPU"),
    ];
    view! {
        <Menu label="Compute device" text=badge icon=IconName::Cpu>
            <Choice label="Compute on" options=options.clone() value=choice on_change=choose />
            <p class="menu-note" aria-live="polite">{reason}</p>
        </Menu>
    }
}

fn badge(report: Option<&DeviceReport>, engine: &EngineStatus) -> String {
    match (report, engine) {
        (Some(report), _) => text::device_name(report.device).to_owned(),
        (None, EngineStatus::NotStarted) => "Auto".to_owned(),
        (None, EngineStatus::Starting | EngineStatus::Ready) => "Starting".to_owned(),
        (None, EngineStatus::Broken(_)) => "Stopped".to_owned(),
    }
}

fn device_reason(report: Option<&DeviceReport>) -> String {
    match report {
        None => "The engine looks for a device when it is first needed.".to_owned(),
        Some(report) => format!("{}. {}", report.name, report.reason),
    }
}

fn device_key(choice: DeviceChoice) -> &'static str {
    match choice {
        DeviceChoice::Auto => "auto",
        DeviceChoice::Cpu => "cpu",
        DeviceChoice::Gpu => "gpu",
    }
}

fn device_choice(key: &str) -> DeviceChoice {
    match key {
        "cpu" => DeviceChoice::Cpu,
        "gpu" => DeviceChoice::Gpu,
        _ => DeviceChoice::Auto,
    }
}

/// System, light or dark.
#[component]
fn ThemeMenu() -> impl IntoView {
    let theme = ThemeStore::get();
    let options: Vec<_> = ThemeChoice::ALL.iter().map(|choice| (choice.key(), choice.label(), "")).collect();
    let choose = Callback::new(move |key: String| theme.choose(ThemeChoice::of_key(&key)));
    view! {
        <Menu label="Light or dark" icon=IconName::Moon>
            <Choice
                label="Appearance"
                options=options.clone()
                value=Signal::derive(move || theme.choice.get().key().to_owned())
                on_change=choose
            />
        </Menu>
    }
}
