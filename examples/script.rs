//! The shortest useful program: a photo in, its id out.
//!
//! `cargo run --example script [PHOTO]` — needs LEONARDO_API_KEY; a sandbox is used when it is not set.

use imgpost::leonardo::{self, Client};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let photo = std::env::args()
        .nth(1)
        .unwrap_or("fixtures/images/lighthouse.jpg".into());
    let sandbox = Sandbox::start()?;
    let client = Client::from_env().or_else(|_| sandbox.client())?;
    let init = client.upload_init_image(&leonardo::prepare().open(photo)?)?;
    println!("{} {}", init.id, init.size);
    Ok(())
}
