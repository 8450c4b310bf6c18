//! Parses the arguments of the process, and prints help where clap has none.

use std::ffi::OsString;

use clap::Parser;

use super::Args;
use super::mistakes;
use super::secret::without_secrets;

/// The topics of `imgpost help`, with their texts.
const TOPICS: &[(&str, &str)] = &[
    ("exit-codes", include_str!("exit_codes.txt")),
    ("environment", include_str!("environment.txt")),
    ("json", include_str!("json.txt")),
];

/// What to print instead of running a command: help, the version, or an error in the arguments.
pub struct Usage {
    pub text: String,
    pub is_error: bool,
    /// Whether the arguments ask for JSON.
    pub json: bool,
}

/// Parses the arguments of the process. An error message omits those that may be secret.
pub fn parse() -> Result<Args, Usage> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(text) = topic(&arguments) {
        return Err(Usage {
            text: text.into(),
            is_error: false,
            json: false,
        });
    }
    Args::try_parse().map_err(|error| {
        let is_error = error.use_stderr();
        let text =
            mistakes::message(&error, &arguments).unwrap_or_else(|| error.render().to_string());
        Usage {
            text: if is_error {
                without_secrets(text, arguments.iter().cloned())
            } else {
                text
            },
            is_error,
            json: arguments.iter().any(|argument| argument == "--json"),
        }
    })
}

fn topic(arguments: &[OsString]) -> Option<&'static str> {
    let [help, name] = arguments else {
        return None;
    };
    if help != "help" {
        return None;
    }
    let topic = TOPICS.iter().find(|(topic, _)| name == topic);
    topic.map(|(_, text)| *text)
}
