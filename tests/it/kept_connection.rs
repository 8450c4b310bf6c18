//! Promise: a request on a connection that is kept from an earlier one is reported like any other, so that a paid call
//! that may have been carried out is not repeated; and no request is sent on a connection that the server may be closing.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use imgpost::leonardo::{Client, CreateGeneration, Error};
use imgpost::transport::{Method, Request, Transport, TransportErrorKind, UreqTransport};

use crate::support::fixture;
use crate::support::tls::Listener;

/// What the server does after it has read a whole request.
enum Reply {
    /// Responds, and waits for the next request on the same connection.
    Respond(u16, Vec<u8>),
    /// Closes the connection.
    Close,
}

/// A server that keeps its connections.
struct Server {
    url: String,
    transport: Arc<UreqTransport>,
    /// The number of requests on each connection.
    connections: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn start(is_tls: bool, replies: Vec<Reply>) -> Self {
        let listener = Listener::bind(is_tls);
        let server = Self {
            url: listener.url.clone(),
            transport: listener.transport(),
            connections: Arc::default(),
        };
        let seen = Arc::clone(&server.connections);
        std::thread::spawn(move || {
            let mut replies = replies.into_iter();
            loop {
                let stream = listener.accept();
                seen.lock().unwrap().push(0);
                serve(stream, &mut replies, || {
                    *seen.lock().unwrap().last_mut().unwrap() += 1;
                });
            }
        });
        server
    }

    fn send(&self, method: Method, body: Option<&[u8]>) -> Result<u16, TransportErrorKind> {
        let url = format!("{}/", self.url);
        let mut reader = body.unwrap_or_default();
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
            .transport(server.transport.clone())
            .retries(4)
            .build()
            .unwrap();
        client.me().unwrap();
        let error = client.generate(&CreateGeneration::new("p")).unwrap_err();
        assert!(matches!(error, Error::Unconfirmed(_)), "{error:?}");
        assert_eq!(server.requests_on_each_connection(), [2], "{is_tls}");
    }
}

#[test]
fn broken_exchange_has_the_same_kind_on_a_new_and_on_a_kept_connection() {
    let large = vec![7; 3_000_000];
    for is_tls in [false, true] {
        for (method, body) in [
            (Method::Get, None),
            // In chunks, the end of the body would be read as another request.
            (Method::Post, None),
            (Method::Put, None),
            (Method::Post, Some(&b""[..])),
            (Method::Post, Some(b"small")),
            (Method::Post, Some(&large)),
        ] {
            let server = Server::start(is_tls, vec![Reply::Close, ok(), Reply::Close]);
            let sent = [(); 3].map(|()| server.send(method, body));
            let broken = Err(TransportErrorKind::Broken);
            let case = format!("{is_tls} {method:?} {:?}", body.map(<[u8]>::len));
            assert_eq!(sent, [broken, Ok(200), broken], "{case}");
            assert_eq!(server.requests_on_each_connection(), [1, 2], "{case}");
        }
    }
}

/// A server that rejects a file often closes the connection soon after, instead of reading what it does not need.
#[test]
fn connection_is_kept_after_a_success_and_not_after_a_rejected_body() {
    for is_tls in [false, true] {
        let file = Some(&b"file"[..]);
        for (status, method, body, expected) in [
            (200, Method::Post, file, vec![2]),
            (204, Method::Post, file, vec![2]),
            (403, Method::Post, file, vec![1, 1]),
            (503, Method::Post, file, vec![1, 1]),
            // A job that the API does not know yet is polled on.
            (404, Method::Get, None, vec![2]),
        ] {
            let server = Server::start(is_tls, vec![Reply::Respond(status, vec![]), ok()]);
            assert_eq!(server.send(method, body), Ok(status));
            assert_eq!(server.send(method, body), Ok(200));
            let found = server.requests_on_each_connection();
            assert_eq!(found, expected, "{status} {method:?} {is_tls}");
        }
    }
}
