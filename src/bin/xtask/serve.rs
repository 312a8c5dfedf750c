//! `cargo xtask serve`: the site on loopback, rebuilt as sources change; with `--release` as people get it.

use crate::dist;
use crate::error::{Outcome, TaskError};
use crate::file_server::FileServer;
use crate::places::Places;
use crate::process;
use crate::setup::announce;
use crate::site::{DESK_PROFILE, Workshop};
use crate::system::Installer;

const DEFAULT_PORT: u16 = 8080;

/// Builds, serves and does not return before the person stops it.
///
/// # Errors
/// Something needed is missing, the build fails, or the port is taken.
pub(crate) fn serve(places: &Places, is_release: bool, port: Option<u16>) -> Outcome {
    if is_release {
        return serve_release(places, port);
    }
    let workshop = Workshop::find_or_install(places, Installer::find(), &mut announce)?;
    let port = port.or_else(free_port).unwrap_or(DEFAULT_PORT);
    let mut trunk = workshop.trunk(places, "serve", DESK_PROFILE, &places.site("serve"));
    trunk.args(["--address", "127.0.0.1", "--port"]).arg(port.to_string());
    println!("The page will be at http://127.0.0.1:{port}/ once the build is done; Ctrl-C ends it.");
    process::run("serving the site", &mut trunk)
}

fn serve_release(places: &Places, port: Option<u16>) -> Outcome {
    let site = dist::dist(places, DESK_PROFILE)?;
    let port = port.or_else(free_port).unwrap_or(DEFAULT_PORT);
    let server = FileServer::start(&site, port, "/", |_| ()).map_err(TaskError::file("serve", &site))?;
    println!("The page is at {}; Ctrl-C ends it.", server.url());
    loop {
        std::thread::park();
    }
}

/// The usual port, or the next one nobody listens on.
fn free_port() -> Option<u16> {
    (DEFAULT_PORT..DEFAULT_PORT + 20).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
}
