//! The sandbox, and what shells and `man` want.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use imgpost::sandbox::Sandbox;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

/// Serves until the process is ended.
pub fn sandbox(context: &Context, port: u16) -> Result<(), Failure> {
    let sandbox = Sandbox::start_on(port).map_err(|error| Failure::port(port, error))?;
    println!("export LEONARDO_BASE_URL={}", sandbox.base_url());
    println!("export LEONARDO_API_KEY={}", sandbox.api_key());
    context.tell("the sandbox runs until Ctrl-C; paste the two lines into another terminal");
    context.tell(&format!(
        "what it stores is shown at {}",
        sandbox.page_url()
    ));
    loop {
        std::thread::park();
    }
}

pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "imgpost", &mut script);
    print(&script)
}

pub fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Args::command()).render(&mut page);
    rendered.expect("a page can be written to memory");
    print(&page)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let written = io::stdout().lock().write_all(bytes);
    written.map_err(|_| Failure::closed_output())
}
