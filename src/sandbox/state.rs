//! Dispatches a request: rejects it, passes it to the API or the storage, or injects a fault.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::fault::Fault;
use super::http::{Incoming, Reply, Response};
use super::{MAX_REQUESTS, SandboxRequest, api, cors, host, page, reason, storage};

pub(super) struct State {
    address: SocketAddr,
    pub api: api::Api,
    pub storage: Arc<storage::Storage>,
    settings: Mutex<Settings>,
}

type OnRequest = Arc<dyn Fn(&SandboxRequest) + Send + Sync>;

#[derive(Default)]
pub(super) struct Settings {
    pub latency: Duration,
    /// Faults for the next uploads to the storage.
    pub faults: VecDeque<Fault>,
    /// Faults for the next API calls.
    pub api_faults: VecDeque<Fault>,
    pub requests: RequestLog,
    pub on_request: Option<OnRequest>,
}

/// The last requests.
#[derive(Default)]
pub(super) struct RequestLog {
    requests: VecDeque<SandboxRequest>,
    /// Number of earlier requests that were dropped from the log.
    dropped: usize,
}

impl RequestLog {
    /// Returns the number of the request, for [`update`](Self::update).
    fn push(&mut self, request: SandboxRequest) -> usize {
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
            self.dropped += 1;
        }
        self.requests.push_back(request);
        self.dropped + self.requests.len() - 1
    }

    fn update(&mut self, number: usize, request: SandboxRequest) {
        let index = number.checked_sub(self.dropped);
        if let Some(listed) = index.and_then(|index| self.requests.get_mut(index)) {
            *listed = request;
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
        let path = request.path.split('?').next().unwrap_or_default();
        let path = path.to_owned();
        let refusal = host::check(request.headers("host"), self.address).err();
        let refusal = refusal.map(|(status, text)| Response::text(status, text));
        // Requests for the page and the images in it are not listed, and pages of other origins cannot read it.
        if request.method == "GET" && refusal.is_none() {
            let is_image = is_sent_by_page(request) && !path.starts_with(api::PREFIX);
            if path == "/" || is_image {
                std::thread::sleep(self.settings().latency);
            }
            if path == "/" {
                return Ok(Reply::Response(self.page()));
            }
            if is_image {
                return self.storage.respond(request).map(Reply::Response);
            }
        }
        let is_refused = refusal.is_some();
        let direct = refusal.or_else(|| cors::preflight(request));
        let mut listed = SandboxRequest {
            method: request.method.clone(),
            path,
            status: None,
            reason: None,
            time: SystemTime::now(),
        };
        let (latency, fault, number) = {
            let mut settings = self.settings();
            let fault = if direct.is_some() {
                None
            } else if listed.path.starts_with(api::PREFIX) {
                settings.api_faults.pop_front()
            } else if matches!(request.method.as_str(), "POST" | "PUT") {
                settings.faults.pop_front()
            } else {
                None
            };
            let number = settings.requests.push(listed.clone());
            (settings.latency, fault, number)
        };
        std::thread::sleep(latency);
        let process = |request: &mut Incoming<'_>| match listed.path.strip_prefix(api::PREFIX) {
            Some(path) => self.api.respond(path, request),
            None => self.storage.respond(request),
        };
        let mut reply = match (direct, fault) {
            (Some(response), _) => Ok(Reply::Response(response)),
            (None, Some(fault)) => fault.apply(request, process),
            (None, None) => process(request).map(Reply::Response),
        };
        match &mut reply {
            Ok(Reply::Response(response)) => {
                if !is_refused {
                    cors::allow(request, response);
                }
                listed.status = Some(response.status);
                listed.reason = reason::of(response);
            }
            Ok(Reply::Raw(_)) => listed.reason = Some("an injected fault".into()),
            Err(error) => listed.reason = Some(error.to_string()),
        }
        log::debug!(
            "sandbox: {} {}: {:?}",
            listed.method,
            listed.path,
            listed.status
        );
        let on_request = {
            let mut settings = self.settings();
            settings.requests.update(number, listed.clone());
            settings.on_request.clone()
        };
        if let Some(on_request) = on_request {
            on_request(&listed);
        }
        reply
    }

    fn page(&self) -> Response {
        let page = page::render(&self.storage, self.settings().requests.iter());
        let mut response = Response::new(200, "text/html; charset=utf-8", page);
        response.add_header("Content-Security-Policy", page::security_policy());
        response.add_header("Cache-Control", "no-store");
        response.add_header("Referrer-Policy", "same-origin");
        response
    }
}

/// Whether the sandbox's own page causes the request, which is for the host in `Host`.
fn is_sent_by_page(request: &Incoming<'_>) -> bool {
    let (host, referer) = (request.header("host"), request.header("referer"));
    host.is_some_and(|host| referer == Some(&format!("http://{host}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_requests_are_kept_with_their_statuses() {
        let mut log = RequestLog::default();
        let request = |number: usize, status| SandboxRequest {
            method: "GET".into(),
            path: format!("/{number}"),
            status,
            reason: None,
            time: SystemTime::UNIX_EPOCH,
        };
        let first = log.push(request(0, None));
        for number in 1..MAX_REQUESTS + 5 {
            let pushed = log.push(request(number, None));
            log.update(pushed, request(number, Some(200)));
        }
        // This response is sent after the log dropped the request.
        log.update(first, request(0, Some(404)));
        assert_eq!(log.iter().count(), MAX_REQUESTS);
        assert_eq!(log.iter().next().unwrap().path, "/5");
        assert!(log.iter().all(|request| request.status == Some(200)));
        let last = log.push(request(0, None));
        log.update(last, request(0, Some(500)));
        assert_eq!(log.iter().next_back().unwrap().status, Some(500));
    }
}
