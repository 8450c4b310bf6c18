//! Repaint part of a photo: upload the photo with a mask of the same size that is white where the photo changes.
//!
//! `cargo run --example canvas_inpaint [PHOTO MASK]` uses the API if LEONARDO_API_KEY is set (which costs credits), and
//! a sandbox otherwise. Without MASK, the mask is a white rectangle in the middle.

use imgpost::leonardo::{self, CanvasRequestType, Client, CreateGeneration};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let photo = arguments
        .next()
        .unwrap_or("fixtures/images/lighthouse.jpg".into());
    let image = leonardo::prepare().open(photo)?;

    // `mask_options` gives the mask the crop and the size of the image.
    let mask = match arguments.next() {
        Some(path) => image.mask_options().threshold(128).open(path)?,
        None => {
            let (width, height) = (image.source_size().width, image.source_size().height);
            let is_middle = |n: u32, of: u32| (of / 4..of * 3 / 4).contains(&n);
            let pixels = (0..height).flat_map(|y| {
                let row = move |x| {
                    if is_middle(x, width) && is_middle(y, height) {
                        255
                    } else {
                        0
                    }
                };
                (0..width).flat_map(move |x| [row(x), row(x), row(x), 255])
            });
            image
                .mask_options()
                .prepare_rgba8(width, height, &pixels.collect::<Vec<u8>>())?
        }
    };

    let sandbox = Sandbox::start()?;
    let client = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        Client::from_env()?
    } else {
        sandbox.client()?
    };
    let canvas = client.upload_canvas(&image, &mask)?;
    println!(
        "uploaded image {} and mask {}, {}",
        canvas.init.id, canvas.mask.id, canvas.init.size
    );
    let generation =
        CreateGeneration::new("a red door").canvas(&canvas, CanvasRequestType::Inpaint);
    let job = client.generate(&generation.num_images(1))?;
    for image in client.wait(&job)?.images {
        let file = client.download(&image.url, std::env::temp_dir().join("inpainted.png"))?;
        println!("downloaded {} ({} bytes)", file.path.display(), file.bytes);
    }
    Ok(())
}
