//! A small local web server that can be told to misbehave.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A client's request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of earlier requests.
    pub number: usize,
    pub path: String,
    pub range: Option<usize>,
    pub agent: String,
}

/// A server that answers each request by calling a function.
pub struct Server {
    /// The address, ending in a slash.
    pub address: String,
    /// The requests so far.
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn new(answer: impl Fn(&Request, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = parse(&stream, log.lock().unwrap().len()) else { continue };
                log.lock().unwrap().push(request.clone());
                answer(&request, &mut stream);
            }
        });
        Self { address, requests }
    }

    /// A server that answers all requests correctly, including ranges.
    pub fn good(body: Vec<u8>) -> Self {
        Self::new(move |request, stream| send(stream, request, &body))
    }

    pub fn file(&self) -> String {
        format!("{}file", self.address)
    }

    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.requests.lock().unwrap().iter().map(|request| request.range).collect()
    }
}

fn parse(stream: &TcpStream, number: usize) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    let mut request = Request { number, path, range: None, agent: String::new() };
    for line in lines {
        let line = line.ok()?;
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => {
                request.range = value.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("user-agent") => request.agent = value.into(),
            Some(_) => {}
            None => break,
        }
    }
    Some(request)
}

/// Writes bytes, ignoring errors, since the client may have closed the connection.
pub fn write(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

pub fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n\r\n").into_bytes()
}

pub fn send(stream: &mut TcpStream, request: &Request, body: &[u8]) {
    send_cut(stream, request, body, usize::MAX);
}

/// Announces the whole requested range but sends at most `most` bytes.
pub fn send_cut(stream: &mut TcpStream, request: &Request, body: &[u8], most: usize) {
    let first = request.range.unwrap_or(0);
    let (rest, all) = (&body[first..], body.len());
    let length = format!("Content-Length: {}", rest.len());
    let head = match request.range {
        None => head("200 OK", &length),
        Some(_) => head(
            "206 Partial Content",
            &format!("{length}\r\nContent-Range: bytes {first}-{}/{all}", all - 1),
        ),
    };
    write(stream, &head);
    write(stream, &rest[..most.min(rest.len())]);
}
