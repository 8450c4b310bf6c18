//! Generations, upscales and videos.

use std::path::Path;

use imgpost::leonardo::call::Call;
use imgpost::leonardo::{
    CanvasRequestType, Client, CreateGeneration, CreateGenerationV2, CreateImageToVideo,
    CreateUniversalUpscale, ImageReference, Job, Model,
};
use imgpost::{Size, leonardo};
use serde::Serialize;
use serde_json::Value;

use super::result::{self, Results};
use super::{input, models, upload};
use crate::args::{ApiArgs, GenerateArgs, JobArgs, PrepareArgs, UpscaleArgs, VideoArgs};
use crate::context::{Context, Outcome};
use crate::escape;
use crate::failure::Failure;

/// The client; `None` for a dry run. Creates the folder for downloads first, so that a failure costs nothing.
fn client(context: &Context, job: &JobArgs) -> Result<Option<Client>, Failure> {
    if job.dry_run {
        return Ok(None);
    }
    result::create_folder(job.result.download.as_deref())?;
    job.api.client(context).map(Some)
}

/// Sets the parameters of `--extra`.
fn with_extra<T>(call: T, job: &JobArgs, set: impl Fn(T, String, Value) -> T) -> T {
    let extra = job.extra.iter();
    extra.fold(call, |call, (name, value)| {
        set(call, name.clone(), value.clone())
    })
}

/// Starts a job, or prints the request.
fn start<R: Results>(
    context: &Context,
    client: Option<&Client>,
    call: &impl Call<Response = Job<R>>,
    job: &JobArgs,
) -> Result<(), Failure> {
    match client {
        None => dry_run(context, call, &job.api),
        Some(client) => result::started(context, client, client.generate(call)?, &job.result),
    }
}

/// Prints the request, and reports its price.
pub fn dry_run(context: &Context, call: &impl Call, api: &ApiArgs) -> Result<(), Failure> {
    context.result(&DryRun(call.request()?.json.unwrap_or_default()))?;
    context.note(&match price(context, call, api) {
        Ok(credits) => format!("price: {credits} credits"),
        Err(reason) => format!("price: unknown, because {reason}"),
    });
    Ok(())
}

/// The price of a call in credits, or why it is unknown.
fn price(context: &Context, call: &impl Call, api: &ApiArgs) -> Result<u64, String> {
    let not_known = "the API does not calculate it for this model and these parameters";
    if call.price().is_none() {
        return Err(not_known.into());
    }
    if !api.has_key() {
        return Err("no API key is set".into());
    }
    let client = api.client(context);
    let client = client.map_err(|_| String::from("the API key or the address is invalid"))?;
    let credits = client.price(call).map_err(|error| error.to_string())?;
    credits.ok_or_else(|| not_known.into())
}

/// The JSON of a request.
#[derive(Serialize)]
struct DryRun(Value);

impl Outcome for DryRun {
    fn to_lines(&self) -> Vec<String> {
        // Escaped in a way that keeps the JSON valid.
        let json = escape::json(&format!("{:#}", self.0));
        json.lines().map(str::to_owned).collect()
    }
}

/// An uploaded image.
pub struct Image {
    reference: ImageReference,
    id: String,
    size: Option<Size>,
}

impl Image {
    pub fn reference(&self) -> ImageReference {
        self.reference.clone()
    }
}

/// Returns the image with the given id, or prepares and uploads the given file. A dry run does not upload.
pub fn image(
    context: &Context,
    client: Option<&Client>,
    given: &str,
    prepare: &PrepareArgs,
    model: Option<&Model>,
) -> Result<Image, Failure> {
    if is_id(given) {
        return Ok(Image {
            reference: ImageReference::uploaded(given),
            id: given.into(),
            size: None,
        });
    }
    let file = Path::new(given);
    let base = models::base(model, leonardo::prepare());
    let image = input::image(file, &prepare.options(base, None))?;
    let size = image.size();
    let (reference, id) = match client {
        None => {
            let id = format!("the id of {given}");
            let reference = ImageReference::uploaded(&id);
            (reference.with_size(size.width, size.height), id)
        }
        Some(client) => {
            let client = upload::with_progress(context, client, file);
            let uploaded = client.upload_init_image(&image);
            context.finished(file);
            let uploaded = uploaded?;
            // A model that is known got one of its sizes, or takes any.
            if model.is_none() {
                upload::report_warning(context, file, &uploaded);
            }
            (ImageReference::from(&uploaded), uploaded.id)
        }
    };
    Ok(Image {
        reference,
        id,
        size: Some(size),
    })
}

/// Whether the text is an id of the API, which is a UUID.
fn is_id(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    lengths == [8, 4, 4, 4, 12] && text.chars().all(is_hex) && !Path::new(text).exists()
}

