//! Promise: nothing is sent to a server whose certificate is not trusted, and a private authority can be trusted.

use std::io::{Read, Write};
use std::sync::Arc;

use imgpost::leonardo::{self, Client};
use imgpost::transport::{TransportErrorKind, UreqTransport};
use imgpost::{Error, PrepareOptions, PreparedImage, PresignedPost, Uploader};

use crate::support::command::run;
use crate::support::faults::{FaultServer, Step};
use crate::support::tls::TlsServer;

fn form(server: &TlsServer) -> PresignedPost {
    PresignedPost::new(&server.url, [("key".into(), "SECRET-KEY".into())]).unwrap()
}

fn image() -> PreparedImage {
    PrepareOptions::default()
        .size(64, 64)
        .prepare_rgba8(1, 1, &[1, 2, 3, 255])
        .unwrap()
}

#[test]
fn nothing_is_sent_to_an_untrusted_server() {
    let server = TlsServer::start();
    let error = Uploader::default()
        .upload(&form(&server), &image())
        .unwrap_err();
    let Error::Transport(transport) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(transport.kind(), TransportErrorKind::Tls, "{error:?}");
    // The libraries of macOS and Windows word it in their own ways.
    if cfg!(any(not(feature = "native-tls"), target_os = "linux")) {
        let message = error.to_string();
        assert!(
            message.contains("not signed by a trusted authority"),
            "{message}"
        );
    }
    assert!(!error.is_retryable());
    assert_eq!(*server.connections.lock().unwrap(), 1);
    assert!(server.received.lock().unwrap().is_empty());
}

fn trusting(server: &TlsServer) -> Uploader {
    let transport = UreqTransport::builder().root_certificates(server.certificate.as_bytes());
    Uploader::new(Arc::new(transport.unwrap().build()))
}

#[test]
fn configured_authority_is_trusted() {
    let server = TlsServer::start();
    trusting(&server).upload(&form(&server), &image()).unwrap();
    let received = server.received.lock().unwrap();
    assert!(memchr::memmem::find(&received, b"SECRET-KEY").is_some());
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn error_names_the_defect_of_the_certificate() {
    for (server, part) in [
        (
            TlsServer::with_authority_certificate(&[]),
            "CA:FALSE -addext subjectAltName=IP:127.0.0.1",
        ),
        (
            TlsServer::with_authority_certificate(&["127.0.0.1"]),
            "belongs to a certificate authority (CA:TRUE)",
        ),
        (
            TlsServer::without_names(),
            "does not name this host as a subjectAltName",
        ),
    ] {
        let error = trusting(&server).upload(&form(&server), &image());
        let message = error.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
        assert!(server.received.lock().unwrap().is_empty());
    }
}

#[test]
fn text_without_a_certificate_is_rejected() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"] {
        let error = UreqTransport::builder()
            .root_certificates(pem.as_bytes())
            .unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::InvalidData,
            "{pem}: {error}"
        );
    }
}

const CHILD_URL: &str = "IMGPOST_TEST_URL";

/// Runs in its own process, because a test must not change the environment of others.
#[test]
#[ignore = "started by default_transports_trust_ssl_cert_file"]
fn child_uploads_with_default_transports() {
    let Ok(url) = std::env::var(CHILD_URL) else {
        return;
    };
    let form = PresignedPost::new(&url, [("key".into(), "k".into())]).unwrap();
    let client = Client::builder("KEY").base_url(&url).retries(0).build();
    for result in [
        imgpost::upload(&form, &image())
            .map(drop)
            .map_err(leonardo::Error::from),
        Uploader::default()
            .upload(&form, &image())
            .map(drop)
            .map_err(leonardo::Error::from),
        client.unwrap().me().map(drop),
    ] {
        // The server is not the API, so the call fails, but not in the transport.
        let is_reached = match &result {
            Ok(()) => true,
            Err(error) => error.transport().is_none(),
        };
        let source = result.err().map(|error| format!("{error:?}"));
        println!("reached: {is_reached} {}", source.unwrap_or_default());
    }
}

#[test]
fn default_transports_trust_ssl_cert_file() {
    let server = TlsServer::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let outputs = [server.certificate.as_str(), "no certificate"].map(|pem| {
        std::fs::write(&path, pem).unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("tls::child_uploads_with_default_transports")
            .env(CHILD_URL, &server.url)
            .env("SSL_CERT_FILE", &path);
        String::from_utf8(run(&mut child).stdout).unwrap()
    });
    assert_eq!(
        outputs[0].matches("reached: true").count(),
        3,
        "{outputs:?}"
    );
    assert_eq!(
        outputs[1].matches("reached: false").count(),
        3,
        "{outputs:?}"
    );
    let reason = "there is no certificate in PEM format";
    assert_eq!(outputs[1].matches(reason).count(), 3, "{outputs:?}");
}

#[test]
fn https_address_that_speaks_plain_http_is_reported() {
    let response = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let server = PlainServer::start(response);
    let form = PresignedPost::new(&server, [("key".into(), "SECRET".into())]).unwrap();
    let error = Uploader::default().upload(&form, &image()).unwrap_err();
    let Error::Transport(transport) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(transport.kind(), TransportErrorKind::Scheme, "{error:?}");
    assert!(!error.is_retryable() && transport.is_unsent());
    assert!(error.to_string().contains("speaks plain http"), "{error}");
}

#[test]
fn redirect_from_http_to_https_is_reported() {
    let response =
        "HTTP/1.1 301 E\r\nLocation: https://storage.example/\r\nContent-Length: 0\r\n\r\n";
    let server = FaultServer::start(vec![Step::Respond(response.into())]);
    let form = PresignedPost::new(&server.url, [("key".into(), "SECRET".into())]).unwrap();
    let error = Uploader::default().upload(&form, &image()).unwrap_err();
    let Error::Transport(transport) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(transport.kind(), TransportErrorKind::Scheme, "{error:?}");
    assert!(error.to_string().contains("use https://"), "{error}");
    assert_eq!(server.requests(), 1);
}

/// A server without TLS that responds to the first bytes of each connection. Its thread runs until the process ends.
struct PlainServer;

impl PlainServer {
    fn start(response: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(response.as_bytes());
            }
        });
        url
    }
}
