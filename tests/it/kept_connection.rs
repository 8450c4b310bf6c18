//! Promise: a request on a connection that is kept from an earlier one is reported like any other, so that a paid call
//! that may have been carried out is not repeated; and no request is sent on a connection that the server may be closing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use imgpost::leonardo::{Client, CreateGeneration, Error};
use imgpost::transport::{Method, Request, Transport, TransportErrorKind, UreqTransport};
use rustls::{ServerConnection, StreamOwned};

use crate::support::fixture;
use crate::support::tls::server_config;

/// What the server does after it has read a request. Either way it reads the whole request.
#[derive(Clone)]
enum Reply {
    /// Responds, and waits for the next request on the same connection.
    Respond(u16, Vec<u8>),
    /// Closes the connection.
    Close,
}

/// A server that keeps its connections.
struct Server {
    url: String,
    transport: UreqTransport,
    /// The number of requests on each connection.
    connections: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn start(is_tls: bool, replies: Vec<Reply>) -> Self {
        let (config, certificate) = server_config();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if is_tls { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&connections);
        std::thread::spawn(move || {
            let mut replies = replies.into_iter();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                let count = || *seen.lock().unwrap().last_mut().unwrap() += 1;
                seen.lock().unwrap().push(0);
                if is_tls {
                    let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                    serve(StreamOwned::new(connection, stream), &mut replies, count);
                } else {
                    serve(stream, &mut replies, count);
                }
            }
        });
        let transport = UreqTransport::builder().root_certificates(certificate.as_bytes());
        Self {
            url,
            transport: transport.unwrap().build(),
            connections,
        }
    }

    /// Posts `body`, or gets if there is none.
    fn send(&self, body: Option<&[u8]>) -> Result<u16, TransportErrorKind> {
        let url = format!("{}/", self.url);
        let mut reader = body.unwrap_or_default();
        let method = body.map_or(Method::Get, |_| Method::Post);
        let mut request = Request::new(method, &url);
        request.body = body.map(|body| (&mut reader as _, body.len() as u64));
        let response = self.transport.send(request);
        response.map_or_else(|error| Err(error.kind()), |response| Ok(response.status))
    }

    fn requests_on_each_connection(&self) -> Vec<usize> {
        self.connections.lock().unwrap().clone()
    }
}

/// Replies to the requests of one connection until one side closes it.
fn serve(
    mut stream: impl Read + Write,
    replies: &mut impl Iterator<Item = Reply>,
    mut count: impl FnMut(),
) {
    while read_request(&mut stream).is_some() {
        count();
        let Some(Reply::Respond(status, body)) = replies.next() else {
            return;
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n\r\n");
        let sent = stream.write_all(&[head.as_bytes(), &body].concat());
        if sent.and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

/// Reads a head and its body.
fn read_request(stream: &mut impl Read) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
    stream.read_exact(&mut vec![0; length]).ok()
}

fn ok() -> Reply {
    Reply::Respond(200, Vec::new())
}

#[test]
fn paid_call_whose_response_is_lost_on_a_kept_connection_is_not_repeated() {
    let response = |file: &str| {
        let body = std::fs::read(fixture(&format!("api/responses/{file}.json"))).unwrap();
        Reply::Respond(200, body)
    };
    for is_tls in [false, true] {
        let replies = vec![
            response("getUserSelf"),
            Reply::Close,
            response("createGeneration"),
        ];
        let server = Server::start(is_tls, replies);
        let builder = Client::builder("key").base_url(&server.url);
        let client = builder
            .transport(Arc::new(server.transport))
            .retries(4)
            .build()
            .unwrap();
        client.me().unwrap();
        let error = client.generate(&CreateGeneration::new("p")).unwrap_err();
        assert!(matches!(error, Error::Unconfirmed(_)), "{error:?}");
        assert_eq!(*server.connections.lock().unwrap(), [2], "{is_tls}");
    }
}

#[test]
fn broken_exchange_has_the_same_kind_on_a_new_and_on_a_kept_connection() {
    let large = vec![7; 3_000_000];
    for is_tls in [false, true] {
        for body in [None, Some(&b""[..]), Some(b"small"), Some(&large)] {
            let server = Server::start(is_tls, vec![Reply::Close, ok(), Reply::Close]);
            let sent = [(); 3].map(|()| server.send(body));
            let broken = Err(TransportErrorKind::Broken);
            assert_eq!(
                sent,
                [broken, Ok(200), broken],
                "{is_tls} {:?}",
                body.map(<[u8]>::len)
            );
            assert_eq!(server.requests_on_each_connection(), [1, 2], "{is_tls}");
        }
    }
}

/// A server that rejects a file often closes the connection soon after, instead of reading what it does not need.
#[test]
fn connection_is_kept_after_a_success_and_not_after_a_rejected_body() {
    for is_tls in [false, true] {
        for (status, with_body, expected) in [
            (200, true, vec![2]),
            (204, true, vec![2]),
            (403, true, vec![1, 1]),
            (503, true, vec![1, 1]),
            // A job that the API does not know yet is polled on.
            (404, false, vec![2]),
        ] {
            let server = Server::start(is_tls, vec![Reply::Respond(status, vec![]), ok()]);
            let body = with_body.then_some(&b"file"[..]);
            assert_eq!(server.send(body), Ok(status));
            assert_eq!(server.send(body), Ok(200));
            let found = server.requests_on_each_connection();
            assert_eq!(found, expected, "{status} {with_body} {is_tls}");
        }
    }
}
