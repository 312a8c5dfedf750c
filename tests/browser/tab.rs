//! One browser tab with FeatureScope in it: opening, finding, clicking, typing, files, and what went wrong.
//!
//! Things are found as a person finds them, by role and name, or by a CSS selector. All waits are bounded, and a wait
//! that runs out fails with what was looked for and what the page showed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::file_server::FileServer;
use crate::spy::Spy;

/// How long things that should be quick may take on a slow machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// How long starting the engine, training or analysing may take on a slow machine.
pub(crate) const LATER: Duration = Duration::from_mins(4);
/// The button that starts training, which stands on the page when data are open and nothing is running.
pub(crate) const TRAIN: &str = "form[aria-label='Training settings'] .button-primary";

/// Tabs opened so far, for names that differ.
static N_TABS: AtomicUsize = AtomicUsize::new(0);

/// Below this path the site is served, as on a host that is shared with others.
const SUB_PATH: &str = "/lab/featurescope/";

/// Which graphics the browser offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gpu {
    /// WebGPU on the processor (SwiftShader): correct, and very slow.
    Software,
    /// No WebGPU adapter at all.
    None,
}

/// A tab, its browser, and the server it talks to.
pub(crate) struct Tab {
    driver: WebDriver,
    server: FileServer,
    requests: Arc<Mutex<Vec<String>>>,
    spy: Spy,
    number: usize,
    downloads: PathBuf,
    chromedriver: Chromedriver,
}

/// chromedriver, ended with the tab whatever happens in the test.
struct Chromedriver {
    child: Child,
    url: String,
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // It may have ended by itself; that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Chromedriver {
    /// Tries again where the port chromedriver picks is taken before it listens on it, upon which it ends.
    fn start() -> Self {
        (0..5).find_map(|_| Self::try_start()).expect("chromedriver says its port")
    }

