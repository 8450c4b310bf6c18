//! Promise: whatever is sent to the sandbox, it closes the connection or sends one whole HTTP response, which shows no key
//! of its storage, and goes on serving.

#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;

use imgpost::sandbox::Sandbox;
use imgpost_fuzz::{split, text};
use libfuzzer_sys::fuzz_target;

// A request as it is sent, where the byte 1 stands for the host and 2 for the API key; or, behind a zero byte, its first
// line and its body, to which the headers are added that they need.
fuzz_target!(|data: &[u8]| {
    let sandbox = sandbox();
    let host = sandbox.base_url();
    let host = host.split("//").nth(1).unwrap();
    let host = host.split('/').next().unwrap();
    let key = sandbox.api_key();
    let request = match data.split_first() {
        Some((0, data)) => {
            let mut parts = split(data, 2);
            let line = text(parts.next().unwrap_or_default());
            let body = parts.next().unwrap_or_default();
            let length = body.len();
            let head = format!(
                "{line} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"
            );
            [head.as_bytes(), body].concat()
        }
        _ => {
            let replace = |byte: &u8| match byte {
                1 => host.as_bytes().to_vec(),
                2 => key.as_bytes().to_vec(),
                byte => vec![*byte],
            };
            data.iter().flat_map(replace).collect()
        }
    };
    let response = exchange(host, &request);
    if !response.is_empty() {
        check(&response, &request);
    }
    let secret = &sandbox.credentials().secret_access_key;
    assert!(memchr::memmem::find(&response, secret.as_bytes()).is_none());
    let me = format!("GET /api/rest/v1/me HTTP/1.1\r\nHost: {host}\r\n\r\n");
    assert!(exchange(host, me.as_bytes()).starts_with(b"HTTP/1.1 "));
});

fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::start().unwrap())
}

fn exchange(host: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(host).unwrap();
    // The sandbox may be done before it has read everything, and close the connection.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    response
}

fn check(response: &[u8], request: &[u8]) {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    let response = response.strip_prefix(interim).unwrap_or(response);
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(start)) = head.parse(response) else {
        panic!("no response: {}", String::from_utf8_lossy(response));
    };
    let value = |name: &str| {
        let mut headers = head.headers.iter();
        let header = headers.find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| str::from_utf8(header.value).unwrap())
    };
    assert!((200..600).contains(&head.code.unwrap()));
    let body = &response[start..];
    let length: usize = value("content-length").unwrap().parse().unwrap();
    let has_body =
        !request.trim_ascii_start().starts_with(b"HEAD ") && !matches!(head.code, Some(204 | 304));
    assert_eq!(body.len(), if has_body { length } else { 0 });
    if has_body && value("content-type") == Some("application/json") {
        assert!(serde_json::from_slice::<serde_json::Value>(body).is_ok());
    }
}
