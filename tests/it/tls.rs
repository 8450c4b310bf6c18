//! Promise: secrets go to nobody whose certificate is not trusted, and a company's own authority can be trusted.

use std::sync::Arc;

use imgpost::transport::{TransportErrorKind, UreqTransport};
use imgpost::{Error, PrepareOptions, PreparedImage, PresignedPost, Uploader};

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
fn nothing_is_sent_to_a_server_that_is_not_trusted() {
    let server = TlsServer::start();
    let error = Uploader::default()
        .upload(&form(&server), &image())
        .unwrap_err();
    let Error::Transport(transport) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(transport.kind(), TransportErrorKind::Tls, "{error:?}");
    assert!(
        error.to_string().contains("check its certificate"),
        "{error}"
    );
    assert!(!error.is_retryable());
    assert_eq!(*server.connections.lock().unwrap(), 1);
    assert!(server.received.lock().unwrap().is_empty());
}

#[test]
fn an_authority_of_ones_own_is_trusted() {
    let server = TlsServer::start();
    let transport = UreqTransport::builder().root_certificates(server.certificate.as_bytes());
    let uploader = Uploader::new(Arc::new(transport.unwrap().build()));
    uploader.upload(&form(&server), &image()).unwrap();
    let received = server.received.lock().unwrap();
    assert!(memchr::memmem::find(&received, b"SECRET-KEY").is_some());
}

#[test]
fn what_is_no_certificate_is_told() {
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
