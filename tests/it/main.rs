//! The tests that need only Rust: one module per promise, in one program, so that it is linked only once.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod cli;
mod cli_api;
mod cli_download;
mod cli_files;
mod cli_form;
mod cli_input;
mod cli_known;
mod cli_local;
mod cli_mistakes;
mod cli_models;
mod cli_output;
mod cli_prepare;
mod cli_scripts;
mod cli_upload;
mod download;
mod early_response;
mod encode;
mod faults;
mod flow;
mod golden;
mod hostile;
mod layers;
mod mask;
mod models;
mod prepare;
mod presigned_form;
mod presigned_put;
mod proxy;
mod sandbox;
mod sandbox_api;
mod sandbox_generations;
mod sandbox_jobs;
mod sandbox_limits;
mod sandbox_page;
mod schema;
mod secrets;
mod sizes;
mod strip;
mod tls;
mod upload;
mod upload_response;
mod wire;
