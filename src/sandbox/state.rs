//! What a sandbox does with a request: refuses it, carries it out, or lets it go wrong as it was asked to.

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
    /// For the next uploads to the storage, and the next calls of the API.
    pub faults: VecDeque<Fault>,
    pub api_faults: VecDeque<Fault>,
    pub requests: RequestLog,
}

/// The last requests.
#[derive(Default)]
pub(super) struct RequestLog {
    requests: VecDeque<SandboxRequest>,
    /// How many came before these.
    forgotten: usize,
}

impl RequestLog {
    /// Returns the number of the request, for [`answered`](Self::answered).
    fn push(&mut self, request: SandboxRequest) -> usize {
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
            self.forgotten += 1;
        }
        self.requests.push_back(request);
        self.forgotten + self.requests.len() - 1
    }

    fn answered(&mut self, number: usize, status: Option<u16>) {
        let index = number.checked_sub(self.forgotten);
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
        let refusal = host::check(request.headers("host"), self.address).err();
        let looks = path == "/" && request.method == "GET" && refusal.is_none();
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
            // Whoever looks at the page is not what it shows.
            let number = (!looks).then(|| {
                settings.requests.push(SandboxRequest {
                    method: request.method.clone(),
                    path: path.clone(),
                    status: None,
                })
            });
            (settings.latency, fault, number)
        };
        std::thread::sleep(latency);
        let carry_out = |request: &mut Incoming<'_>| match path.strip_prefix(api::PREFIX) {
            _ if looks => Ok(self.page()),
            Some(path) => self.api.answer(path, request),
            None => self.storage.answer(request),
        };
        let reply = match (refusal, fault) {
            (Some((status, text)), _) => Ok(Reply::Response(Response::text(status, text))),
            (None, Some(fault)) => fault.happen(request, carry_out),
            (None, None) => carry_out(request).map(Reply::Response),
        };
        let status = match &reply {
            Ok(Reply::Response(answer)) => Some(answer.status),
            Ok(Reply::Raw(_)) | Err(_) => None,
        };
        log::debug!("sandbox: {} {path}: {status:?}", request.method);
        if let Some(number) = number {
            self.settings().requests.answered(number, status);
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
            log.answered(pushed, Some(200));
        }
        // Answered late, when it is no longer listed.
        log.answered(first, Some(404));
        assert_eq!(log.iter().count(), MAX_REQUESTS);
        assert_eq!(log.iter().next().unwrap().path, "/5");
        assert!(log.iter().all(|request| request.status == Some(200)));
        let last = log.push(request(0));
        log.answered(last, Some(500));
        assert_eq!(log.iter().next_back().unwrap().status, Some(500));
    }
}
