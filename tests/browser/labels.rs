//! Features against labels: heat map, table, card, two groups compared, a path followed; all of it by keyboard.

use serde_json::json;
use thirtyfour::Key;

use crate::tab::{Gpu, LATER, SOON, Tab};

/// The feature of the card.
const CARD: &str = "const found = document.querySelector('.card-title').innerText.match(/^Feature (\\d+)$/);\
    return found && Number(found[1])";
/// What the heat map says of the cell under its cursor.
const UNDER_CURSOR: &str = "const found = document.querySelector('.heat-status').innerText.match(/^Feature (\\d+), .+: AUROC (0|1)\\.\\d{3}$/);\
    return found && Number(found[1])";
/// The rows of a table on screen, each as its texts.
const ROWS: &str = "const rows = [...document.querySelectorAll(arguments[0] + ' tbody tr[role=row]')]\
    .map(row => [...row.children].map(cell => cell.innerText)); return rows.length > 0 && rows";

async fn with_features() -> Tab {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find("#feature-table tbody tr[role=row]", LATER).await;
    tab
}

/// Opens a tab of the drawer by its arrow keys.
async fn go_to_tab(tab: &Tab, n_steps: usize) {
    tab.click("#drawer-tab-0", SOON).await;
    for _ in 0..n_steps {
        tab.type_keys(".drawer [role=tab]:focus", &[Key::Right]).await;
    }
}

/// Chooses in the list with this label.
pub(crate) async fn select(tab: &Tab, label: &str, text: &str) {
    let script = "const label = [...document.querySelectorAll('label')]\
            .find(label => label.innerText.trim() === arguments[0] && label.offsetParent !== null);\
        const list = label && document.getElementById(label.htmlFor);\
        const option = list && [...list.options].find(option => option.text.startsWith(arguments[1]));\
        if (!option) return false;\
        list.value = option.value;\
        list.dispatchEvent(new Event('change', { bubbles: true }));\
        return true";
    tab.until(script, vec![json!(label), json!(text)], &format!("{text:?} in {label:?}"), SOON).await;
}

async fn rows(tab: &Tab, table: &str) -> Vec<Vec<String>> {
    let rows = tab.until(ROWS, vec![json!(table)], &format!("rows in {table}"), LATER).await;
    serde_json::from_value(rows).unwrap()
}

