//! Where uploads go: the real API when there is a key, otherwise a sandbox inside this program.

use imgpost::leonardo::Client;
use imgpost::sandbox::Sandbox;

use crate::told::told;

/// Where uploads go.
pub struct Service {
    /// What was wrong with the key or the address is shown when something is to be uploaded.
    pub client: Result<Client, String>,
    /// What the window says about it.
    pub label: String,
    /// It runs as long as this is held.
    _sandbox: Option<Sandbox>,
}

impl Service {
    /// As the environment says: LEONARDO_API_KEY and LEONARDO_BASE_URL.
    pub fn from_env() -> Self {
        if variable("LEONARDO_API_KEY").is_some() {
            let label = match variable("LEONARDO_BASE_URL") {
                Some(url) => format!("API at {url}"),
                None => String::from("Leonardo.Ai API"),
            };
            return Self {
                client: Client::from_env().map_err(|error| told(&error)),
                label,
                _sandbox: None,
            };
        }
        let sandbox = Sandbox::start();
        let client = match &sandbox {
            Ok(sandbox) => sandbox.client().map_err(|error| told(&error)),
            Err(error) => Err(told(error)),
        };
        Self {
            client,
            label: "Sandbox: nothing leaves this machine".into(),
            _sandbox: sandbox.ok(),
        }
    }
}

/// What is empty counts as not set, as it does for imgpost.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|value| !value.trim().is_empty())
}
