//! An API that answers what was recorded, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use imgpost::leonardo::{Client, ClientBuilder};
use imgpost::transport::{Request, Response, Transport, TransportError, TransportErrorKind};
use serde_json::Value;

use super::fixture;

/// The key that clients of [`Recorded`] have.
pub const KEY: &str = "00000000-0000-4000-8000-000000000099";

/// What comes of one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status, headers and a body.
    Response(u16, Vec<(&'static str, &'static str)>, Vec<u8>),
    /// No answer.
    Failure(TransportErrorKind),
}

/// A recorded file of the API, below `fixtures/api`.
pub fn recorded(status: u16, file: &str) -> Answer {
    let body = std::fs::read(fixture(&format!("api/{file}")));
    let body = body.unwrap_or_else(|error| panic!("{file}: {error}"));
    Answer::Response(status, vec![], body)
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    /// Without the base URL.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub json: Option<Value>,
}

/// Answers one after the other; a request too many is a panic.
#[derive(Debug, Default)]
pub struct Recorded {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
}

impl Recorded {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
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

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
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
        self.asked.lock().unwrap().push(Asked {
            method: request.method.as_str(),
            path: path.unwrap_or(request.url).to_owned(),
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            json,
        });
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.expect("one request too many") {
            Answer::Failure(kind) => Err(TransportError::new(kind, request.url, "made up")),
            Answer::Response(status, headers, body) => {
                let response = Response::new(status, body);
                Ok(headers.iter().fold(response, |response, (name, value)| {
                    response.with_header(name, *value)
                }))
            }
        }
    }
}
