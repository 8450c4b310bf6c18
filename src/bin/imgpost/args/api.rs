//! How the network is used, and as whom.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imgpost::leonardo::{Client, ClientBuilder};
use imgpost::transport::UreqTransport;
use imgpost::{Error, Uploader};

use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(next_help_heading = "Network")]
pub struct ConnectArgs {
    /// How long one attempt may take, in seconds [default: 120 for a post, 60 for a call]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// How many more attempts are made after one that failed for a reason that passes
    #[arg(long, value_name = "N", default_value_t = 4)]
    retries: u32,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Network")]
pub struct ApiArgs {
    /// A file that holds the API key, instead of LEONARDO_API_KEY
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Where the API is, instead of LEONARDO_BASE_URL or https://cloud.leonardo.ai/api/rest
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.trim().is_empty())
}

fn transport() -> Result<Arc<UreqTransport>, Failure> {
    let transport = UreqTransport::from_env().map_err(|e| Error::Invalid(e.to_string()))?;
    Ok(Arc::new(transport))
}

impl ConnectArgs {
    fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }

    /// What posts files; it ends when the command is cancelled.
    pub fn uploader(&self, context: &Context) -> Result<Uploader, Failure> {
        let uploader = Uploader::new(transport()?)
            .retries(self.retries)
            .cancel_token(context.cancel_token());
        Ok(match self.timeout() {
            Some(timeout) => uploader.timeout(timeout),
            None => uploader,
        })
    }
}

impl ApiArgs {
    /// What calls the API; it ends when the command is cancelled.
    pub fn client(&self, context: &Context) -> Result<Client, Failure> {
        let builder = match &self.api_key_file {
            None if !is_set("LEONARDO_API_KEY") => {
                return Err(Failure::usage(
                    "there is no API key; set LEONARDO_API_KEY to yours, or try it with `imgpost sandbox`",
                ));
            }
            None => ClientBuilder::from_env()?,
            Some(path) => {
                let key = std::fs::read_to_string(path).map_err(|e| Failure::file(path, e))?;
                let builder = Client::builder(key.trim()).transport(transport()?);
                match std::env::var("LEONARDO_BASE_URL") {
                    Ok(url) if is_set("LEONARDO_BASE_URL") => builder.base_url(url),
                    _ => builder,
                }
            }
        };
        let builder = match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        };
        let builder = match self.connect.timeout() {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        };
        let client = builder
            .retries(self.connect.retries)
            .uploader(self.connect.uploader(context)?)
            .build()?;
        Ok(client.with_cancel_token(&context.cancel_token()))
    }
}
