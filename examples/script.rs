//! The shortest useful program: upload a photo and print its id.
//!
//! `cargo run --example script [PHOTO]` uses the API if LEONARDO_API_KEY is set, and a sandbox otherwise.

use imgpost::leonardo::{self, Client};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let photo = std::env::args()
        .nth(1)
        .unwrap_or("fixtures/images/lighthouse.jpg".into());
    let sandbox = Sandbox::start()?;
    let client = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        Client::from_env()?
    } else {
        eprintln!("LEONARDO_API_KEY is not set: using a sandbox");
        sandbox.client()?
    };
    let init = client.upload_init_image(&leonardo::prepare().open(photo)?)?;
    println!("{} {}", init.id, init.size);
    Ok(())
}
