//! The `imgpost` command: arguments in, the public API, one line an image out.

mod args;
mod failure;
mod report;

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use imgpost::leonardo::Client;
use imgpost::sandbox::Sandbox;
use imgpost::transport::UreqTransport;
use imgpost::{Error, Extension, PreparedImage, PresignedPost, Uploader};

use args::{Args, Command, Half, PrepareArgs};
use failure::Failure;
use report::Report;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                eprintln!("imgpost: {failure}");
            }
            failure.exit_code()
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Prepare {
            file,
            output,
            prepare,
        } => {
            let image = open(file, prepare, None)?;
            write(output, image.bytes())?;
            Report::prepared(&image).print(
                args.json,
                &format!("{} -> {}", file.display(), output.display()),
            )
        }
        Command::Post {
            file,
            raw,
            presigned,
            half,
            prepare,
        } => {
            let form = read_form(presigned, *half)?;
            if *raw {
                let receipt = uploader()?.upload_file(&form, file, None)?;
                let report = Report::raw(form.id(), &receipt);
                return report.print(args.json, &file.display().to_string());
            }
            let image = open(file, prepare, form.extension())?;
            let receipt = uploader()?.upload(&form, &image)?;
            let report = Report::posted(&image, form.id(), &receipt);
            report.print(args.json, &file.display().to_string())
        }
        Command::Upload {
            files,
            dataset,
            prepare,
        } => {
            let client = Client::from_env()?;
            let mut failed = 0;
            for file in files {
                let outcome = open(file, prepare, None)
                    .and_then(|image| upload(&client, dataset.as_deref(), &image));
                match outcome {
                    Ok(report) => report.print(args.json, &file.display().to_string())?,
                    Err(failure) if files.len() == 1 => return Err(failure),
                    Err(failure) => {
                        failed += 1;
                        eprintln!("imgpost: {}", failure.about(file));
                    }
                }
            }
            match failed {
                0 => Ok(()),
                _ => Err(Failure::some(failed, files.len())),
            }
        }
        Command::Sandbox { port } => sandbox(*port),
    }
}

/// Writes beside the file and renames, so that a full disk leaves no half picture under its name; a device or a
/// pipe is written to as it is.
fn write(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let special = std::fs::metadata(output).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if special {
        return std::fs::write(output, bytes).map_err(|error| Failure::file(output, error));
    }
    let mut beside = output.as_os_str().to_owned();
    beside.push(".part");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, output));
    written.map_err(|error| {
        // Nothing may be there; what failed is told either way.
        let _ = std::fs::remove_file(&beside);
        Failure::file(output, error)
    })
}

fn uploader() -> Result<Uploader, Failure> {
    let transport = UreqTransport::from_env().map_err(|e| Error::Invalid(e.to_string()))?;
    Ok(Uploader::new(Arc::new(transport)))
}

fn open(
    file: &Path,
    prepare: &PrepareArgs,
    declared: Option<Extension>,
) -> Result<PreparedImage, Failure> {
    Ok(prepare.prepare(declared).open(file).map_err(Error::from)?)
}

fn read_form(source: &Path, half: Option<Half>) -> Result<PresignedPost, Failure> {
    let mut json = Vec::new();
    let read = match source == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut json),
        false => std::fs::File::open(source).and_then(|mut file| file.read_to_end(&mut json)),
    };
    read.map_err(|error| Failure::file(source, error))?;
    let form = match half {
        None => PresignedPost::from_json(json),
        Some(half) => PresignedPost::canvas_from_json(json).map(|(init, mask)| match half {
            Half::Init => init,
            Half::Mask => mask,
        }),
    };
    Ok(form.map_err(Error::from)?)
}

fn upload(
    client: &Client,
    dataset: Option<&str>,
    image: &PreparedImage,
) -> Result<Report, Failure> {
    Ok(match dataset {
        Some(dataset) => {
            let uploaded = client.upload_dataset_image(dataset, image)?;
            Report::posted(image, Some(&uploaded.id), &uploaded.receipt)
        }
        None => {
            let uploaded = client.upload_init_image(image)?;
            Report::posted(image, Some(&uploaded.id), &uploaded.receipt)
        }
    })
}

/// Serves until the process is ended.
fn sandbox(port: u16) -> Result<(), Failure> {
    let sandbox = Sandbox::start_on(port).map_err(|error| Failure::port(port, error))?;
    println!("export LEONARDO_BASE_URL={}", sandbox.base_url());
    println!("export LEONARDO_API_KEY={}", sandbox.api_key());
    eprintln!("imgpost: the sandbox runs until Ctrl-C; paste the two lines into another terminal");
    loop {
        std::thread::park();
    }
}
