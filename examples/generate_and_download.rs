//! Generate images from a photo: upload it, show the request, start the job, wait with progress, and download the
//! results.
//!
//! `cargo run --example generate_and_download [PHOTO FOLDER]` uses the API if LEONARDO_API_KEY is set (which costs
//! credits), and a sandbox otherwise.

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
    let client = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        Client::from_env()?
    } else {
        sandbox.client()?
    };

    let init = client.upload_init_image(&leonardo::prepare().open(photo)?)?;
    let generation = CreateGeneration::new("a lighthouse at dusk")
        .init_image(&init)
        .strength(0.4)
        .num_images(2);
    println!("sending {}", client.dry_run(&generation)?);
    let job = client.generate(&generation)?;
    if let Some(cost) = &job.cost {
        println!("the job costs {} {}", cost.amount, cost.unit);
    }

    let wait = WaitOptions::default().on_poll(|poll| {
        println!("pending after {:.0} s", poll.elapsed.as_secs_f64());
        ControlFlow::Continue(())
    });
    let images = match client.wait_with(&job, &wait) {
        Ok(generation) => generation.images,
        Err(Error::WaitTimeout { id }) => return Err(format!("wait for {id} again later").into()),
        Err(error) => return Err(error.into()),
    };
    for image in images {
        let downloaded = client.download_into(&image.url, &folder, &image.id)?;
        println!("downloaded {}", downloaded.path.display());
    }
    Ok(())
}
