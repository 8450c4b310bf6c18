//! Use your own HTTP client for uploads and API calls.
//!
//! `cargo run --example custom_transport` implements `Transport` with HTTP/1.1 over plain TCP and uploads to a sandbox.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use imgpost::leonardo::Client;
use imgpost::transport::{Request, Response, Transport, TransportError, TransportErrorKind};
use imgpost::{PrepareOptions, sandbox::Sandbox};

#[derive(Debug)]
struct Plain;

impl Transport for Plain {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let url = request.url.to_owned();
        exchange(request)
            .map_err(|error| TransportError::new(TransportErrorKind::Broken, &url, error))
    }
}

fn exchange(request: Request<'_>) -> io::Result<Response> {
    let address = request.url.strip_prefix("http://").unwrap_or_default();
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let method = request.method.as_str();
    let mut head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut nothing = io::empty();
    let (body, length) = request.body.unwrap_or((&mut nothing, 0));
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "{head}Content-Length: {length}\r\n\r\n")?;
    io::copy(body, &mut stream)?;
    let mut text = String::new();
    let limit = request.max_response_bytes;
    stream.take(limit).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    let response = Response::new(status.ok_or(io::ErrorKind::InvalidData)?, body);
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    Ok(headers.fold(response, |response, (name, value)| {
        response.with_header(name, value.trim())
    }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start()?;
    let builder = Client::builder(sandbox.api_key()).base_url(sandbox.base_url());
    let client = builder.transport(std::sync::Arc::new(Plain)).build()?;
    let image = PrepareOptions::default().open("fixtures/images/lighthouse.jpg")?;
    let init = client.upload_init_image(&image)?;
    println!("uploaded {} with a custom transport", init.id);
    Ok(())
}
