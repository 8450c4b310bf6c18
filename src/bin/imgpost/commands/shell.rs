//! The sandbox, completions for shells, and pages for `man`.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use imgpost::sandbox::{Sandbox, SandboxRequest};

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

/// Serves until the process is ended.
pub fn sandbox(context: &Context, port: u16) -> Result<(), Failure> {
    let sandbox = Sandbox::start_on(port).map_err(|error| Failure::port(port, error))?;
    let sandbox = sandbox.on_request({
        let context = context.clone();
        move |request| context.note(&line(request))
    });
    let (url, key) = (sandbox.base_url(), sandbox.api_key());
    let exports = format!("export LEONARDO_BASE_URL={url}\nexport LEONARDO_API_KEY={key}\n");
    context.print_bytes(exports.as_bytes())?;
    context.note("the sandbox runs until Ctrl-C; paste the two lines into another terminal");
    context.note(&format!(
        "a page at {} shows what it stores",
        sandbox.page_url()
    ));
    loop {
        std::thread::park();
    }
}

/// One line about a request.
fn line(request: &SandboxRequest) -> String {
    let SandboxRequest { method, path, .. } = request;
    let status = request.status;
    let status = status.map_or("no response".into(), |status| status.to_string());
    match &request.reason {
        Some(reason) => format!("{method} {path}: {status}, {reason}"),
        None => format!("{method} {path}: {status}"),
    }
}

pub fn completions(context: &Context, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "imgpost", &mut script);
    if io::stdout().is_terminal() {
        context.note("redirect the script to a file; `imgpost completions --help` says which");
    }
    context.print_bytes(&script)
}

pub fn man(context: &Context, folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Args::command()).render(&mut page);
        rendered.expect("a page can be written to memory");
        return context.print_bytes(&page);
    };
    let written = fs::create_dir_all(folder).and_then(|()| {
        clap_mangen::generate_to(Args::command().disable_help_subcommand(true), folder)
    });
    written.map_err(|error| Failure::file(folder, error))?;
    context.note(&format!(
        "wrote the pages into {}; `man imgpost` shows them if it is in a folder of MANPATH",
        folder.display()
    ));
    Ok(())
}