pub fn generate(context: &Context, args: &GenerateArgs) -> Result<(), Failure> {
    let client = client(context, &args.job)?;
    let client = client.as_ref();
    match version_2_id(&args.job.prepare) {
        Some(id) => {
            let generation = version_2(context, client, args, id)?;
            start(context, client, &generation, &args.job)
        }
        None => {
            let generation = version_1(context, client, args)?;
            start(context, client, &generation, &args.job)
        }
    }
}

fn version_1(
    context: &Context,
    client: Option<&Client>,
    args: &GenerateArgs,
) -> Result<CreateGeneration, Failure> {
    if !args.image_reference.is_empty() {
        return Err(Failure::usage(
            "--image-reference is for version 2; name its model, for example --model flux-kontext-pro",
        ));
    }
    let mut generation = CreateGeneration::new(&args.prompt);
    if let Some(bounds) = args.job.prepare.bounds() {
        generation = generation.bounds(bounds);
    }
    let mut size = args.job.prepare.size;
    if let Some(given) = &args.init_image {
        let image = image(context, client, given, &args.job.prepare, None)?;
        generation = generation.init_image_id(&image.id);
        size = image.size.or(size);
    }
    if let [init, mask] = args.canvas.as_slice() {
        let (ids, canvas_size) = canvas(context, client, [init, mask], args)?;
        let [init, mask] = ids;
        generation = generation
            .extra("canvasRequest", true)
            .extra(
                "canvasRequestType",
                CanvasRequestType::from(&*args.canvas_request_type).as_str(),
            )
            .extra("canvasInitId", init)
            .extra("canvasMaskId", mask);
        size = canvas_size.or(size);
    }
    if let Some(size) = size {
        generation = generation.size(size.width, size.height);
    }
    if let Some(strength) = args.strength {
        generation = generation.strength(strength);
    }
    if let Some(num_images) = args.num_images {
        generation = generation.num_images(num_images);
    }
    if let Some(model) = &args.job.prepare.model {
        generation = generation.model_id(model);
    }
    if let Some(prompt) = &args.negative_prompt {
        generation = generation.negative_prompt(prompt);
    }
    if let Some(seed) = args.seed {
        generation = generation.seed(seed);
    }
    Ok(with_extra(generation, &args.job, CreateGeneration::extra))
}

/// The ids of an image and its mask, and their size if it is known.
fn canvas(
    context: &Context,
    client: Option<&Client>,
    given: [&String; 2],
    args: &GenerateArgs,
) -> Result<([String; 2], Option<Size>), Failure> {
    let prepare = &args.job.prepare;
    if given.iter().all(|given| is_id(given)) {
        if args.threshold.is_some() {
            return Err(Failure::usage(
                "--threshold needs a mask file; an uploaded mask cannot be changed",
            ));
        }
        return Ok((given.map(Clone::clone), None));
    }
    let files = given.map(Path::new);
    let Some(client) = client else {
        let image = input::image(files[0], &prepare.options(leonardo::prepare(), None))?;
        let ids = given.map(|given| format!("the id of {given}"));
        return Ok((ids, Some(image.size())));
    };
    let uploaded = super::canvas::upload_canvas(context, client, files, args.threshold, prepare)?;
    let size = uploaded.init.size;
    Ok(([uploaded.init.id, uploaded.mask.id], Some(size)))
}

fn version_2(
    context: &Context,
    client: Option<&Client>,
    args: &GenerateArgs,
    slug: &str,
) -> Result<CreateGenerationV2, Failure> {
    let not_there = [
        ("--init-image", args.init_image.is_some()),
        ("--canvas", !args.canvas.is_empty()),
        ("--strength", args.strength.is_some()),
    ];
    if let Some((name, _)) = not_there.iter().find(|(_, given)| *given) {
        return Err(Failure::usage(format!(
            "{name} is for version 1, and {slug} is a model of version 2; use --image-reference"
        )));
    }
    let prepare = &args.job.prepare;
    let model = models::find(context, client, prepare)?;
    let mut generation = new_version_2(model.as_ref(), slug, &args.prompt, prepare);
    for given in &args.image_reference {
        let image = image(context, client, given, prepare, model.as_ref())?;
        generation = generation.image_reference(image.reference(), None);
    }
    if let Some(quantity) = args.num_images {
        generation = generation.quantity(quantity);
    }
    let named = [
        (
            "negative_prompt",
            args.negative_prompt.clone().map(Value::from),
        ),
        ("seed", args.seed.map(Value::from)),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            generation = generation.extra(name, value);
        }
    }
    Ok(with_extra(generation, &args.job, CreateGenerationV2::extra))
}

/// The model of `--model`, if it is one of version 2: those of version 1 have a UUID, or a name in capital letters.
fn version_2_id(prepare: &PrepareArgs) -> Option<&str> {
    let id = prepare.model.as_deref()?;
    let is_version_1 = is_id(id) || !id.contains(|c: char| c.is_ascii_lowercase());
    (!is_version_1).then_some(id)
}

