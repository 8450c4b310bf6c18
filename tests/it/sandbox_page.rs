//! Promise: the sandbox's page shows what was stored and why the rest was not, to its own browser tab only; other pages can
//! use the sandbox; and every client receives its response.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use imgpost::leonardo::Client;
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Extension, PrepareOptions, PreparedImage};

fn image(width: u32, height: u32) -> PreparedImage {
    let pixels = [240, 120, 0, 255].repeat((width * height) as usize);
    let options = PrepareOptions::default().extension(Extension::Png);
    options.prepare_rgba8(width, height, &pixels).unwrap()
}

fn connect(sandbox: &Sandbox) -> (TcpStream, String) {
    let url = sandbox.page_url();
    let host = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    (TcpStream::connect(host).unwrap(), host.to_owned())
}

/// The response to a request without a body.
fn request(sandbox: &Sandbox, start: &str, headers: &str) -> String {
    let (mut stream, host) = connect(sandbox);
    let head = format!("{start} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

fn position(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("{text}: {page}"))
}

#[test]
fn newest_files_come_first_with_whole_ids_and_sizes() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let first = client.upload_init_image(&image(64, 48)).unwrap();
    let second = client.upload_init_image(&image(32, 40)).unwrap();
    let page = request(&sandbox, "GET /", "");
    for (id, size) in [(&first.id, "64×48"), (&second.id, "32×40")] {
        position(
            &page,
            &format!(
                "<code>{id}</code> <button value=\"{id}\">copy</button><small>{size} image/png, "
            ),
        );
    }
    assert!(position(&page, &second.id) < position(&page, &first.id));
    // The requests for the images in the page are not listed.
    let key = first.receipt.key.unwrap();
    let (start, listed) = (format!("GET /imgpost-sandbox/{key}"), sandbox.requests());
    let referer = format!("Referer: {}\r\n", sandbox.page_url());
    assert!(request(&sandbox, &start, &referer).starts_with("HTTP/1.1 200 "));
    assert_eq!(sandbox.requests(), listed);
    assert!(request(&sandbox, &start, "").starts_with("HTTP/1.1 200 "));
    assert_eq!(sandbox.requests().len(), listed.len() + 1);
    // Without the host, so that it is the same page at localhost.
    assert!(
        page.contains("<img src=\"/imgpost-sandbox/users/"),
        "{page}"
    );
}

#[test]
fn reasons_of_rejections_are_shown_and_reported() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sandbox = Sandbox::start().unwrap().on_request({
        let lines = Arc::clone(&lines);
        move |request| lines.lock().unwrap().push(request.clone())
    });
    let sandbox = sandbox.with_fault(Fault::s3_error(503, "SlowDown"));
    let client = sandbox.client().unwrap();
    client.upload_init_image(&image(64, 48)).unwrap();
    client
        .generation("00000000-0000-4000-8000-000000000000")
        .unwrap_err();
    let stranger = Client::builder("11111111-2222-4333-8444-555555555555");
    let stranger = stranger.base_url(sandbox.base_url()).build().unwrap();
    stranger.me().unwrap_err();

    let page = request(&sandbox, "GET /", "");
    let slow = position(&page, "<p class=\"bad\">SlowDown: injected fault</p>");
    let stranger = position(&page, "<p class=\"bad\">access-denied: Invalid API key</p>");
    assert!(stranger < slow);
    assert!(page.contains("<time datetime=\"20"), "{page}");

    let lines = lines.lock().unwrap();
    assert_eq!(*lines, sandbox.requests());
    let found = |status, reason: &str| {
        lines.iter().any(|line| {
            line.status == Some(status) && line.reason.as_deref().unwrap_or_default() == reason
        })
    };
    assert!(found(503, "SlowDown: injected fault"), "{lines:?}");
    assert!(found(401, "access-denied: Invalid API key"), "{lines:?}");
    assert!(found(204, ""), "{lines:?}");
}

#[test]
fn pages_of_other_origins_may_use_the_api_and_the_storage_but_not_read_the_page() {
    let sandbox = Sandbox::start().unwrap();
    let origin = "Origin: http://localhost:5173\r\n";
    let preflight = format!(
        "{origin}Access-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: authorization,content-type\r\n"
    );
    let sandbox = sandbox.with_api_fault(Fault::api_error(500, "x", "not for a preflight"));
    for path in ["/api/rest/v1/init-image", "/imgpost-sandbox"] {
        let response = request(&sandbox, &format!("OPTIONS {path}"), &preflight);
        assert!(response.starts_with("HTTP/1.1 204 "), "{response}");
        for header in [
            "Access-Control-Allow-Origin: *\r\n",
            "Access-Control-Allow-Methods: DELETE, GET, HEAD, POST, PUT\r\n",
            "Access-Control-Allow-Headers: authorization,content-type\r\n",
        ] {
            assert!(response.contains(header), "{response}");
        }
    }
    // Rejections can be read too.
    for (start, status) in [
        ("GET /api/rest/v1/me", 500),
        ("GET /imgpost-sandbox/missing", 404),
        ("POST /imgpost-sandbox", 411),
    ] {
        let response = request(&sandbox, start, origin);
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        assert!(
            response.contains("Access-Control-Allow-Origin: *\r\n"),
            "{response}"
        );
        let response = request(&sandbox, start, "");
        assert!(!response.contains("Access-Control"), "{response}");
    }
    let page = request(&sandbox, "GET /", origin);
    assert!(
        page.starts_with("HTTP/1.1 200 ") && !page.contains("Access-Control"),
        "{page}"
    );
    // Without the headers of a preflight, the method is unknown as before.
    let response = request(&sandbox, "OPTIONS /imgpost-sandbox", "");
    assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
}

#[test]
fn client_that_streams_receives_the_rejection() {
    let sandbox = Sandbox::start().unwrap();
    let key = sandbox.api_key();
    for (start, headers) in [
        (
            "POST /imgpost-sandbox",
            "Content-Type: multipart/form-data; boundary=b\r\n".into(),
        ),
        ("PUT /imgpost-sandbox/key", String::new()),
        (
            "POST /api/rest/v1/init-image",
            format!("Authorization: Bearer {key}\r\n"),
        ),
    ] {
        let (mut stream, host) = connect(&sandbox);
        let head = format!(
            "{start} HTTP/1.1\r\nHost: {host}\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // More than the buffers of the connection hold, and sent to the end before the response is read.
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        for _ in 0..256 {
            stream.write_all(&chunk).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut response = Vec::new();
        let mut buffer = [0; 4096];
        // Up to the end of the stream, which must not be a reset.
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => response.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{start}: {error}"),
            }
        }
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 411 "), "{start}: {response}");
    }
}