#[tokio::test]
async fn labels_are_measured_drawn_listed_and_explained_on_the_card() {
    let tab = with_features().await;
    go_to_tab(&tab, 1).await;
    tab.press("Measure labels", SOON).await;
    tab.find("#label-heat-map svg", LATER).await;
    tab.says("AUROC against all other labelled cells", SOON).await;
    tab.screenshot("labels-heat-map").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());

    tab.type_keys("#label-heat-map", &[Key::Right, Key::Right, Key::Down]).await;
    let under = tab.until(UNDER_CURSOR, Vec::new(), "the cell under the cursor to be said", SOON).await;
    tab.type_keys("#label-heat-map", &[Key::Enter]).await;
    assert_eq!(tab.until(CARD, Vec::new(), "the card to open", SOON).await, under);
    tab.says("Detects", SOON).await;
    tab.says("by the paper's rule", SOON).await;
    tab.screenshot("labels-card").await;

    tab.choose("Table").await;
    let listed = rows(&tab, "#label-table").await;
    let auroc = |row: &Vec<String>| row[2].parse::<f64>().unwrap();
    assert!(listed.iter().map(auroc).collect::<Vec<_>>().is_sorted_by(|a, b| a >= b), "{listed:?}");
    assert!(auroc(&listed[0]) > 0.9, "{listed:?}");
    select(&tab, "Category", "CD14 Mono").await;
    let is_one = "return [...document.querySelectorAll('#label-table tbody tr[role=row]')]\
        .every(row => row.children[1].innerText === 'CD14 Mono')";
    tab.until(is_one, Vec::new(), "every feature against CD14 monocytes", SOON).await;
    tab.screenshot("labels-table").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());

    tab.click("#drawer-panel-1 .look-bar button[aria-label^='Save']", SOON).await;
    tab.press("As CSV", SOON).await;
    let saved = String::from_utf8(tab.downloaded("label_association.csv", LATER).await).unwrap();
    assert!(saved.starts_with("feature,column,label,auroc,f1,threshold,class,confounded\n"), "{saved:.200}");
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_feature_that_goes_with_a_nuisance_column_has_a_badge() {
    let tab = with_features().await;
    go_to_tab(&tab, 1).await;
    // Stimulation, as if it were a batch.
    tab.click("#drawer-panel-1 .choice:nth-of-type(2) .choice-option:nth-of-type(2)", SOON).await;
    let tick = "const box = [...document.querySelectorAll('[aria-label=\"Nuisance columns\"] label')]\
        .find(label => label.innerText.trim() === 'condition'); box.querySelector('input').click(); return true";
    tab.until(tick, Vec::new(), "the box of condition", SOON).await;
    tab.press("Measure labels", SOON).await;
    tab.find("#label-heat-map svg", LATER).await;
    tab.choose("Table").await;
    // Sorted by the last column, confounded features come first.
    tab.click("#label-table th:last-child button", SOON).await;
    let listed = rows(&tab, "#label-table").await;
    assert_eq!(listed[0][8], "confounded", "{listed:?}");
    tab.click("#label-table tbody tr[role=row]", SOON).await;
    tab.says("Confounded: it goes with condition", SOON).await;
    tab.screenshot("labels-confounded").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn two_groups_are_compared_by_keyboard() {
    let tab = with_features().await;
    go_to_tab(&tab, 2).await;
    select(&tab, "Group A", "condition: stim").await;
    tab.type_keys("#drawer-panel-2 .button-primary", &[Key::Enter]).await;
    let listed = rows(&tab, "#comparison-table").await;
    tab.says("Welch's t, two-sided", SOON).await;
    // Minus signs are typographic.
    let size = |row: &Vec<String>| row[7].trim_start_matches(['+', '\u{2212}']).parse::<f64>().unwrap();
    assert!(size(&listed[0]) > 0.5 && listed.iter().map(size).collect::<Vec<_>>().is_sorted_by(|a, b| a >= b));
    tab.type_keys("#comparison-table .virtual-table", &[Key::Down, Key::Enter]).await;
    let card = tab.until(CARD, Vec::new(), "the card to open", SOON).await;
    assert_eq!(json!(listed[0][0].parse::<u64>().unwrap()), card);
    tab.screenshot("comparison").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    tab.click("#drawer-panel-2 .look-bar button[aria-label^='Save']", SOON).await;
    tab.press("As CSV", SOON).await;
    let saved = String::from_utf8(tab.downloaded("differential_features.csv", LATER).await).unwrap();
    assert!(saved.starts_with("feature,mean_a,mean_b,"), "{saved:.200}");
    select(&tab, "Group B", "condition: stim").await;
    tab.press("Compare A with B", SOON).await;
    tab.says("a cell can be on one side only", SOON).await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_path_is_put_in_order_and_followed() {
    let tab = with_features().await;
    go_to_tab(&tab, 3).await;
    tab.says("Tick at least two categories", SOON).await;
    select(&tab, "Label", "cell_type").await;
    let tick = "const box = document.querySelectorAll('.path-step input')[arguments[0]]; box.click(); return true";
    tab.until(tick, vec![json!(0)], "the first box", SOON).await;
    tab.until(tick, vec![json!(2)], "the third box", SOON).await;
    tab.click(".path-steps li:nth-child(3) button[aria-label='Earlier']", SOON).await;
    let is_moved = "const row = document.querySelector('.path-steps li:nth-child(2)');\
        return row.querySelector('input').checked && row.contains(document.activeElement)";
    tab.until(is_moved, Vec::new(), "the category and the focus to be in the second row", SOON).await;
    tab.press("Follow the path", SOON).await;
    let listed = rows(&tab, "#lineage-table").await;
    assert!(listed.iter().all(|row| row[1] == "rises" || row[1] == "falls"), "{listed:?}");
    tab.says("descriptive, no test", SOON).await;
    tab.screenshot("lineage").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
