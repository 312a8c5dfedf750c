//! How training is set: suggestions and their reasons, variants with their own fields, mistakes, quality, saved runs.

use serde_json::json;

use crate::files::CHOOSE_FILES;
use crate::labels::select;
use crate::made::{npy, own_folder};
use crate::main_job::{start_training, trained};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// The text in the field with this label; null if there is no such field.
const FIELD: &str = "const label = [...document.querySelectorAll('.form label')]\
        .find(label => label.innerText.trim() === arguments[0] && label.offsetParent !== null);\
    return label ? document.getElementById(label.htmlFor).value : null";
const FORM_TO_VIEW: &str = "document.querySelector(arguments[0]).scrollIntoView({ block: 'start' }); return true";
const THEME: &str = "document.documentElement.dataset.theme = arguments[0]; return true";

async fn field(tab: &Tab, label: &str) -> Option<String> {
    tab.run(FIELD, vec![json!(label)]).await.as_str().map(str::to_owned)
}

/// Pictures in both themes, wide and narrow.
async fn pictures(tab: &Tab, name: &str, css: &str) {
    for (width, height) in [(1440, 900), (520, 900)] {
        tab.resize(width, height).await;
        for theme in ["light", "dark"] {
            tab.run(THEME, vec![json!(theme)]).await;
            tab.run(FORM_TO_VIEW, vec![json!(css)]).await;
            tab.screenshot(&format!("{name}-{width}-{theme}")).await;
            assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new(), "{name} {width} {theme}");
        }
    }
    tab.resize(1440, 900).await;
}

#[tokio::test]
async fn settings_follow_the_data_and_the_variant_and_mistakes_stand_beside_them() {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find(TRAIN, LATER).await;
    // Kang's scVI latents: 13,576 cells × 32 dimensions.
    assert_eq!(field(&tab, "Features h").await.as_deref(), Some("256"));
    assert_eq!(field(&tab, "Active k").await.as_deref(), Some("16"));
    tab.says("About 8 features for each of the 32 dimensions", SOON).await;
    pictures(&tab, "training-form", ".form").await;

    select(&tab, "Variant", "JumpReLU").await;
    tab.says("learns its own threshold", SOON).await;
    assert_eq!((field(&tab, "Active k").await, field(&tab, "Active aimed at").await.as_deref()), (None, Some("16")));
    select(&tab, "Variant", "Vanilla").await;
    tab.choose("As printed").await;
    tab.says("Sums over dimensions", SOON).await;
    // scVI's latents lie around zero, so there is no offer to centre them.
    tab.says("The cells lie around zero", SOON).await;
    select(&tab, "Variant", "Matryoshka").await;
    assert_eq!(field(&tab, "Nested dictionaries").await.as_deref(), Some("4"));

    tab.press("More settings", SOON).await;
    tab.fill("Warm-up, %", "150").await;
    tab.says("0 to 100 % is possible, not 150", SOON).await;
    let is_off = "return document.querySelector(arguments[0]).disabled";
    assert_eq!(tab.run(is_off, vec![json!(TRAIN)]).await, json!(true));
    pictures(&tab, "training-more", ".disclosure-toggle").await;
    tab.press("Suggested settings", SOON).await;
    assert_eq!(field(&tab, "Warm-up, %").await.as_deref(), Some("5"));
    assert_eq!(tab.run(is_off, vec![json!(TRAIN)]).await, json!(false));
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn quality_tells_held_out_cells_apart() {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find(TRAIN, LATER).await;
    select(&tab, "Variant", "BatchTopK").await;
    start_training(&tab, "48", "60").await;
    tab.says("held out", LATER).await;
    trained(&tab, "48").await;
    tab.press("Quality", SOON).await;
    tab.says("Trained on", LATER).await;
    tab.says("Encoder against decoder", SOON).await;
    tab.says("Histogram of features as a table", SOON).await;
    pictures(&tab, "training-quality", ".disclosure-toggle").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_paused_run_is_saved_as_a_file_and_goes_on_in_another_tab() {
    let folder = own_folder("saved_run");
    let data = folder.join("latent.npy");
    std::fs::write(&data, npy(2000, 6)).unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, std::slice::from_ref(&data)).await;
    start_training(&tab, "64", "5000").await;
    tab.press("Pause", LATER).await;
    tab.says("Paused.", SOON).await;
    tab.press("Save run", SOON).await;
    let name = tab.until(
        "return performance.now() > 0 && document.body.innerText.match(/step ([\\d\\s]+) of/i)?.[1].replaceAll(/\\s/g, '')",
        Vec::new(),
        "the step of the paused run",
        SOON,
    );
    let name = format!("latent_step_{}.fsrun", name.await.as_str().unwrap());
    let run = folder.join(&name);
    std::fs::write(&run, tab.downloaded(&name, SOON).await).unwrap();
    tab.close().await;

    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[data, run]).await;
    tab.says("A training run on latent was kept", LATER).await;
    tab.press("Go on training", SOON).await;
    tab.press("Stop and keep", LATER).await;
    trained(&tab, "64").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