    fn try_start() -> Option<Self> {
        let mut child = Command::new(setting("CHROMEDRIVER"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let out = child.stdout.take().expect("chromedriver's output");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let Some(port) = lines.find_map(|line| port(&line)) else {
            // Its output is at its end, so it has ended or is about to.
            let _ = child.wait();
            return None;
        };
        // Its output must be read on, or it stops when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url: format!("http://127.0.0.1:{port}") })
    }
}

/// The port in `ChromeDriver was started successfully on port 1234.`.
fn port(line: &str) -> Option<u16> {
    line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

/// A setting that `cargo xtask test` passes in the environment.
pub(crate) fn setting(name: &str) -> PathBuf {
    let Some(value) = std::env::var_os(name) else {
        panic!("{name} is not set: run the browser tests through `cargo xtask test --only browser`")
    };
    PathBuf::from(value)
}

impl Tab {
    /// Starts a browser and opens the page with an optional query such as `?demo=none`.
    pub(crate) async fn open(gpu: Gpu, query: &str) -> Self {
        Self::open_site(&setting("FEATURESCOPE_SITE"), gpu, query).await
    }

    /// As [`open`](Self::open), with another site than the built one.
    pub(crate) async fn open_site(site: &Path, gpu: Gpu, query: &str) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&requests);
        let note = move |path: &str| notes.lock().expect("the server's notes").push(path.to_owned());
        let server = FileServer::start(site, 0, SUB_PATH, note).expect("the site is served");
        let spy = Spy::start();
        let chromedriver = Chromedriver::start();
        let number = N_TABS.fetch_add(1, Ordering::Relaxed);
        let downloads = downloads_folder(number);
        let wanted = capabilities(gpu, &spy, &downloads);
        let driver = WebDriver::new(&chromedriver.url, wanted).await.expect("Chromium starts");
        driver.set_script_timeout(LATER).await.expect("a time limit for scripts");
        let tab = Self { driver, server, requests, spy, number, downloads, chromedriver };
        tab.go(query).await;
        tab
    }

    /// The process of chromedriver, below which the browser runs.
    pub(crate) fn driver_pid(&self) -> u32 {
        self.chromedriver.child.id()
    }

    /// Opens the page (again) with a query.
    pub(crate) async fn go(&self, query: &str) {
        self.driver.goto(format!("{}{query}", self.server.url())).await.expect("the page opens");
    }

    /// Reloads the page.
    pub(crate) async fn reload(&self) {
        self.driver.refresh().await.expect("the page reloads");
    }

    /// The first visible element that matches; waits for it.
    pub(crate) async fn find(&self, css: &str, limit: Duration) -> WebElement {
        let seek = async || self.driver.query(By::Css(css)).wait(limit, TICK).and_displayed().first().await;
        self.or_fail(unless_stale(seek).await, &format!("{css} to appear")).await
    }

    /// A button with this name (its text or `aria-label`); waits for it to be usable.
    pub(crate) async fn button(&self, name: &str, limit: Duration) -> WebElement {
        let path = format!("//button[normalize-space(.)='{name}' or @aria-label='{name}']");
        let seek = async || self.driver.query(By::XPath(&path)).wait(limit, TICK).and_clickable().first().await;
        self.or_fail(unless_stale(seek).await, &format!("the button {name:?}")).await
    }

    /// Clicks the button with this name.
    pub(crate) async fn press(&self, name: &str, limit: Duration) {
        let clicked = unless_stale(async || self.button(name, limit).await.click().await).await;
        self.or_fail(clicked, &format!("the button {name:?} to be clicked")).await;
    }

    /// Waits until the text of the page contains `text`.
    pub(crate) async fn says(&self, text: &str, limit: Duration) {
        let script = "return document.body.innerText.toLowerCase().includes(arguments[0].toLowerCase())";
        self.until(script, vec![json!(text)], &format!("the page to say {text:?}"), limit).await;
    }

    /// Waits until a script returns a true value, and returns it.
    pub(crate) async fn until(&self, script: &str, arguments: Vec<Value>, what: &str, limit: Duration) -> Value {
        let started = Instant::now();
        loop {
            let value = self.run(script, arguments.clone()).await;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if started.elapsed() > limit {
                self.fail(what, "it did not happen in time").await;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Runs a script in the page and returns its value.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let returned = self.driver.execute(script, arguments).await;
        self.or_fail(returned, &format!("the script {script:?}")).await.json().clone()
    }

    /// Types a value into the field with this label, in place of what is there.
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        let path =
            format!("//label[normalize-space(.)='{label}']/following-sibling::input | //input[@aria-label='{label}']");
        let found = self.driver.query(By::XPath(&path)).wait(SOON, TICK).and_displayed().first().await;
        let input = self.or_fail(found, &format!("the field {label:?}")).await;
        let typed = input.send_keys(Key::Control + "a").await;
        self.or_fail(typed, &format!("the old value of {label:?} to be selected")).await;
        let typed = input.send_keys(value).await;
        self.or_fail(typed, &format!("{value:?} to be typed into {label:?}")).await;
    }

    /// Chooses one of a few by its text.
    pub(crate) async fn choose(&self, text: &str) {
        let path = format!("//label[contains(@class,'choice-option')][normalize-space(.)='{text}']");
        let found = self.driver.query(By::XPath(&path)).wait(SOON, TICK).and_displayed().first().await;
        let clicked = self.or_fail(found, &format!("the choice {text:?}")).await.click().await;
        self.or_fail(clicked, &format!("the choice {text:?} to be clicked")).await;
    }

    /// Insists on the GPU, and waits until it is in use.
    pub(crate) async fn choose_gpu(&self) {
        self.click("button[aria-label^='Compute device']", SOON).await;
        self.choose("GPU").await;
        let chosen =
            "return document.querySelector('button[aria-label^=\"Compute device\"]').innerText.includes('GPU')";
        self.until(chosen, Vec::new(), "the GPU to be in use", LATER).await;
    }

    /// Clicks the first visible element that matches.
    pub(crate) async fn click(&self, css: &str, limit: Duration) {
        let clicked = unless_stale(async || self.find(css, limit).await.click().await).await;
        self.or_fail(clicked, &format!("{css} to be clicked")).await;
    }

    /// Presses a key where the focus is.
    pub(crate) async fn key(&self, key: Key) {
        let pressed = self.driver.action_chain().send_keys(key.clone()).perform().await;
        self.or_fail(pressed, &format!("the key {key:?} to be pressed")).await;
    }

    /// Presses keys one after the other on the first visible element that matches, which gets the focus.
    pub(crate) async fn type_keys(&self, css: &str, keys: &[Key]) {
        for key in keys {
            let typed = unless_stale(async || self.find(css, SOON).await.send_keys(key.clone() + "").await).await;
            self.or_fail(typed, &format!("a key to be pressed on {css}")).await;
        }
    }

    /// Draws a line with the pointer through points given in pixels from the middle of an element.
    pub(crate) async fn draw(&self, css: &str, points: &[(i64, i64)]) {
        let surface = self.find(css, SOON).await;
        let mut pen = self.driver.action_chain();
        for (i, (x, y)) in points.iter().enumerate() {
            pen = pen.move_to_element_with_offset(&surface, *x, *y);
            if i == 0 {
                pen = pen.click_and_hold();
            }
        }
        let drawn = pen.release().perform().await;
        self.or_fail(drawn, &format!("a line to be drawn on {css}")).await;
    }

    /// The text of the first visible element that matches.
    pub(crate) async fn text(&self, css: &str, limit: Duration) -> String {
        let text = unless_stale(async || self.find(css, limit).await.text().await).await;
        self.or_fail(text, &format!("the text of {css}")).await
    }

    /// Waits for a download with this name and returns what is in it.
    pub(crate) async fn downloaded(&self, name: &str, limit: Duration) -> Vec<u8> {
        let path = self.downloads.join(name);
        let started = Instant::now();
        loop {
            match std::fs::read(&path) {
                Ok(bytes) if !bytes.is_empty() => return bytes,
                _ if started.elapsed() > limit => self.fail(&format!("the download {name}"), "it did not come").await,
                _ => tokio::time::sleep(TICK).await,
            }
        }
    }

    /// Gives files to a file input, which may be hidden behind a button.
    pub(crate) async fn upload(&self, css: &str, files: &[PathBuf]) {
        let found = self.driver.query(By::Css(css)).wait(SOON, TICK).first().await;
        let input = self.or_fail(found, &format!("the file input {css}")).await;
        let paths: Vec<String> = files.iter().map(|file| absolute(file)).collect();
        let sent = input.send_keys(paths.join("\n")).await;
        self.or_fail(sent, "the files to be taken").await;
    }

    /// What the console holds at level error or worse since the last call.
    pub(crate) async fn errors(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.expect("the browser's log");
        entries.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message).collect()
    }

    /// Paths asked of the site's own server so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the server's notes").clone()
    }

