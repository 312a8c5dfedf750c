//! A proxy that connects nobody: it only notes where the browser wanted to go beyond this machine.
//!
//! Chromium sends every request that is not for loopback to its proxy, from pages and workers alike, so a
//! request that leaves the page can't hide here. Chromium's own errands (updates, its account service) are told
//! apart by host.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const CHROMIUMS_OWN: [&str; 4] = ["google.com", "googleapis.com", "gvt1.com", "gstatic.com"];

/// What was asked of the outside.
#[derive(Debug, Clone)]
pub(crate) struct Spy {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Spy {
    /// Starts listening on a free port of loopback.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port for the proxy");
        let address = listener.local_addr().expect("the proxy's own address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(target) = target(&stream) {
                    notes.lock().expect("the proxy's notes").push(target);
                }
            }
        });
        Self { address, seen }
    }

    /// The address to give Chromium as `--proxy-server`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Hosts and addresses asked for so far, without Chromium's own.
    pub(crate) fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("the proxy's notes");
        seen.iter().filter(|target| !is_chromiums_own(target)).cloned().collect()
    }
}

fn target(stream: &TcpStream) -> Option<String> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

fn is_chromiums_own(target: &str) -> bool {
    let host = target.trim_start_matches("http://").split(['/', ':']).next().unwrap_or_default();
    CHROMIUMS_OWN.iter().any(|own| host == *own || host.ends_with(&format!(".{own}")))
}

#[test]
fn chromiums_own_hosts_are_told_apart_by_their_ending() {
    assert!(is_chromiums_own("accounts.google.com:443") && is_chromiums_own("http://www.google.com/x"));
    assert!(!is_chromiums_own("google.com.example.org:443") && !is_chromiums_own("fonts.example.org:443"));
}
