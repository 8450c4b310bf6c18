//! A local server that stands in for the API and its storage, for tests and experiments.
//!
//! The sandbox issues presigned forms like the API's and validates posts as strictly as S3: it checks the signature,
//! the session token, the expiry (120 s) and every condition of the policy as soon as the fields have arrived, and
//! rejects an invalid post before it reads the file. Stored files can be downloaded. The sandbox parses multipart
//! bodies and policies with code of its own, so that the client and the sandbox cannot share a bug.
//!
//! The sandbox implements the calls that involve uploaded files. It rejects unknown variables, invalid values, and
//! images that were never posted:
//!
//! | resource | calls |
//! |---|---|
//! | init images | `POST`, `GET`, `DELETE /v1/init-image`, `POST /v1/canvas-init-image` |
//! | datasets | `POST`, `GET`, `DELETE /v1/datasets`, `POST …/upload` and `…/upload/gen` |
//! | generations | `POST`, `GET`, `DELETE /v1/generations`, `POST /v2/generations`, `POST /v1/generations-image-to-video` |
//! | variations | `POST /v1/variations/universal-upscaler`, `GET /v1/variations` |
//! | other files | `POST /v1/media`, `POST /v1/models-3d/upload` |
//! | the account | `GET /v1/me`: 10,000 credits, reduced by every generation |
//!
//! A generation is pending when the client first polls it and complete at the second poll. There is no model behind it;
//! the result shows what the request contained:
//!
//! - with an image: the first image of the request, stretched to the requested size, so that a wrong ratio is visible;
//! - on the canvas: the image with squares where the mask is white; if the sizes of image and mask differ, the
//!   generation fails;
//! - without an image: colors derived from the prompt and the seed;
//! - a video: a file with the header of an MP4 and no frames;
//! - an upscale: the image, enlarged by the requested factor.
//!
//! A generation fails if the posted bytes are not in the format that the form was created for. The log (`warn`) says
//! why.
//!
//! The sandbox's memory is bounded, so that it can run indefinitely: it keeps up to
//! [256 MiB](Sandbox::with_storage_limit) of files, and the last 10,000 requests, init images, datasets and generations
//! each. Posts in progress use at most as much memory again; further posts are rejected with `SlowDown`. The sandbox
//! serves at most 256 connections at a time.
//!
//! It listens on 127.0.0.1 and accepts only requests whose `Host` is `127.0.0.1`, `localhost` or `[::1]` with its port;
//! it rejects others with status 421. Web pages of any origin can call it (CORS).
//!
//! ```
//! use imgpost::{leonardo::Client, sandbox::Sandbox};
//!
//! let sandbox = Sandbox::start()?;
//! let client = Client::builder(sandbox.api_key()).base_url(sandbox.base_url()).build()?;
//! let upload = client.create_init_image(imgpost::Extension::Png)?;
//! assert!(upload.form.key().unwrap().ends_with("primary.png"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;
mod connections;
mod cors;
mod fault;
mod host;
mod http;
mod page;
mod reason;
mod recent;
mod render;
mod sigv4;
mod state;
mod storage;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crate::leonardo::{Client, Error};

pub use fault::Fault;
pub use storage::{Credentials, StoredObject};

use connections::Connections;
use state::State;

/// Maximum number of listed requests.
const MAX_REQUESTS: usize = 10_000;

/// A running sandbox. It stops when the value is dropped.
pub struct Sandbox {
    address: SocketAddr,
    state: Arc<State>,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

/// A request that the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxRequest {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The status of the response. `None` while the sandbox processes the request, and if a [`Fault`] closed the
    /// connection or sent raw bytes instead of a response.
    pub status: Option<u16>,
    /// Why it was rejected: the code and the message of the response. Version 2 of the API rejects with status 200.
    pub reason: Option<String>,
    /// When it was received.
    pub time: SystemTime,
}

impl Sandbox {
    /// The name of the bucket.
    pub const BUCKET: &str = storage::BUCKET;

    /// The region of the bucket, as it appears in signatures.
    pub const REGION: &str = storage::REGION;

