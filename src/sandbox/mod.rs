//! A stand-in for the API and its storage on the loopback interface, for tests and for trying things out.
//!
//! It hands out presigned forms as the API does and accepts what is posted with them as strictly as S3 does: the
//! signature, the session token, the expiry (120 s) and every condition of the policy are checked as soon as the
//! fields have arrived, and what is refused is answered before the file is read. What was stored can be fetched back.
//! The body and the policy are read by code that shares nothing with the client's.
//!
//! It answers the calls that touch an uploaded file, and refuses variables the API does not know, values it does not
//! take, and images that were never posted:
//!
//! | resource | calls |
//! |---|---|
//! | init images | `POST`, `GET`, `DELETE /v1/init-image`, `POST /v1/canvas-init-image` |
//! | datasets | `POST`, `GET`, `DELETE /v1/datasets`, `POST …/upload` and `…/upload/gen` |
//! | generations | `POST`, `GET`, `DELETE /v1/generations`, `POST /v2/generations`, `POST /v1/generations-image-to-video` |
//! | variations | `POST /v1/variations/universal-upscaler`, `GET /v1/variations` |
//! | other files | `POST /v1/media`, `POST /v1/models-3d/upload` |
//! | the account | `GET /v1/me`: 10,000 credits, less with every generation |
//!
//! A generation is pending when it is first asked for and done the second time. There is no model behind it; what it
//! makes shows what it was given:
//!
//! - the first image it refers to, stretched to the size that was asked for, so that a wrong ratio is seen;
//! - on the canvas the image with squares where the mask is white; where the two are not of one size it fails;
//! - without any image, colors that follow from the prompt and the seed;
//! - a video is a file that is told for an MP4 and has nothing in it to play;
//! - an upscaled image is enlarged as often as was asked.
//!
//! It fails where the bytes that were posted are not of the format their form was for. The log (`warn`) says why.
//!
//! Its memory is bounded, so that it can run for as long as it is of use: files are kept up to
//! [256 MiB](Sandbox::with_storage_limit), and of everything else that is remembered (requests, init images, datasets,
//! generations) the last 10,000. Files that are being received take as much again at most; a post beyond that is refused
//! with `SlowDown`. At most 256 connections are served at once.
//!
//! It listens on 127.0.0.1 and answers only requests whose `Host` is `127.0.0.1`, `localhost` or `[::1]` with its port;
//! others get 421.
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
mod fault;
mod host;
mod http;
mod page;
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
use std::time::Duration;

use crate::leonardo::{Client, Error};

pub use fault::Fault;
pub use storage::{Credentials, StoredObject};

use connections::Connections;
use state::State;

/// As many requests are listed.
const MAX_REQUESTS: usize = 10_000;

/// A running sandbox. It stops when the value is dropped.
pub struct Sandbox {
    address: SocketAddr,
    state: Arc<State>,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

/// A request that the sandbox was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxRequest {
    /// The method.
    pub method: String,
    /// The path, without what follows a question mark.
    pub path: String,
    /// The status it was answered with; none where it is not answered yet, and where the connection was closed without
    /// an answer, or with something that is none.
    pub status: Option<u16>,
}

impl Sandbox {
    /// The name of its one bucket.
    pub const BUCKET: &str = storage::BUCKET;

    /// The region that its bucket is in, as far as signatures go.
    pub const REGION: &str = storage::REGION;

    /// Starts a sandbox on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port can be opened.
    pub fn start() -> io::Result<Self> {
        Self::start_on(0)
    }

    /// Starts a sandbox on this port of 127.0.0.1; 0 for any that is free.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened, for example because another program has it.
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

    /// The base URL to give to a client.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, api::PREFIX)
    }

    /// The page that shows what is stored and what was asked, for a browser.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A client of this sandbox.
    ///
    /// # Errors
    ///
    /// None that is known: the key and the address are good.
    pub fn client(&self) -> Result<Client, Error> {
        let builder = Client::builder(self.api_key());
        builder.base_url(self.base_url()).build()
    }

    /// The API key it accepts, drawn anew for every sandbox.
    pub fn api_key(&self) -> &str {
        self.state.api.key()
    }

    /// Lets every request wait for so long before it is answered. Default: not at all.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        self.state.settings().latency = latency;
        self
    }

    /// Hands out forms that live for so long, in whole seconds. Default: 120 s, as the API's.
    #[must_use]
    pub fn with_expiry(self, expiry: Duration) -> Self {
        self.state.storage.set_expiry(expiry);
        self
    }

    /// Stores at most so many bytes in so many files, of which there is at least one. For a new file, the oldest ones are deleted, which the log says; a
    /// file that is larger than all of it is refused with `EntityTooLarge`. Default: 256 MiB and 10,000 files.
    #[must_use]
    pub fn with_storage_limit(self, max_bytes: u64, max_files: usize) -> Self {
        self.state.storage.set_limits(max_bytes, max_files);
        self
    }

    /// Lets the next post to the storage go wrong. Given again, the one after that.
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

    /// Lets the next call of the API go wrong. Given again, the one after that.
    #[must_use]
    pub fn with_api_fault(self, fault: Fault) -> Self {
        self.state.settings().api_faults.push_back(fault);
        self
    }

    /// What it was sent so far, in the order it came: the last 10,000 requests.
    pub fn requests(&self) -> Vec<SandboxRequest> {
        self.state.settings().requests.iter().cloned().collect()
    }

    /// What forms for its storage are signed with, for programs that presign by themselves: with these, Signature
    /// Version 4, the region [`Sandbox::REGION`] and the session token, any SDK makes forms that are accepted here.
    pub fn credentials(&self) -> &Credentials {
        self.state.storage.credentials()
    }

    /// The address its forms are posted to.
    pub fn bucket_url(&self) -> String {
        self.state.storage.bucket_url()
    }

    /// The keys of all that is stored, in alphabetical order.
    pub fn keys(&self) -> Vec<String> {
        let objects = self.state.storage.list().into_iter();
        objects.map(|(key, _)| key).collect()
    }

    /// What is stored under `key`.
    pub fn stored(&self, key: &str) -> Option<StoredObject> {
        let object = self.state.storage.get(key)?;
        Some(StoredObject::clone(&object))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.connections.stop();
        // The acceptor may be in accept(): one more connection lets it see that it is to stop. Without one, it is left to
        // itself.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            // A panic there was printed when it happened.
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
    // A client that goes away in the middle is its own affair.
    if let Err(error) = http::serve(stream, |request| state.answer(request)) {
        log::debug!("sandbox: a connection ended with {error}");
    }
}
