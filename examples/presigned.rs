//! Upload to any service that presigns S3 POSTs: prepare a photo, post it with progress, and handle errors.
//!
//! `cargo run --example presigned [FORM.json PHOTO]` reads the `{"url", "fields"}` of boto3 or aws-sdk-js from
//! FORM.json. Without it, a sandbox presigns a form.

use std::ops::ControlFlow;

use imgpost::{Error, Extension, PrepareOptions, PresignedPost, Uploader, sandbox::Sandbox};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let sandbox = Sandbox::start()?;
    let form = match arguments.next() {
        Some(path) => PresignedPost::from_json(std::fs::read(path)?)?,
        None => sandbox.client()?.create_init_image(Extension::Webp)?.form,
    };
    let photo = arguments
        .next()
        .unwrap_or("fixtures/images/lighthouse.jpg".into());

    // Encode in the format that the form declares: S3 accepts any bytes, but viewers rely on the declared type.
    let extension = form.extension().unwrap_or(Extension::Jpg);
    let image = PrepareOptions::default()
        .size(1024, 768)
        .extension(extension)
        .open(photo)?;
    println!(
        "prepared {} {} for {}",
        image.size(),
        image.extension(),
        form.host()
    );

    let uploader = Uploader::default().on_progress(|progress| {
        if progress.sent == progress.total {
            println!(
                "sent {} bytes, attempt {}",
                progress.total, progress.attempt
            );
        }
        ControlFlow::Continue(())
    });
    match uploader.upload(&form, &image) {
        Ok(receipt) => println!("stored {} bytes under {:?}", receipt.bytes, receipt.key),
        Err(error) if error.is_expired() => {
            println!("the form has expired, request another: {error}")
        }
        Err(Error::Storage(error)) => println!("S3 responded {:?}: {error}", error.code),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
