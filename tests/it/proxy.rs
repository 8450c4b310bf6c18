//! Promise: https goes through the proxy that the environment or the program names, and directly only to excluded hosts.
//! An unusable proxy is an error, and failures of the proxy are attributed to it.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use imgpost::leonardo::Client;
use imgpost::transport::{TransportErrorKind, UreqTransport};
use imgpost::{Error, PresignedPost, Uploader};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::support::command::{imgpost, without_proxies};
use crate::support::faults::{FaultServer, image};
use crate::support::fixture;
use crate::support::secrets::shown;
use crate::support::tls::{TlsServer, server_config};

/// An HTTP proxy. Its threads end with the process.
struct Proxy {
    address: String,
    /// The heads of all requests, without their ends of line.
    heads: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Proxy {
    /// Tunnels to where it is asked to.
    fn start() -> Self {
        Self::responding(&[])
    }

    /// Sends one of these responses per connection, and tunnels from then on.
    fn responding(responses: &[&str]) -> Self {
        let mut responses: Vec<_> = responses.iter().map(|a| (*a).to_owned()).collect();
        responses.reverse();
        let responses = Mutex::new(responses);
        Self::serve(move |mut client, heads| {
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let target = read_head(&mut reader, heads);
            if let Some(response) = responses.lock().unwrap().pop() {
                client.write_all(response.as_bytes()).unwrap();
                return;
            }
            let mut storage = TcpStream::connect(target).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let mut back = (storage.try_clone().unwrap(), client);
            // Either side may end the connection first.
            std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1).ok());
            std::io::copy(&mut reader, &mut storage).ok();
        })
    }

    /// Tunnels through TLS.
    fn encrypted(config: Arc<ServerConfig>) -> Self {
        Self::serve(move |client, heads| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut client = BufReader::new(StreamOwned::new(connection, client));
            let target = read_head(&mut client, heads);
            let mut client = client.into_inner();
            let mut storage = TcpStream::connect(target).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let short = Some(Duration::from_millis(5));
            storage.set_read_timeout(short).unwrap();
            client.sock.set_read_timeout(short).unwrap();
            // One thread for both directions, because only one can have the TLS connection.
            while pass(&mut client, &mut storage) && pass(&mut storage, &mut client) {}
        })
    }

    fn serve(
        connection: impl Fn(TcpStream, &Mutex<Vec<Vec<String>>>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap().to_string(),
            heads: Arc::default(),
        };
        let (heads, connection) = (Arc::clone(&proxy.heads), Arc::new(connection));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (heads, connection) = (Arc::clone(&heads), Arc::clone(&connection));
                std::thread::spawn(move || connection(stream.unwrap(), &heads));
            }
        });
        proxy
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn take_heads(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }
}

/// Remembers the head of a request, and gives its target.
fn read_head(reader: &mut impl BufRead, heads: &Mutex<Vec<Vec<String>>>) -> String {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let target = lines.first().and_then(|line| line.split(' ').nth(1));
    let target = target.unwrap_or_default().to_owned();
    heads.lock().unwrap().push(lines);
    target
}

