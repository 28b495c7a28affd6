//! One HTTP request and its response.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::{Client, KnownFile, Options, Partial, Problem};
use crate::data::partial::Interrupted;
use crate::progress::{Progress, Unit};

const MAX_REDIRECTS: u32 = 8;

/// An HTTP agent. Its cryptography is pure Rust, so that a build needs no C compiler; it trusts
/// Mozilla's root certificates.
pub(super) fn agent(options: &Options) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::WebPki)
        .unversioned_rustls_crypto_provider(Arc::new(rustls_graviola::default_provider()))
        .build();
    let some = |duration: Duration| Some(duration);
    Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("ece472/", env!("CARGO_PKG_VERSION")))
        // Ranges and checksums refer to the file as it is stored, uncompressed.
        .accept_encoding("identity")
        .http_status_as_error(false)
        .max_redirects(MAX_REDIRECTS)
        .timeout_resolve(some(options.connect_timeout))
        .timeout_connect(some(options.connect_timeout))
        .timeout_send_request(some(options.read_timeout))
        .timeout_recv_response(some(options.read_timeout))
        .timeout_per_read(some(options.read_timeout))
        .build()
        .new_agent()
}

impl Client {
    /// Requests the missing bytes from `address` and appends them.
    pub(super) fn request(
        &self,
        file: &KnownFile,
        address: &str,
        partial: &mut Partial,
    ) -> Result<(), Problem> {
        let limit = file.bytes.unwrap_or(self.options.limit);
        // Without a checksum it would go unnoticed if the two parts came from different files.
        if file.sha256.is_none() || partial.length() > limit {
            partial.clear()?;
        }
        if file.bytes == Some(partial.length()) {
            return Ok(());
        }
        if address.starts_with("https:") {
            check_processor()?;
        }
        let response = self.ask(address, partial.length())?;
        check_response(&response, file, partial)?;
        let mut body = response.into_body();
        let left = body.content_length();
        let all = left.map(|left| left.saturating_add(partial.length()));
        if let (Some(all), Some(bytes)) = (all, file.bytes)
            && all != bytes
        {
            partial.clear()?;
            return Err(Problem::Permanent(format!("a file of {all} bytes, the official file has {bytes}")));
        }
        let mut progress = Progress::new(
            (!self.options.quiet).then_some(file.name),
            Unit::Bytes,
            partial.length(),
            file.bytes.or(all),
        );
        let appended = partial.append(body.as_reader(), limit, |length| progress.at(length, String::new));
        drop(progress);
        match appended {
            Ok(()) if file.bytes.is_none_or(|bytes| partial.length() == bytes) => Ok(()),
            Ok(()) => Err(Problem::Temporary(format!("the file broke off at byte {}", partial.length()))),
            Err(Interrupted::Source(error)) => Err(Problem::Temporary(format!(
                "the connection broke off at byte {}: {error}",
                partial.length()
            ))),
            Err(Interrupted::TooLong) => {
                partial.clear()?;
                Err(Problem::Permanent(format!("the file is longer than {limit} bytes")))
            }
            Err(Interrupted::Write(error)) => Err(Problem::Local(error)),
        }
    }

    fn ask(&self, address: &str, from: u64) -> Result<Response<Body>, Problem> {
        let mut request = self.agent.get(address);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|error| {
            let message = error.to_string();
            match error {
                // Another attempt in a moment would not help; the standard library has no kind for it.
                ureq::Error::Io(_) if message.contains("failed to lookup address") => Problem::Permanent(
                    format!("the server is not found ({message}); is there an Internet connection?"),
                ),
                // An untrusted certificate is reported this way.
                ureq::Error::Io(e) if e.kind() == ErrorKind::InvalidData => Problem::Permanent(message),
                ureq::Error::Timeout(_)
                | ureq::Error::Io(_)
                | ureq::Error::Protocol(_)
                | ureq::Error::ConnectionFailed => Problem::Temporary(message),
                _ => Problem::Permanent(message),
            }
        })
    }
}

/// Checks that the response continues at the end of `partial`. If the response starts over,
/// `partial` is cleared.
fn check_response(response: &Response<Body>, file: &KnownFile, partial: &mut Partial) -> Result<(), Problem> {
    let status = response.status();
    match status {
        StatusCode::OK => Ok(partial.clear()?),
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let (first, all) = range.and_then(parse_range).unzip();
            let all = all.flatten();
            if first == Some(partial.length()) && all.is_none_or(|all| file.bytes.is_none_or(|b| all == b)) {
                return Ok(());
            }
            partial.clear()?;
            Err(Problem::Temporary(format!(
                "the server sent another range than the requested one ({})",
                range.unwrap_or("none")
            )))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            partial.clear()?;
            Err(Problem::Temporary("the partial download does not match the server's file".into()))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Err(Problem::Temporary(status.to_string()))
        }
        _ if status.is_server_error() => Err(Problem::Temporary(status.to_string())),
        _ => Err(Problem::Permanent(status.to_string())),
    }
}

/// The first byte and the length of the whole file, parsed from e.g. `bytes 100-199/200`.
fn parse_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (range, all) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    let all = if all == "*" { None } else { Some(all.parse().ok()?) };
    Some((first.parse().ok()?, all))
}

/// Checks the processor, because Graviola panics if it lacks one of these instruction sets.
fn check_processor() -> Result<(), Problem> {
    #[cfg(target_arch = "x86_64")]
    let fit = std::is_x86_feature_detected!("adx")
        && std::is_x86_feature_detected!("aes")
        && std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("pclmulqdq");
    #[cfg(not(target_arch = "x86_64"))]
    let fit = true;
    let message = "HTTPS needs a processor with ADX, AES, AVX2, BMI1 and PCLMULQDQ";
    if fit { Ok(()) } else { Err(Problem::Permanent(message.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_parsed() {
        assert_eq!(parse_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parse_range("bytes 0-1/*"), Some((0, None)));
        for wrong in ["", "bytes", "bytes */200", "bytes -/-", "items 0-1/2", "bytes 0-1/2x", "bytes 0/1"] {
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
    }
}
