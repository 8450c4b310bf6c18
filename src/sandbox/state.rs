//! What a sandbox does with a request: carries it out, or lets it go wrong as it was asked to.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fault::Fault;
use super::http::{Answer, Incoming, Reply};
use super::{SandboxRequest, api, page, storage};

pub(super) struct State {
    pub api: api::Api,
    pub storage: Arc<storage::Storage>,
    settings: Mutex<Settings>,
}

#[derive(Default)]
pub(super) struct Settings {
    pub latency: Duration,
    /// For the next posts to the storage, and the next calls of the API.
    pub faults: VecDeque<Fault>,
    pub api_faults: VecDeque<Fault>,
    pub requests: Vec<SandboxRequest>,
}

impl State {
    pub fn new(origin: String) -> Self {
        let storage = Arc::new(storage::Storage::new(origin));
        Self {
            api: api::Api::new(Arc::clone(&storage)),
            storage,
            settings: Mutex::default(),
        }
    }

    /// What is set or listed cannot be left half done, so a thread that panicked has done it no harm.
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn answer(&self, request: &mut Incoming<'_>) -> io::Result<Reply> {
        let path = request
            .path
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned();
        let looks = path == "/" && request.method == "GET";
        let (latency, fault, number) = {
            let mut settings = self.settings();
            let fault = match path.starts_with(api::PREFIX) {
                true => settings.api_faults.pop_front(),
                false if request.method == "POST" => settings.faults.pop_front(),
                false => None,
            };
            // Whoever looks at the page is not what it shows.
            if !looks {
                settings.requests.push(SandboxRequest {
                    method: request.method.clone(),
                    path: path.clone(),
                    status: None,
                });
            }
            (settings.latency, fault, settings.requests.len())
        };
        std::thread::sleep(latency);
        if looks {
            let page = page::render(&self.storage, &self.settings().requests);
            let answer = Answer::new(200, "text/html; charset=utf-8", page);
            return Ok(Reply::Answer(answer));
        }
        let carry_out = |request: &mut Incoming<'_>| match path.strip_prefix(api::PREFIX) {
            Some(path) => self.api.answer(path, request),
            None => self.storage.answer(request),
        };
        let reply = match fault {
            Some(fault) => fault.happen(request, carry_out),
            None => carry_out(request).map(Reply::Answer),
        };
        let status = match &reply {
            Ok(Reply::Answer(answer)) => Some(answer.status),
            Ok(Reply::Raw(_)) | Err(_) => None,
        };
        log::debug!("sandbox: {} {path}: {status:?}", request.method);
        self.settings().requests[number - 1].status = status;
        reply
    }
}