/// Passes on what there is to read; false when the connection has ended.
fn pass(from: &mut impl Read, to: &mut impl Write) -> bool {
    let mut buffer = [0; 16384];
    match from.read(&mut buffer) {
        Ok(0) => false,
        Ok(read) => to
            .write_all(&buffer[..read])
            .and_then(|()| to.flush())
            .is_ok(),
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// A storage behind TLS, and a file with the certificates to trust.
struct Storage {
    server: TlsServer,
    folder: tempfile::TempDir,
}

impl Storage {
    fn start() -> Self {
        Self::trusted_with("")
    }

    fn trusted_with(certificates: &str) -> Self {
        let (server, folder) = (TlsServer::start(), tempfile::tempdir().unwrap());
        let certificates = format!("{}{certificates}", server.certificate);
        std::fs::write(folder.path().join("authorities.pem"), certificates).unwrap();
        Self { server, folder }
    }

    fn authority(&self) -> &str {
        let authority = self.server.url.trim_start_matches("https://");
        authority.trim_end_matches('/')
    }

    /// Posts a photo with the command.
    fn post(&self, environment: &[(&str, &str)]) -> Output {
        let trusted = self.folder.path().join("authorities.pem");
        let mut environment = environment.to_vec();
        environment.push(("SSL_CERT_FILE", trusted.to_str().unwrap()));
        post(&self.server.url, self.folder.path(), &environment)
    }

    fn connections(&self) -> usize {
        *self.server.connections.lock().unwrap()
    }
}

fn post(url: &str, folder: &Path, environment: &[(&str, &str)]) -> Output {
    let form = folder.join("form.json");
    let json = json!({"url": url, "fields": {"key": "a.jpg"}});
    std::fs::write(&form, json.to_string()).unwrap();
    imgpost()
        .args(["post", "--size", "64x64"])
        .arg(fixture("images/lighthouse.jpg"))
        .arg("--presigned")
        .arg(&form)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn stored(output: &Output) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// The exit code and the message of a failure.
fn failed(output: &Output) -> (i32, String) {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(
        !output.status.success() && !message.contains("SECRET"),
        "{message}"
    );
    (output.status.code().unwrap(), message)
}

#[test]
fn https_uses_the_proxy_unless_the_host_is_excluded() {
    let (proxy, storage) = (Proxy::start(), Storage::start());
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        stored(&storage.post(&[(name, &proxy.url())]));
        let heads = proxy.take_heads();
        let expected = format!("CONNECT {} HTTP/1.1", storage.authority());
        assert_eq!(heads.len(), 1);
        assert_eq!(heads[0][0], expected, "{name}");
        assert!(!heads[0].iter().any(|line| line.contains("Authorization")));
    }
    let port = storage.authority();
    for list in [
        "127.0.0.1",
        "example.com, 127.0.0.1",
        " a.test 127.0.0.0/8",
        "*",
        port,
    ] {
        stored(&storage.post(&[("HTTPS_PROXY", &proxy.url()), ("NO_PROXY", list)]));
        assert!(proxy.take_heads().is_empty(), "{list}");
    }
    for list in ["127.0.0.1:1", "0.0.1", "127.0.0.2/32", "localhost"] {
        stored(&storage.post(&[("HTTPS_PROXY", &proxy.url()), ("no_proxy", list)]));
        assert_eq!(proxy.take_heads().len(), 1, "{list}");
    }
    assert_eq!(storage.connections(), 13);
}

#[test]
fn plain_http_to_loopback_uses_no_proxy() {
    let (proxy, storage) = (Proxy::start(), FaultServer::start(vec![]));
    let folder = tempfile::tempdir().unwrap();
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        stored(&post(&storage.url, folder.path(), &[(name, &proxy.url())]));
    }
    // Nor does a proxy that cannot be used matter.
    let socks = ("ALL_PROXY", "socks5://127.0.0.1:1");
    stored(&post(&storage.url, folder.path(), &[socks]));
    assert!(proxy.take_heads().is_empty());
    assert_eq!(storage.stored().len(), 5);
}

#[test]
fn proxy_password_is_sent_to_the_proxy_only() {
    let (proxy, storage) = (Proxy::start(), Storage::start());
    let url = format!("http://user:p%40ss@{}", proxy.address);
    stored(&storage.post(&[("HTTPS_PROXY", &url)]));
    let heads = proxy.take_heads();
    // user:p@ss
    let authorization = String::from("Proxy-Authorization: Basic dXNlcjpwQHNz");
    assert!(heads[0].contains(&authorization), "{heads:?}");
    let received = storage.server.received.lock().unwrap();
    assert!(!String::from_utf8_lossy(&received).contains("dXNlcjpwQHNz"));
}

#[test]
fn unusable_proxy_is_never_bypassed() {
    let storage = Storage::start();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for value in [
            "socks5://SECRET:SECRET@127.0.0.1:1",
            "socks5h://127.0.0.1:1",
            "::::",
            "ftp://SECRET@h",
            "http://h:SECRET",
        ] {
            let (code, message) = failed(&storage.post(&[(name, value)]));
            assert_eq!(code, 6, "{value}: {message}");
            assert!(message.contains(name), "{value}: {message}");
            assert!(
                message.contains("http://[user:password@]host:port"),
                "{message}"
            );
        }
    }
    // A usable one of higher precedence is used.
    let proxy = Proxy::start();
    let socks = ("ALL_PROXY", "socks5://127.0.0.1:1");
    assert_eq!(storage.connections(), 0);
    stored(&storage.post(&[socks, ("HTTPS_PROXY", &proxy.url())]));
    assert_eq!(proxy.take_heads().len(), 1);
    // This turns the proxy off.
    stored(&storage.post(&[socks, ("NO_PROXY", "*")]));
}

