//! A file server for loopback, used by `cargo xtask serve --release` and by the browser tests.
//!
//! It answers GET and HEAD with whole files under one folder, optionally below a sub-path as many static hosts
//! have it, and prefers a `.br` or `.gz` twin where the browser accepts it. It knows no ranges, no directories
//! but their `index.html`, and forbids caching, so that a rebuilt site is what the browser sees.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A server that runs until the process ends.
#[derive(Debug, Clone)]
pub struct FileServer {
    address: SocketAddr,
    prefix: String,
}

struct Site {
    root: PathBuf,
    prefix: String,
    on_request: Box<dyn Fn(&str) + Send + Sync>,
}

struct Request {
    method: String,
    path: String,
    encodings: String,
}

impl FileServer {
    /// Serves `root` on loopback at `port` (0 for any free one), below `prefix` (such as `/lab/tool/`, or `/`);
    /// `on_request` hears every path asked for.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(
        root: &Path,
        port: u16,
        prefix: &str,
        on_request: impl Fn(&str) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let site =
            Arc::new(Site { root: root.to_owned(), prefix: prefix.to_owned(), on_request: Box::new(on_request) });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = Arc::clone(&site);
                // A browser that hangs up early is no fault of the server.
                std::thread::spawn(move || drop(answer(&site, &stream)));
            }
        });
        Ok(Self { address, prefix: prefix.to_owned() })
    }

    /// The address a browser opens.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }
}

fn answer(site: &Site, stream: &TcpStream) -> std::io::Result<()> {
    let Some(request) = read_request(stream)? else { return Ok(()) };
    (site.on_request)(&request.path);
    let mut out = stream;
    let found = local_path(site, &request.path).and_then(|path| open(&path, &request.encodings));
    let Some((body, kind, encoding)) = found else {
        return out.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let encoding = encoding.map_or_else(String::new, |name| format!("Content-Encoding: {name}\r\n"));
    write!(
        out,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{encoding}Vary: Accept-Encoding\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if request.method == "GET" { out.write_all(&body) } else { Ok(()) }
}

fn read_request(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(None) };
    let mut words = first.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut request = Request { method: method.to_owned(), path: path.to_owned(), encodings: String::new() };
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("accept-encoding")
        {
            value.trim().clone_into(&mut request.encodings);
        }
    }
    Ok(Some(request))
}

/// The file a request means; nothing for one outside the site.
fn local_path(site: &Site, requested: &str) -> Option<PathBuf> {
    let path = requested.split(['?', '#']).next()?;
    let relative = PathBuf::from(decoded(path.strip_prefix(&site.prefix)?)?);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let file = site.root.join(relative);
    Some(if file.is_dir() { file.join("index.html") } else { file })
}

/// Resolves `%20` and the like.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? * 16 + hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn open(path: &Path, accepted: &str) -> Option<(Vec<u8>, &'static str, Option<&'static str>)> {
    let kind = content_type(path);
    for (name, ending) in [("br", "br"), ("gzip", "gz")] {
        let twin = PathBuf::from(format!("{}.{ending}", path.display()));
        if accepted.split(',').any(|offer| offer.trim() == name)
            && path.is_file()
            && let Ok(body) = std::fs::read(twin)
        {
            return Some((body, kind, Some(name)));
        }
    }
    Some((std::fs::read(path).ok()?, kind, None))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "csv" | "gmt" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site { root: PathBuf::from("/site"), prefix: "/lab/".to_owned(), on_request: Box::new(|_| ()) }
    }

    #[test]
    fn a_request_is_looked_up_below_the_prefix() {
        assert_eq!(local_path(&site(), "/lab/app.js?v=1"), Some(PathBuf::from("/site/app.js")));
        assert_eq!(local_path(&site(), "/app.js"), None);
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        assert_eq!(local_path(&site(), "/lab/../secret"), None);
        assert_eq!(local_path(&site(), "/lab/%2e%2e/secret"), None);
        assert_eq!(local_path(&site(), "/lab//etc/passwd"), None);
    }

    #[test]
    fn wasm_has_the_type_browsers_stream() {
        assert_eq!(content_type(Path::new("a/engine_bg.wasm")), "application/wasm");
    }
}
