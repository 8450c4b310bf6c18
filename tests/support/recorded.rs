//! A transport that returns recorded responses and keeps the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use imgpost::leonardo::{Client, ClientBuilder};
use imgpost::transport::{Request, Response, Transport, TransportError, TransportErrorKind};
use serde_json::Value;

use super::fixture;

/// The API key of the clients of [`Recorded`].
pub const KEY: &str = "00000000-0000-4000-8000-000000000099";

/// The result of one request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A status, headers and a body.
    Response(u16, Vec<(&'static str, &'static str)>, Vec<u8>),
    /// The transport fails.
    Failure(TransportErrorKind),
}

/// A recorded response of the API, from a file below `fixtures/api`.
pub fn recorded(status: u16, file: &str) -> Outcome {
    let body = std::fs::read(fixture(&format!("api/{file}")));
    let body = body.unwrap_or_else(|error| panic!("{file}: {error}"));
    Outcome::Response(status, vec![], body)
}

/// A request that a client sent.
#[derive(Clone, Debug)]
pub struct SentRequest {
    pub method: &'static str,
    /// The path without the base URL.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub json: Option<Value>,
}

/// Returns one outcome per request, in order. Panics if there are more requests than outcomes.
#[derive(Debug, Default)]
pub struct Recorded {
    outcomes: Mutex<VecDeque<Outcome>>,
    requests: Mutex<Vec<SentRequest>>,
}

impl Recorded {
    pub fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Arc<Self> {
        Arc::new(Self {
            outcomes: Mutex::new(outcomes.into_iter().collect()),
            requests: Mutex::default(),
        })
    }

    pub fn builder(self: &Arc<Self>) -> ClientBuilder {
        Client::builder(KEY)
            .base_url("http://127.0.0.1:1/api/rest")
            .transport(self.clone())
            .retries(0)
    }

    pub fn client(self: &Arc<Self>) -> Client {
        self.builder().build().unwrap()
    }

    pub fn requests(&self) -> Vec<SentRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Recorded {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let json = request.body.map(|(reader, length)| {
            let mut body = Vec::new();
            reader.read_to_end(&mut body).unwrap();
            assert_eq!(body.len() as u64, length);
            serde_json::from_slice(&body).unwrap()
        });
        let path = request.url.strip_prefix("http://127.0.0.1:1/api/rest");
        self.requests.lock().unwrap().push(SentRequest {
            method: request.method.as_str(),
            path: path.unwrap_or(request.url).to_owned(),
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            json,
        });
        let outcome = self.outcomes.lock().unwrap().pop_front();
        match outcome.expect("more requests than recorded outcomes") {
            Outcome::Failure(kind) => Err(TransportError::new(kind, request.url, "made up")),
            Outcome::Response(status, headers, body) => {
                let response = Response::new(status, body);
                Ok(headers.iter().fold(response, |response, (name, value)| {
                    response.with_header(name, *value)
                }))
            }
        }
    }
}