/// `UreqTransport::new` cannot fail, so the first request does.
#[test]
fn default_transport_sends_nothing_past_an_unusable_proxy() {
    const STORAGE: &str = "IMGPOST_TEST_STORAGE";
    if let Ok(url) = std::env::var(STORAGE) {
        let error = upload(UreqTransport::new(), &url);
        let message = shown(&error);
        let Error::Transport(error) = error else {
            panic!("{message}")
        };
        assert_eq!(error.kind(), TransportErrorKind::Proxy);
        assert!(error.is_unsent() && !error.is_retryable());
        assert!(
            message.contains("ALL_PROXY") && !message.contains("SECRET"),
            "{message}"
        );
        return;
    }
    let storage = TlsServer::start();
    let name = "default_transport_sends_nothing_past_an_unusable_proxy";
    // Without the name of the program.
    let name = match module_path!().split_once("::") {
        Some((_, module)) => format!("{module}::{name}"),
        None => name.into(),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    without_proxies(&mut command);
    let child = command
        .args(["--exact", &name, "--nocapture"])
        .env(STORAGE, &storage.url)
        .env("ALL_PROXY", "socks5://SECRET@127.0.0.1:1")
        .output()
        .unwrap();
    stored(&child);
    let message = String::from_utf8_lossy(&child.stdout);
    assert!(message.contains("1 passed"), "{message}");
    assert_eq!(*storage.connections.lock().unwrap(), 0);
}

/// Why a photo could not be posted, with the usual retries.
fn upload(transport: UreqTransport, url: &str) -> Error {
    let form = PresignedPost::new(url, [("key".into(), "a.jpg".into())]).unwrap();
    let uploader = Uploader::new(Arc::new(transport));
    uploader.upload(&form, &image()).unwrap_err()
}

fn through(proxy: &str) -> UreqTransport {
    UreqTransport::builder().proxy(proxy).unwrap().build()
}

#[test]
fn proxy_rejection_is_final_and_names_the_proxy() {
    for (status, advice) in [
        ("407 Proxy Authentication Required", "add them to its URL"),
        ("403 Forbidden", "NO_PROXY"),
        (
            "405 Method Not Allowed",
            "check that it is a proxy for https",
        ),
        ("301 Moved", "check that it is a proxy for https"),
    ] {
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nX-Echo: SECRET\r\n\r\n");
        let proxy = Proxy::responding(&[&response]);
        let url = format!("http://user:SECRET@{}", proxy.address);
        let error = upload(through(&url), "https://bucket.example.com/");
        let all = shown(&error);
        let Error::Transport(transport) = &error else {
            panic!("{all}")
        };
        assert_eq!(transport.kind(), TransportErrorKind::Proxy);
        assert_eq!(transport.host(), proxy.address);
        assert!(transport.is_unsent() && !error.is_retryable());
        let message = error.to_string();
        assert!(
            message.contains(&format!("the proxy {}", proxy.address)),
            "{message}"
        );
        assert!(
            message.contains(&status[..3]) && message.contains(advice),
            "{message}"
        );
        assert!(
            all.contains("bucket.example.com") && !all.contains("SECRET"),
            "{all}"
        );
        assert_eq!(proxy.take_heads().len(), 1, "{status}");
    }
    let proxy = Proxy::responding(&["SSH-2.0-OpenSSH_9.2\r\n\r\n"]);
    let error = upload(through(&proxy.url()), "https://bucket.example.com/");
    assert!(error.to_string().contains("does not speak HTTP"), "{error}");
    assert_eq!(proxy.take_heads().len(), 1);
}

#[test]
fn command_reports_a_proxy_rejection() {
    let storage = Storage::start();
    let proxy = Proxy::responding(&["HTTP/1.1 407 P\r\n\r\n"]);
    let url = format!("http://user:SECRET@{}", proxy.address);
    let (code, message) = failed(&storage.post(&[("HTTPS_PROXY", &url)]));
    assert_eq!(code, 6, "{message}");
    assert!(
        message.contains(&format!("the proxy {} requires", proxy.address)),
        "{message}"
    );
    assert_eq!((proxy.take_heads().len(), storage.connections()), (1, 0));
}

#[test]
fn transient_proxy_failures_are_retried() {
    let storage = Storage::start();
    for status in ["502 Bad Gateway", "503 Busy", "504 Timeout"] {
        let proxy = Proxy::responding(&[&format!("HTTP/1.1 {status}\r\n\r\n"), ""]);
        stored(&storage.post(&[("HTTPS_PROXY", &proxy.url())]));
        assert_eq!(proxy.take_heads().len(), 3, "{status}");
    }
    assert_eq!(storage.connections(), 3);
}

#[test]
fn unreachable_proxy_is_named_instead_of_the_server() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (host, url) in [
        (closed.to_string(), format!("http://user:SECRET@{closed}")),
        (
            "proxy.invalid:3128".into(),
            "http://proxy.invalid:3128".into(),
        ),
        (
            "proxy.invalid:3128".into(),
            "https://proxy.invalid:3128".into(),
        ),
    ] {
        let form = PresignedPost::new("https://example.com/", [("key".into(), "k".into())]);
        let uploader = Uploader::new(Arc::new(through(&url))).retries(0);
        let error = uploader.upload(&form.unwrap(), &image()).unwrap_err();
        assert!(error.is_retryable());
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("cannot connect to the proxy {host};")),
            "{message}"
        );
        assert!(!shown(&error).contains("SECRET"), "{}", shown(&error));
        // A call without a body is no different.
        let client = Client::builder("key")
            .retries(0)
            .proxy(&url)
            .build()
            .unwrap();
        let message = client.me().unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("cannot connect to the proxy {host};")),
            "{message}"
        );
    }
    // Failures behind the proxy are still the server's.
    let (proxy, untrusted) = (Proxy::start(), TlsServer::start());
    let error = upload(through(&proxy.url()), &untrusted.url);
    let Error::Transport(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), TransportErrorKind::Tls);
    assert!(untrusted.url.contains(error.host()), "{error}");
}

