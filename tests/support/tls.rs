//! Servers with a self-signed certificate.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use imgpost::transport::UreqTransport;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The server's side of a connection, with TLS or without.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// A listener on the loopback interface, for https or http.
pub struct Listener {
    /// Without a path.
    pub url: String,
    listener: TcpListener,
    config: Option<Arc<ServerConfig>>,
    certificate: String,
}

impl Listener {
    pub fn bind(is_tls: bool) -> Self {
        let (config, certificate) = server_config();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if is_tls { "https" } else { "http" };
        Self {
            url: format!("{scheme}://{}", listener.local_addr().unwrap()),
            listener,
            config: is_tls.then_some(config),
            certificate,
        }
    }

    /// A transport that trusts the certificate.
    pub fn transport(&self) -> Arc<UreqTransport> {
        let builder = UreqTransport::builder().root_certificates(self.certificate.as_bytes());
        Arc::new(builder.unwrap().build())
    }

    /// Waits for the next connection. The TLS handshake happens when it is read.
    pub fn accept(&self) -> Box<dyn Stream> {
        let (stream, _) = self.listener.accept().unwrap();
        // Otherwise Nagle's algorithm delays a response until the connection is closed, and it is lost.
        stream.set_nodelay(true).unwrap();
        match &self.config {
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                Box::new(StreamOwned::new(connection, stream))
            }
            None => Box::new(stream),
        }
    }
}

/// A storage server with TLS.
pub struct TlsServer {
    pub url: String,
    pub certificate: String,
    pub received: Arc<Mutex<Vec<u8>>>,
    pub connections: Arc<Mutex<usize>>,
}

/// The configuration of a server on 127.0.0.1, and its certificate in PEM format.
pub fn server_config() -> (Arc<ServerConfig>, String) {
    config_for(rcgen::CertificateParams::new(["127.0.0.1".into()]).unwrap())
}

fn config_for(mut parameters: rcgen::CertificateParams) -> (Arc<ServerConfig>, String) {
    let signing_key = rcgen::KeyPair::generate().unwrap();
    // OpenSSL looks up authorities by name; of several with one name it would find only one.
    let name = format!("imgpost test {:?}", signing_key.public_key_raw());
    let name = &name[..64];
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let certificate = parameters.self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), certificate.pem())
}

impl TlsServer {
    /// Starts a server that responds 204 to every request. Its thread runs until the process ends.
    pub fn start() -> Self {
        Self::with_config(server_config())
    }

    /// Starts a server with a certificate as `openssl req -x509` creates it by default: that of an authority.
    pub fn with_authority_certificate(names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self::with_config(config_for(parameters))
    }

    /// Starts a server whose certificate names no host.
    pub fn without_names() -> Self {
        Self::with_config(config_for(rcgen::CertificateParams::new([]).unwrap()))
    }

    fn with_config((config, certificate): (Arc<ServerConfig>, String)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("https://{}/", listener.local_addr().unwrap()),
            certificate,
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
                let mut body = Vec::new();
                let is_complete = |body: &[u8]| {
                    let is_get = body.starts_with(b"GET ") && body.ends_with(b"\r\n\r\n");
                    is_get || body.ends_with(b"--\r\n")
                };
                while !is_complete(&body) {
                    // A client that does not trust this server aborts the handshake.
                    let Ok(read @ 1..) = stream.read(&mut buffer) else {
                        break;
                    };
                    body.extend(&buffer[..read]);
                }
                received.lock().unwrap().extend(body);
                let response = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(response);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        server
    }
}
