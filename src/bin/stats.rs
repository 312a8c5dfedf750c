//! A worker of the pool: statistics beside the engine.

#[cfg(target_arch = "wasm32")]
fn main() {
    if let Err(error) = featurescope::platform::web::serve_pool() {
        web_sys::console::error_1(&error);
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use std::io::Write;

    // Where even the error stream is closed, the exit code says enough.
    let _ = writeln!(std::io::stderr(), "this program is a browser worker; use `featurescope` on the command line");
    std::process::ExitCode::from(2)
}
