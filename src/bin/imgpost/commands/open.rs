//! Opens results with the program that the desktop has for them.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::context::Context;

/// Opens a file or a URL. A failure is only a message, because the result exists all the same.
pub fn open(context: &Context, result: &OsStr) {
    let text = result.to_string_lossy();
    // The API chooses URLs, and a desktop opens other schemes with other programs.
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    if text.contains("://") && !is_web {
        context.note(&format!("{text} is not opened: it is not a web address"));
        return;
    }
    let mut command = command();
    command
        .arg(result)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => context.note(&format!("cannot open {text}: {program} failed ({status})")),
        Err(error) => context.note(&format!("cannot open {text} with {program}: {error}")),
    }
}

fn command() -> Command {
    if cfg!(windows) {
        // Unlike `start`, it reads no shell syntax.
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else if cfg!(target_os = "macos") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    }
}
