//! Dispatches a request: rejects it, passes it to the API or the storage, or injects a fault.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fault::Fault;
use super::http::{Incoming, Reply, Response};
use super::{MAX_REQUESTS, SandboxRequest, api, host, page, storage};

pub(super) struct State {
    address: SocketAddr,
    pub api: api::Api,
    pub storage: Arc<storage::Storage>,
    settings: Mutex<Settings>,
}

#[derive(Default)]
pub(super) struct Settings {
    pub latency: Duration,
    /// Faults for the next uploads to the storage.
    pub faults: VecDeque<Fault>,
    /// Faults for the next API calls.
    pub api_faults: VecDeque<Fault>,
    pub requests: RequestLog,
}

/// The last requests.
#[derive(Default)]
pub(super) struct RequestLog {
    requests: VecDeque<SandboxRequest>,
    /// Number of earlier requests that were dropped from the log.
    dropped: usize,
}

impl RequestLog {
    /// Returns the number of the request, for [`set_status`](Self::set_status).
    fn push(&mut self, request: SandboxRequest) -> usize {
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
            self.dropped += 1;
        }
        self.requests.push_back(request);
        self.dropped + self.requests.len() - 1
    }

    fn set_status(&mut self, number: usize, status: Option<u16>) {
        let index = number.checked_sub(self.dropped);
        if let Some(request) = index.and_then(|index| self.requests.get_mut(index)) {
            request.status = status;
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &SandboxRequest> {
        self.requests.iter()
    }
}

impl State {
    pub fn new(address: SocketAddr) -> Self {
        let storage = Arc::new(storage::Storage::new(format!("http://{address}")));
        Self {
            address,
            api: api::Api::new(Arc::clone(&storage)),
            storage,
            settings: Mutex::default(),
        }
    }

    /// Every change to the settings is complete in itself, so a poisoned lock can be used.
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn respond(&self, request: &mut Incoming<'_>) -> io::Result<Reply> {
        let path = request
            .path
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned();
        let refusal = host::check(request.headers("host"), self.address).err();
        let is_page = path == "/" && request.method == "GET" && refusal.is_none();
        let (latency, fault, number) = {
            let mut settings = self.settings();
            let fault = if refusal.is_some() {
                None
            } else if path.starts_with(api::PREFIX) {
                settings.api_faults.pop_front()
            } else if matches!(request.method.as_str(), "POST" | "PUT") {
                settings.faults.pop_front()
            } else {
                None
            };
            // The page does not list requests for itself.
            let number = (!is_page).then(|| {
                settings.requests.push(SandboxRequest {
                    method: request.method.clone(),
                    path: path.clone(),
                    status: None,
                })
            });
            (settings.latency, fault, number)
        };
        std::thread::sleep(latency);
        let process = |request: &mut Incoming<'_>| match path.strip_prefix(api::PREFIX) {
            _ if is_page => Ok(self.page()),
            Some(path) => self.api.respond(path, request),
            None => self.storage.respond(request),
        };
        let reply = match (refusal, fault) {
            (Some((status, text)), _) => Ok(Reply::Response(Response::text(status, text))),
            (None, Some(fault)) => fault.apply(request, process),
            (None, None) => process(request).map(Reply::Response),
        };
        let status = match &reply {
            Ok(Reply::Response(response)) => Some(response.status),
            Ok(Reply::Raw(_)) | Err(_) => None,
        };
        log::debug!("sandbox: {} {path}: {status:?}", request.method);
        if let Some(number) = number {
            self.settings().requests.set_status(number, status);
        }
        reply
    }

    fn page(&self) -> Response {
        let page = page::render(&self.storage, self.settings().requests.iter());
        Response::new(200, "text/html; charset=utf-8", page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_requests_are_kept_with_their_statuses() {
        let mut log = RequestLog::default();
        let request = |number: usize| SandboxRequest {
            method: "GET".into(),
            path: format!("/{number}"),
            status: None,
        };
        let first = log.push(request(0));
        for number in 1..MAX_REQUESTS + 5 {
            let pushed = log.push(request(number));
            log.set_status(pushed, Some(200));
        }
        // This response is sent after the log dropped the request.
        log.set_status(first, Some(404));
        assert_eq!(log.iter().count(), MAX_REQUESTS);
        assert_eq!(log.iter().next().unwrap().path, "/5");
        assert!(log.iter().all(|request| request.status == Some(200)));
        let last = log.push(request(0));
        log.set_status(last, Some(500));
        assert_eq!(log.iter().next_back().unwrap().status, Some(500));
    }
}
