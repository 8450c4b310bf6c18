//! Promise: secrets go to nobody whose certificate is not trusted, and a company's own authority can be trusted.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use imgpost::transport::{TransportErrorKind, UreqTransport};
use imgpost::{Error, Prepare, PreparedImage, PresignedPost, Uploader};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

struct TlsServer {
    url: String,
    certificate: String,
    received: Arc<Mutex<Vec<u8>>>,
    connections: Arc<Mutex<usize>>,
}

impl TlsServer {
    /// Answers everything with 204. Its thread ends with the process.
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("https://{}/", listener.local_addr().unwrap()),
            certificate: made.cert.pem(),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let (received, connections) = (server.received.clone(), server.connections.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                *connections.lock().unwrap() += 1;
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let mut buffer = [0; 4096];
                while !received.lock().unwrap().ends_with(b"--\r\n") {
                    // A client that does not trust this server ends the handshake.
                    let Ok(read @ 1..) = stream.read(&mut buffer) else {
                        break;
                    };
                    received.lock().unwrap().extend(&buffer[..read]);
                }
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        server
    }

    fn form(&self) -> PresignedPost {
        PresignedPost::new(&self.url, [("key".into(), "SECRET-KEY".into())]).unwrap()
    }
}

fn image() -> PreparedImage {
    Prepare::default()
        .size(64, 64)
        .rgba8(1, 1, &[1, 2, 3, 255])
        .unwrap()
}

#[test]
fn nothing_is_sent_to_a_server_that_is_not_trusted() {
    let server = TlsServer::start();
    let error = Uploader::default()
        .upload(&server.form(), &image())
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
    let transport = UreqTransport::with_root_certificates(server.certificate.as_bytes()).unwrap();
    let uploader = Uploader::new(Arc::new(transport));
    uploader.upload(&server.form(), &image()).unwrap();
    let received = server.received.lock().unwrap();
    assert!(memchr::memmem::find(&received, b"SECRET-KEY").is_some());
}

#[test]
fn what_is_no_certificate_is_told() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"] {
        let error = UreqTransport::with_root_certificates(pem.as_bytes()).unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::InvalidData,
            "{pem}: {error}"
        );
    }
}
