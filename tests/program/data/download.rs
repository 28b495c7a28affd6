//! Tests of downloads from local servers, good and bad ones.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ece472::data::download::{Client, Options};
use ece472::data::sources::KnownFile;

use super::known;
use super::server::{Request, Server, head, send, send_cut, write};

/// Noise, so that any two parts of it differ.
fn body() -> Vec<u8> {
    (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect()
}

struct Case {
    dir: tempfile::TempDir,
    options: Options,
    known: KnownFile,
}

impl Case {
    fn new() -> Self {
        let options = Options {
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_millis(300),
            attempts: 3,
            pause: Duration::from_millis(1),
            limit: 1 << 20,
            quiet: true,
        };
        Self { dir: tempfile::tempdir().unwrap(), options, known: known("file", &body()) }
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("file")
    }

    fn part(&self) -> PathBuf {
        self.dir.path().join("file.part")
    }

    fn download(&self, addresses: &[String]) -> Result<(), String> {
        let client = Client::new(&self.options);
        client.download(&self.known, addresses, &self.target()).map_err(|e| {
            let message = e.to_string();
            assert!(!message.contains('\n') && message.contains("file"), "{message}");
            message
        })
    }

    /// Downloads, and checks that the file is right and the only one.
    fn download_well(&self, addresses: &[String]) {
        self.download(addresses).unwrap();
        assert!(fs::read(self.target()).unwrap() == body());
        assert_eq!(self.files(), ["file"]);
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn a_file_is_downloaded_completely() {
    let (case, server) = (Case::new(), Server::good(body()));
    case.download_well(&[server.file()]);
    let requests = server.requests.lock().unwrap();
    assert_eq!((requests.len(), requests[0].path.as_str(), requests[0].range), (1, "/file", None));
    assert!(requests[0].agent.starts_with("ece472/"), "{}", requests[0].agent);
}

#[test]
fn a_broken_connection_is_resumed_where_it_broke() {
    let server = Server::new(|request, stream| match request.number {
        0 => send_cut(stream, request, &body(), 100_000),
        _ => send(stream, request, &body()),
    });
    Case::new().download_well(&[server.file()]);
    assert_eq!(server.ranges(), [None, Some(100_000)]);
}

#[test]
fn the_next_run_resumes_the_download() {
    let (case, server) =
        (Case::new(), Server::new(|request, stream| send_cut(stream, request, &body(), 90_000)));
    let message = case.download(&[server.file()]).unwrap_err();
    assert!(message.contains("broke off at byte 270000"), "{message}");
    assert_eq!(case.files(), ["file.part"]);
    let server = Server::good(body());
    case.download_well(&[server.file()]);
    assert_eq!(server.ranges(), [Some(270_000)]);
}

#[test]
fn a_complete_partial_file_is_only_verified() {
    let case = Case::new();
    fs::write(case.part(), body()).unwrap();
    case.download_well(&["http://127.0.0.1:1/".into()]);
}

#[test]
fn a_partial_file_that_does_not_match_is_discarded() {
    let whole = |request: &Request, stream: &mut TcpStream| {
        send(stream, &Request { range: None, ..request.clone() }, &body());
    };
    let start_over = |request: &Request, stream: &mut TcpStream, status: &str, headers: &str| {
        if request.range.is_some() {
            write(stream, &head(status, headers));
        } else {
            send(stream, request, &body());
        }
    };
    let servers: [Server; 6] = [
        // A wrong beginning, to which the rest of the right file is appended.
        Server::good(body()),
        // A server without ranges.
        Server::new(whole),
        Server::new(move |r, s| {
            start_over(
                r,
                s,
                "416 Range Not Satisfiable",
                "Content-Range: bytes */300000\r\nContent-Length: 0",
            );
        }),
        // Servers that send another range than the requested one, a range of another file, or none.
        Server::new(move |r, s| {
            let headers = "Content-Range: bytes 0-299999/300000\r\nContent-Length: 300000";
            start_over(r, s, "206 Partial Content", headers);
        }),
        Server::new(move |r, s| {
            start_over(r, s, "206 Partial Content", "Content-Range: bytes 5-9/10\r\nContent-Length: 5");
        }),
        Server::new(move |r, s| start_over(r, s, "206 Partial Content", "Content-Length: 5")),
    ];
    for server in servers {
        let case = Case::new();
        fs::write(case.part(), "wrong").unwrap();
        case.download_well(&[server.file()]);
        assert_eq!(server.ranges()[0], Some(5));
    }
    for longer in [300_000, 300_001] {
        let case = Case::new();
        fs::write(case.part(), vec![0; longer]).unwrap();
        case.download_well(&[Server::good(body()).file()]);
    }
}

#[test]
fn wrong_bytes_are_never_kept_and_the_next_mirror_is_tried() {
    let mut wrong = body();
    wrong[200_000] ^= 1;
    let (bad, good) = (Server::good(wrong), Server::good(body()));
    let case = Case::new();
    let message = case.download(&[bad.file()]).unwrap_err();
    assert!(message.contains(&format!("{}: SHA-256", bad.file())), "{message}");
    assert!(case.files().is_empty() && bad.ranges() == [None]);
    case.download_well(&[bad.file(), good.file()]);
}

#[test]
fn a_mirror_without_the_file_is_tried_once_and_a_busy_one_again() {
    let missing = Server::new(|_, stream| write(stream, &head("404 Not Found", "Content-Length: 0")));
    let busy = Server::new(|_, stream| write(stream, &head("503 Service Unavailable", "Content-Length: 0")));
    let case = Case::new();
    let message = case.download(&[missing.file(), busy.file()]).unwrap_err();
    assert!(message.contains("404 Not Found; http") && message.contains("503 Service"), "{message}");
    assert_eq!((missing.ranges().len(), busy.ranges().len()), (1, 3));
    assert!(case.files().is_empty());
    case.download_well(&[missing.file(), busy.file(), Server::good(body()).file()]);
}

#[test]
fn a_silent_server_is_a_timeout_error() {
    let asleep = Server::new(|_, stream| hold(stream));
    let stalled = Server::new(|request, stream| {
        send_cut(stream, request, &body(), 1_000);
        hold(stream);
    });
    for (server, part) in [(asleep, &[][..]), (stalled, &["file.part"])] {
        let (case, start) = (Case::new(), Instant::now());
        let message = case.download(&[server.file()]).unwrap_err();
        assert!(message.contains("timeout"), "{message}");
        assert!(start.elapsed() < Duration::from_secs(5));
        assert_eq!(case.files(), part);
    }
}

/// Keeps a connection open without sending anything until the client closes it.
fn hold(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let endless = || {
        Server::new(|_, stream| {
            write(stream, &head("200 OK", "Transfer-Encoding: chunked"));
            let chunk = [&b"1000\r\n"[..], &[0; 0x1000], b"\r\n"].concat();
            while stream.write_all(&chunk).is_ok() {}
        })
    };
    let mut case = Case::new();
    let message = case.download(&[endless().file()]).unwrap_err();
    assert!(message.contains("is longer than 300000 bytes") && case.files().is_empty(), "{message}");
    case.known.bytes = None;
    let message = case.download(&[endless().file()]).unwrap_err();
    assert!(message.contains("is longer than 1048576 bytes") && case.files().is_empty(), "{message}");
    case.download_well(&[endless().file(), Server::good(body()).file()]);

    let case = Case::new();
    let long = Server::new(|_, stream| write(stream, &head("200 OK", "Content-Length: 9000000000000000000")));
    let message = case.download(&[long.file()]).unwrap_err();
    assert!(
        message.contains("a file of 9000000000000000000 bytes, the official file has 300000"),
        "{message}"
    );
    assert!(case.files().is_empty());
}

#[test]
fn redirects_are_followed_a_limited_number_of_times() {
    let server = Server::new(|request, stream| match request.path.as_str() {
        "/file" => write(stream, &head("302 Found", "Location: elsewhere/file\r\nContent-Length: 0")),
        "/elsewhere/file" => send(stream, request, &body()),
        _ => write(stream, &head("301 Moved Permanently", "Location: /loop\r\nContent-Length: 0")),
    });
    let case = Case::new();
    let message = case.download(&[format!("{}loop", server.address)]).unwrap_err();
    assert!(message.contains("too many redirects") && case.files().is_empty(), "{message}");
    // The requested range is sent to the new address too.
    fs::write(case.part(), &body()[..1_000]).unwrap();
    case.download_well(&[server.file()]);
    assert_eq!(server.ranges().last(), Some(&Some(1_000)));
}

#[test]
fn an_unreachable_server_is_an_error() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/file", listener.local_addr().unwrap())
    };
    let case = Case::new();
    for address in [address.as_str(), "http://", "http://127.0.0.1:99999/file", "no address"] {
        assert!(case.download(&[address.into()]).unwrap_err().contains(address), "{address}");
    }
    assert!(case.files().is_empty());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_at_once() {
    let (case, server) = (Case::new(), Server::good(body()));
    fs::write(case.target(), "in the way").unwrap();
    let client = Client::new(&case.options);
    let below = case.target().join("file");
    let message = client.download(&case.known, &[server.file()], &below).unwrap_err().to_string();
    assert!(message.starts_with("cannot make the folder"), "{message}");
    assert!(server.ranges().is_empty());
    assert_eq!(fs::read(case.target()).unwrap(), b"in the way");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_at_once() {
    let (case, server) = (Case::new(), Server::good(body()));
    std::os::unix::fs::symlink("/dev/full", case.part()).unwrap();
    let message = case.download(&[server.file(), server.file()]).unwrap_err();
    assert!(message.starts_with("cannot write") && message.contains("No space left"), "{message}");
    assert!(case.files().is_empty() && Path::new("/dev/full").exists());
    assert_eq!(server.ranges().len(), 1);
}

#[test]
fn two_programs_cannot_write_the_same_file() {
    let (case, server) = (Case::new(), Server::good(body()));
    let other = fs::File::create(case.part()).unwrap();
    other.lock().unwrap();
    let message = case.download(&[server.file()]).unwrap_err();
    assert!(message.contains("another program is writing it"), "{message}");
    drop(other);
    case.download_well(&[server.file()]);
}
