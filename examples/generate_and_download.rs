//! From a photo to images on disk: look at what would be sent, start, wait with a word about it, fetch.
//!
//! `cargo run --example generate_and_download [PHOTO FOLDER]` — on a sandbox, or on the real API when LEONARDO_API_KEY is
//! set (that costs credits).

use std::ops::ControlFlow;

use imgpost::leonardo::{self, Client, CreateGeneration, Error, WaitOptions};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let photo = arguments
        .next()
        .unwrap_or("fixtures/images/lighthouse.jpg".into());
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let sandbox = Sandbox::start()?;
    let client = match std::env::var_os("LEONARDO_API_KEY") {
        Some(_) => Client::from_env()?,
        None => sandbox.client()?,
    };

    let init = client.upload_init_image(&leonardo::prepare().open(photo)?)?;
    let generation = CreateGeneration::new("a lighthouse at dusk")
        .init_image(&init)
        .strength(0.4)
        .num_images(2);
    println!("sending {}", client.dry_run(&generation)?);
    let job = client.generate(&generation)?;
    if let Some(cost) = &job.cost {
        println!("it costs {} {}", cost.amount, cost.unit);
    }

    let wait = WaitOptions::default().on_poll(|poll| {
        println!("not done after {:.0} s", poll.elapsed.as_secs_f64());
        ControlFlow::Continue(())
    });
    let pictures = match client.wait_with(&job, &wait) {
        Ok(state) => state.images,
        Err(Error::WaitTimeout { id }) => return Err(format!("wait for {id} again later").into()),
        Err(error) => return Err(error.into()),
    };
    for picture in pictures {
        let downloaded = client.download_into(&picture.url, &folder, &picture.id)?;
        println!("downloaded {}", downloaded.path.display());
    }
    Ok(())
}
