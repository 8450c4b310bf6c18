//! Where uploads go: the real API if there is a key, otherwise a sandbox inside this program.

use imgpost::leonardo::{Client, Error};
use imgpost::sandbox::Sandbox;

/// The destination of uploads.
pub struct Service {
    /// An invalid key or address is reported when the user starts an upload.
    pub(crate) client: Result<Client, String>,
    /// Shown at the bottom of the window.
    pub(crate) label: String,
    /// Runs until it is dropped.
    _sandbox: Option<Sandbox>,
}

impl Service {
    /// Uses the API if `LEONARDO_API_KEY` is set, at `LEONARDO_BASE_URL` if that is set, otherwise a sandbox.
    pub fn from_env() -> Self {
        if variable("LEONARDO_API_KEY").is_none() {
            return Self::sandbox();
        }
        let label = match variable("LEONARDO_BASE_URL") {
            Some(url) => format!("API at {url}"),
            None => String::from("Leonardo.Ai API"),
        };
        let client = Client::from_env().map_err(message);
        Self::new(client, label)
    }

    /// Starts a sandbox on this machine.
    pub fn sandbox() -> Self {
        let sandbox = Sandbox::start();
        let client = match &sandbox {
            Ok(sandbox) => sandbox.client().map_err(message),
            Err(error) => Err(error.to_string()),
        };
        Self {
            client,
            label: "Sandbox: nothing leaves this machine".into(),
            _sandbox: sandbox.ok(),
        }
    }

    /// Uses this client, or reports this error when the user starts an upload.
    pub fn new(client: Result<Client, String>, label: impl Into<String>) -> Self {
        Self {
            client,
            label: label.into(),
            _sandbox: None,
        }
    }
}

/// The message of an error and its causes.
fn message(error: Error) -> String {
    format!("{error:#}")
}

/// An empty variable counts as unset, as it does in imgpost.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|value| !value.trim().is_empty())
}