#[test]
fn proxy_over_tls_works() {
    let (config, certificate) = server_config();
    let proxy = Proxy::encrypted(config);
    let url = format!("https://user:password@{}", proxy.address);
    let storage = Storage::trusted_with(&certificate);
    stored(&storage.post(&[("HTTPS_PROXY", &url)]));
    assert_eq!(
        proxy.take_heads()[0][0],
        format!("CONNECT {} HTTP/1.1", storage.authority())
    );
    // Nothing is sent to one that is not trusted.
    let error = upload(through(&url), &storage.server.url);
    let message = error.to_string();
    let expected = format!("no secure connection to the proxy {};", proxy.address);
    assert!(
        message.starts_with(&expected) && !error.is_retryable(),
        "{message}"
    );
    assert!(proxy.take_heads().iter().all(Vec::is_empty));
}

#[test]
fn builder_rejects_an_unusable_proxy() {
    for url in [
        "socks5://127.0.0.1:SECRET",
        "::::",
        "",
        "http://",
        "ftp://SECRET@host",
    ] {
        let error = UreqTransport::builder().proxy(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}: {error}");
        let message = Client::builder("key")
            .proxy(url)
            .build()
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("http://[user:password@]host:port"),
            "{message}"
        );
        assert!(!message.contains("SECRET"), "{message}");
    }
}