    /// Anything asked of the world outside so far; should be empty.
    pub(crate) fn went_outside(&self) -> Vec<String> {
        self.spy.seen()
    }

    /// Gives the window another size in pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.driver.set_window_rect(0, 0, width, height).await.expect("the window's size");
    }

    /// Saves what the tab shows as `NAME.png`.
    pub(crate) async fn screenshot(&self, name: &str) {
        let path = setting("FEATURESCOPE_SCREENSHOTS").join(format!("{name}.png"));
        self.driver.screenshot(&path).await.expect("a screenshot");
    }

    /// Accessibility mistakes on the page as it is, one line each.
    pub(crate) async fn accessibility_mistakes(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(setting("FEATURESCOPE_AXE")).expect("axe's script");
        self.run(&axe, Vec::new()).await;
        let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(r => \
            done(r.violations.map(v => v.id + ': ' + v.help + ' at ' + v.nodes.map(n => n.target.join(' ')).join('; '))))";
        let returned = self.driver.execute_async(script, Vec::new()).await.expect("axe runs");
        returned.convert().expect("axe's list of mistakes")
    }

    /// Ends the browser; every test calls this last, and its helper ends chromedriver in any case.
    pub(crate) async fn close(self) {
        self.driver.quit().await.expect("the browser ends");
        // Left-over downloads in the system's temporary folder do no harm.
        let _ = std::fs::remove_dir_all(&self.downloads);
    }

    async fn or_fail<T>(&self, result: WebDriverResult<T>, what: &str) -> T {
        match result {
            Ok(value) => value,
            Err(error) => self.fail(what, &error.to_string()).await,
        }
    }

    async fn fail(&self, what: &str, why: &str) -> ! {
        let script = "return document.body.innerText.slice(0, 2000)";
        let shown = self.driver.execute(script, Vec::new()).await.map(|text| text.json().to_string());
        let log = self.driver.browser_log().await.unwrap_or_default();
        let log: Vec<String> = log.into_iter().map(|entry| format!("{} {}", entry.level, entry.message)).collect();
        // The folder may be missing when the failure is the harness's own; the message below matters more.
        let _ = self
            .driver
            .screenshot(&setting("FEATURESCOPE_SCREENSHOTS").join(format!("failure-{}.png", self.number)))
            .await;
        panic!("waited for {what}: {why}\nthe page shows: {shown:?}\nthe console: {log:#?}")
    }
}

/// Does it again while an element goes between being found and being used: the page draws itself anew at any time.
async fn unless_stale<T>(attempt: impl AsyncFn() -> WebDriverResult<T>) -> WebDriverResult<T> {
    for _ in 0..MOST_ATTEMPTS {
        match attempt().await {
            Err(error) if error.to_string().contains("stale element") => tokio::time::sleep(TICK).await,
            result => return result,
        }
    }
    attempt().await
}

const MOST_ATTEMPTS: usize = 20;
const TICK: Duration = Duration::from_millis(100);

fn absolute(file: &Path) -> String {
    std::path::absolute(file).expect("an absolute path").display().to_string()
}

/// A folder of its own for every tab.
fn downloads_folder(number: usize) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("featurescope-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for downloads");
    folder
}

fn capabilities(gpu: Gpu, spy: &Spy, downloads: &Path) -> Capabilities {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--window-size=1440,900".to_owned(),
        format!("--proxy-server={}", spy.address()),
    ];
    if gpu == Gpu::Software {
        let webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
        arguments.extend(webgpu.map(str::to_owned));
    }
    let mut capabilities = DesiredCapabilities::chrome();
    let prefs = json!({ "download.default_directory": downloads, "download.prompt_for_download": false });
    let options = json!({ "args": arguments, "binary": setting("CHROME"), "prefs": prefs });
    capabilities.set("goog:chromeOptions", options).expect("options");
    capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" })).expect("logging");
    capabilities.into()
}
