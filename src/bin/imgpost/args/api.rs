//! Options for the network and the API.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use imgpost::Uploader;
use imgpost::leonardo::Client;
use imgpost::transport::UreqTransport;

use crate::context::Context;
use crate::failure::Failure;
use crate::read;

/// A key has about forty bytes; a larger file is another one.
const MAX_KEY_FILE_BYTES: u64 = 64 * 1024;

#[derive(clap::Args)]
#[command(next_help_heading = "Network options")]
pub struct ConnectArgs {
    /// Time limit for each attempt, in seconds [default: 120 for an upload, 60 for an API call]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Maximum number of further attempts after a transient failure
    #[arg(long, value_name = "N", default_value_t = 4)]
    retries: u32,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Network options")]
pub struct ApiArgs {
    /// Read the API key from this file instead of LEONARDO_API_KEY
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// The API's address, instead of LEONARDO_BASE_URL or https://cloud.leonardo.ai/api/rest
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// The value of an environment variable; an empty one counts as unset.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|value| !value.trim().is_empty())
}

/// Reads the API key from a file, which may be a pipe. Messages do not repeat its name, which may be the key itself.
fn read_key(path: &Path) -> Result<String, Failure> {
    const NAME: &str = "the file that --api-key-file names";
    let bytes = read::file(path, NAME, MAX_KEY_FILE_BYTES)?.ok_or_else(|| {
        Failure::usage(format!(
            "{NAME} has more than {MAX_KEY_FILE_BYTES} bytes; give a file that holds the API key alone"
        ))
    })?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!(
            "{NAME} is not text; give a file that holds the API key alone"
        ))
    })
}

impl ConnectArgs {
    fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }

    /// The uploader; a signal cancels it.
    pub fn uploader(&self, context: &Context) -> Result<Uploader, Failure> {
        Ok(self.uploader_on(Arc::new(UreqTransport::new()), context))
    }

    fn uploader_on(&self, transport: Arc<UreqTransport>, context: &Context) -> Uploader {
        let uploader = Uploader::new(transport)
            .retries(self.retries)
            .cancel_token(&context.cancel_token());
        match self.timeout() {
            Some(timeout) => uploader.timeout(timeout),
            None => uploader,
        }
    }
}

impl ApiArgs {
    /// The address that the arguments or the environment choose; empty for the default.
    pub fn base_url(&self) -> String {
        let given = self
            .base_url
            .clone()
            .or_else(|| variable("LEONARDO_BASE_URL"));
        given.unwrap_or_default()
    }

    /// Whether there is an API key.
    pub fn has_key(&self) -> bool {
        self.api_key_file.is_some() || variable("LEONARDO_API_KEY").is_some()
    }

    /// The API client; a signal cancels it.
    pub fn client(&self, context: &Context) -> Result<Client, Failure> {
        let key = match &self.api_key_file {
            Some(path) => read_key(path)?,
            None => variable("LEONARDO_API_KEY").ok_or_else(|| {
                Failure::usage(
                    "no API key is set; set LEONARDO_API_KEY, or run `imgpost sandbox` to try the command without a key",
                )
            })?,
        };
        // A transport reads the certificates, so the API and the storage share one.
        let transport = Arc::new(UreqTransport::new());
        let builder = Client::builder(key)
            .transport(Arc::clone(&transport) as _)
            .uploader(self.connect.uploader_on(transport, context))
            .retries(self.connect.retries);
        let base_url = self.base_url.clone();
        let builder = match base_url.or_else(|| variable("LEONARDO_BASE_URL")) {
            Some(url) => builder.base_url(url),
            None => builder,
        };
        let builder = match self.connect.timeout() {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        };
        let client = builder.build()?;
        Ok(client.cancel_token(&context.cancel_token()))
    }
}
