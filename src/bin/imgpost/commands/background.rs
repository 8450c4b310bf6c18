//! `imgpost remove-background`.

use imgpost::leonardo::{
    BackgroundRemoval, Client, CutoutFormat, CutoutSize, ImageReference, Model, RemoveBackground,
};

use super::generate::{dry_run, image};
use super::result::{self, JobReport};
use crate::args::RemoveBackgroundArgs;
use crate::context::Context;
use crate::failure::Failure;

pub fn remove_background(context: &Context, args: &RemoveBackgroundArgs) -> Result<(), Failure> {
    if args.prepare.model.is_some() {
        return Err(Failure::usage(
            "--model is not for remove-background, which has a model of its own; omit it",
        ));
    }
    if args.dry_run {
        return dry_run(context, &call(context, None, args)?, &args.api);
    }
    let folder = args.download.as_deref();
    // So that a failure costs nothing.
    result::create_folder(folder)?;
    let client = args.api.client(context)?;
    let call = call(context, Some(&client), args)?;
    let removed = {
        let _spinner = context.spinner("removing the background".into());
        client.remove_background(&call)?
    };
    let BackgroundRemoval {
        id, results, cost, ..
    } = removed;
    if results.is_empty() {
        return Err(Failure::blocked(&id));
    }
    let urls = results.into_iter().map(|cutout| cutout.url);
    let urls: Vec<_> = urls
        .map(|url| (id.clone(), url.unwrap_or_default()))
        .collect();
    let report = JobReport::complete(id, cost);
    result::save(context, &client, urls, report, folder, args.open)
}

fn call(
    context: &Context,
    client: Option<&Client>,
    args: &RemoveBackgroundArgs,
) -> Result<RemoveBackground, Failure> {
    let model = Model::find("remove-bg");
    let upload = |given: &str| image(context, client, given, &args.prepare, model);
    let image = if args.generated {
        ImageReference::generated(&args.image)
    } else {
        upload(&args.image)?.reference()
    };
    let mut call = RemoveBackground::new(image);
    if let Some(background) = &args.background_image {
        call = call.background_image(upload(background)?.reference());
    }
    if let Some(color) = &args.background_color {
        call = call.background_color(color);
    }
    if let Some(size) = &args.cutout_size {
        call = call.size(CutoutSize::from(size.as_str()));
    }
    if let Some(format) = &args.cutout_format {
        call = call.format(CutoutFormat::from(format.as_str()));
    }
    if args.ephemeral {
        call = call.ephemeral(true);
    }
    let extra = args.extra.iter();
    Ok(extra.fold(call, |call, (name, value)| call.extra(name, value.clone())))
}
