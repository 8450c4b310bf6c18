//! The sandbox, and what shells and `man` want.

use clap::CommandFactory;
use clap_complete::Shell;
use imgpost::sandbox::Sandbox;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

/// Serves until the process is ended.
pub fn sandbox(context: &Context, port: u16) -> Result<(), Failure> {
    let sandbox = Sandbox::start_on(port).map_err(|error| Failure::port(port, error))?;
    let (url, key) = (sandbox.base_url(), sandbox.api_key());
    let exports = format!("export LEONARDO_BASE_URL={url}\nexport LEONARDO_API_KEY={key}\n");
    context.print_bytes(exports.as_bytes())?;
    context.tell("the sandbox runs until Ctrl-C; paste the two lines into another terminal");
    context.tell(&format!(
        "what it stores is shown at {}",
        sandbox.page_url()
    ));
    loop {
        std::thread::park();
    }
}

pub fn completions(context: &Context, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "imgpost", &mut script);
    context.print_bytes(&script)
}

pub fn man(context: &Context) -> Result<(), Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Args::command()).render(&mut page);
    rendered.expect("a page can be written to memory");
    context.print_bytes(&page)
}
