//! Promise: a proxy that the environment names is used for https and only for that, and not for the hosts it is told to
//! leave out.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;
use support::faults::FaultServer;
use support::fixture;
use support::tls::TlsServer;

/// An HTTP proxy that tunnels to where it is asked to. Its threads end with the process.
struct Proxy {
    url: String,
    /// The first line of every request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&proxy.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || serve(stream.unwrap(), &asked));
            }
        });
        proxy
    }
}

fn serve(client: TcpStream, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    asked.lock().unwrap().push(lines[0].clone());
    let target = lines[0].split(' ').nth(1).unwrap();
    let mut storage = TcpStream::connect(target).unwrap();
    let mut client = client;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let mut back = (storage.try_clone().unwrap(), client.try_clone().unwrap());
    // Either side may end the connection first.
    std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1).ok());
    std::io::copy(&mut reader, &mut storage).ok();
}

/// Posts a photo with the command; what the environment of this test says of proxies is not passed on.
fn post(url: &str, environment: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    let json = json!({"url": url, "fields": {"key": "a.jpg"}});
    std::fs::write(&form, json.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_imgpost"));
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command
        .args(["post", "--size", "64x64"])
        .arg(fixture("images/lighthouse.jpg"))
        .arg("--presigned")
        .arg(&form)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{environment:?}: {told}");
}

#[test]
fn https_goes_through_the_proxy_unless_the_host_is_left_out() {
    let (proxy, storage) = (Proxy::start(), TlsServer::start());
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &storage.certificate).unwrap();
    let trusted = ("SSL_CERT_FILE", authority.to_str().unwrap());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        post(&storage.url, &[trusted, (name, &proxy.url)]);
        let asked = std::mem::take(&mut *proxy.asked.lock().unwrap());
        let authority = storage.url.trim_start_matches("https://");
        let authority = authority.trim_end_matches('/');
        assert_eq!(asked, [format!("CONNECT {authority} HTTP/1.1")], "{name}");
    }
    for hosts in ["127.0.0.1", "example.com,127.0.0.1", "*"] {
        let left_out = ("NO_PROXY", hosts);
        post(
            &storage.url,
            &[trusted, ("HTTPS_PROXY", &proxy.url), left_out],
        );
        assert!(proxy.asked.lock().unwrap().is_empty(), "{hosts}");
    }
    assert_eq!(*storage.connections.lock().unwrap(), 6);
}

#[test]
fn what_goes_by_plain_http_to_this_machine_is_not_shown_to_a_proxy() {
    let (proxy, storage) = (Proxy::start(), FaultServer::start(vec![]));
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        post(&storage.url, &[(name, &proxy.url)]);
    }
    assert!(proxy.asked.lock().unwrap().is_empty());
    assert_eq!(storage.stored().len(), 4);
}