    /// Starts a sandbox on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub fn start() -> io::Result<Self> {
        Self::start_on(0)
    }

    /// Starts a sandbox on this port of 127.0.0.1; 0 selects a free port.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened, for example because another program uses it.
    pub fn start_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(address));
        let connections = Connections::new();
        let acceptor = {
            let (state, connections) = (Arc::clone(&state), Arc::clone(&connections));
            let accept = move || listener.accept().map(|(stream, _)| stream);
            std::thread::Builder::new()
                .name("imgpost-sandbox".into())
                .spawn(move || {
                    connections::run(accept, &connections, move |stream| serve(stream, &state));
                })?
        };
        Ok(Self {
            address,
            state,
            connections,
            acceptor: Some(acceptor),
        })
    }

    /// The base URL for [`ClientBuilder::base_url`](crate::leonardo::ClientBuilder::base_url).
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, api::PREFIX)
    }

    /// The URL of a web page that shows the stored files and the last requests.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Creates a client of this sandbox.
    ///
    /// # Errors
    ///
    /// No failure is known: the key and the address are valid.
    pub fn client(&self) -> Result<Client, Error> {
        let builder = Client::builder(self.api_key());
        builder.base_url(self.base_url()).build()
    }

    /// The API key that the sandbox accepts, a random one for every sandbox.
    pub fn api_key(&self) -> &str {
        self.state.api.key()
    }

    /// Delays the response to every request. Default: no delay.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        self.state.settings().latency = latency;
        self
    }

    /// Sets how long new forms are valid, in whole seconds. Default: 120 s, like the API.
    #[must_use]
    pub fn with_expiry(self, expiry: Duration) -> Self {
        self.state.storage.set_expiry(expiry);
        self
    }

    /// Limits the storage to `max_bytes` in `max_files` files (at least one). To store a new file, the sandbox deletes
    /// the oldest files and logs that; it rejects a file larger than `max_bytes` with `EntityTooLarge`. Default: 256
    /// MiB and 10,000 files.
    #[must_use]
    pub fn with_storage_limit(self, max_bytes: u64, max_files: usize) -> Self {
        self.state.storage.set_limits(max_bytes, max_files);
        self
    }

    /// Makes the next upload to the storage fail with `fault`. Each further call adds a fault for the upload after
    /// that.
    ///
    /// ```
    /// use imgpost::{PrepareOptions, sandbox::{Fault, Sandbox}};
    ///
    /// let sandbox = Sandbox::start()?.with_fault(Fault::s3_error(503, "SlowDown"));
    /// let image = PrepareOptions::default().prepare_rgba8(1, 1, &[0, 0, 0, 255])?;
    /// let init = sandbox.client()?.upload_init_image(&image)?;
    /// assert_eq!(init.receipt.attempts, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        self.state.settings().faults.push_back(fault);
        self
    }

    /// Makes the next API call fail with `fault`. Each further call adds a fault for the API call after that.
    #[must_use]
    pub fn with_api_fault(self, fault: Fault) -> Self {
        self.state.settings().api_faults.push_back(fault);
        self
    }

    /// Calls `on_request` for every request when its response is known, on the thread that serves it. Default: none.
    #[must_use]
    pub fn on_request(self, on_request: impl Fn(&SandboxRequest) + Send + Sync + 'static) -> Self {
        self.state.settings().on_request = Some(Arc::new(on_request));
        self
    }

    /// The last 10,000 requests, oldest first, without those for the [page](Self::page_url).
    pub fn requests(&self) -> Vec<SandboxRequest> {
        self.state.settings().requests.iter().cloned().collect()
    }

    /// The credentials of the storage. With them and the region [`Sandbox::REGION`], any SDK can presign forms
    /// (Signature Version 4, with the session token) that the sandbox accepts.
    pub fn credentials(&self) -> &Credentials {
        self.state.storage.credentials()
    }

    /// The URL that the sandbox's forms are posted to.
    pub fn bucket_url(&self) -> String {
        self.state.storage.bucket_url()
    }

    /// The keys of all stored files, in alphabetical order.
    pub fn keys(&self) -> Vec<String> {
        let objects = self.state.storage.list().into_iter();
        let mut keys: Vec<_> = objects.map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys
    }

    /// The file stored under `key`, if any.
    pub fn stored(&self, key: &str) -> Option<StoredObject> {
        let object = self.state.storage.get(key)?;
        Some(StoredObject::clone(&object))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.connections.stop();
        // The acceptor may be blocked in accept(): another connection wakes it, so that it notices the stop. If that
        // connection fails, the thread is left running.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            // If the thread panicked, the panic message is already printed.
            let _ = acceptor.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn serve(stream: &TcpStream, state: &State) {
    // A client may close its connection at any time.
    if let Err(error) = http::serve(stream, |request| state.respond(request)) {
        log::debug!("sandbox: a connection ended with {error}");
    }
}
