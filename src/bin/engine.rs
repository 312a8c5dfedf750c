//! The worker: an engine over the browser's message port.

#[cfg(target_arch = "wasm32")]
fn main() {
    use featurescope::engine::Engine;
    use featurescope::platform::web::{WebHost, report_panics};

    match WebHost::new() {
        Ok(host) => {
            report_panics(&host);
            let engine = Engine::new(host.clone());
            host.listen(move |call| engine.call(call));
        }
        Err(error) => web_sys::console::error_1(&error),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use std::io::Write;

    // Where even the error stream is closed, the exit code says enough.
    let _ = writeln!(std::io::stderr(), "this program is a browser worker; use `featurescope` on the command line");
    std::process::ExitCode::from(2)
}