/// A generation by a model of version 2, of the size of `--size` if there is one.
fn new_version_2(
    model: Option<&Model>,
    id: &str,
    prompt: &str,
    prepare: &PrepareArgs,
) -> CreateGenerationV2 {
    let mut generation = match model {
        Some(model) => CreateGenerationV2::for_model(model, prompt),
        None => CreateGenerationV2::new(id, prompt),
    };
    if let Some(size) = prepare.size {
        generation = generation.size(size.width, size.height);
    }
    if let Some(bounds) = prepare.bounds() {
        generation = generation.bounds(bounds);
    }
    generation
}

/// Enlarges an image with a model of version 2.
fn upscale_version_2(
    context: &Context,
    client: Option<&Client>,
    args: &UpscaleArgs,
    id: &str,
) -> Result<CreateGenerationV2, Failure> {
    let prepare = &args.job.prepare;
    let model = models::find(context, client, prepare)?;
    let prompt = args.prompt.as_deref().unwrap_or_default();
    let mut upscale = new_version_2(model.as_ref(), id, prompt, prepare);
    let reference = if args.generated {
        ImageReference::generated(&args.image)
    } else {
        image(context, client, &args.image, prepare, model.as_ref())?.reference()
    };
    upscale = upscale.image_reference(reference, None);
    if let Some(multiplier) = args.multiplier {
        if multiplier.fract() != 0.0 || !(1.0..=64.0).contains(&multiplier) {
            return Err(Failure::usage(format!(
                "--multiplier {multiplier} is not a whole number, and {id} takes only those of `imgpost models`"
            )));
        }
        upscale = upscale.upscale_factor(multiplier as u32);
    }
    Ok(with_extra(upscale, &args.job, CreateGenerationV2::extra))
}

/// Starts a video by a model of version 2.
fn video_version_2(
    context: &Context,
    client: Option<&Client>,
    args: &VideoArgs,
    id: &str,
) -> Result<CreateGenerationV2, Failure> {
    let prepare = &args.job.prepare;
    let model = models::find(context, client, prepare)?;
    let first = if args.generated {
        ImageReference::generated(&args.image)
    } else {
        image(context, client, &args.image, prepare, model.as_ref())?.reference()
    };
    let mut video = new_version_2(model.as_ref(), id, &args.prompt, prepare).start_frame(first);
    if let Some(given) = &args.end_frame {
        let last = image(context, client, given, prepare, model.as_ref())?;
        video = video.end_frame(last.reference());
    }
    if let Some(seconds) = args.duration {
        video = video.duration(seconds);
    }
    Ok(with_extra(video, &args.job, CreateGenerationV2::extra))
}

pub fn upscale(context: &Context, args: &UpscaleArgs) -> Result<(), Failure> {
    let client = client(context, &args.job)?;
    let client = client.as_ref();
    if let Some(id) = version_2_id(&args.job.prepare) {
        let upscale = upscale_version_2(context, client, args, id)?;
        return start(context, client, &upscale, &args.job);
    }
    let mut upscaler = if args.generated {
        CreateUniversalUpscale::generated_image(&args.image)
    } else {
        let image = image(context, client, &args.image, &args.job.prepare, None)?;
        let upscaler = CreateUniversalUpscale::init_image(&image.id);
        match image.size {
            Some(size) => upscaler.image_size(size.width, size.height),
            None => upscaler,
        }
    };
    if let Some(multiplier) = args.multiplier {
        upscaler = upscaler.multiplier(multiplier);
    }
    if let Some(strength) = args.creativity_strength {
        upscaler = upscaler.creativity_strength(strength);
    }
    if let Some(prompt) = &args.prompt {
        upscaler = upscaler.prompt(prompt);
    }
    let upscaler = with_extra(upscaler, &args.job, CreateUniversalUpscale::extra);
    start(context, client, &upscaler, &args.job)
}

pub fn video(context: &Context, args: &VideoArgs) -> Result<(), Failure> {
    let client = client(context, &args.job)?;
    let client = client.as_ref();
    if let Some(id) = version_2_id(&args.job.prepare) {
        let video = video_version_2(context, client, args, id)?;
        return start(context, client, &video, &args.job);
    }
    let prepare = &args.job.prepare;
    // The other models of version 1 publish no sizes.
    let known = prepare.model.as_deref().and_then(Model::find);
    let first = if args.generated {
        ImageReference::generated(&args.image)
    } else {
        image(context, client, &args.image, prepare, known)?.reference()
    };
    let mut video = CreateImageToVideo::new(&args.prompt, first);
    if let Some(given) = &args.end_frame {
        let last = image(context, client, given, prepare, known)?;
        video = video.end_frame(last.reference());
    }
    let model = &prepare.model;
    for (name, value) in [("model", model), ("resolution", &args.video_resolution)] {
        if let Some(value) = value {
            video = video.extra(name, value.as_str());
        }
    }
    if let Some(seconds) = args.duration {
        video = video.duration(seconds);
    }
    let video = with_extra(video, &args.job, CreateImageToVideo::extra);
    start(context, client, &video, &args.job)
}
