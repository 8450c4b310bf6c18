//! Promise: all uses of an uploaded image work end to end against the sandbox, in one thread and in many.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::DynamicImage;
use imgpost::leonardo::call::Call;
use imgpost::leonardo::{
    BatchOptions, BatchOutcome, CanvasRequestType, Client, CreateGeneration, CreateGenerationV2,
    CreateImageToVideo, CreateUniversalUpscale, Error, Generation, ImageReference, Job, Variation,
    WaitOptions,
};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{CancelToken, Fit, PrepareOptions, PreparedImage};

use crate::support::{at_once, fixture, psnr};

fn client(sandbox: &Sandbox) -> Client {
    let builder = Client::builder(sandbox.api_key());
    builder.base_url(sandbox.base_url()).build().unwrap()
}

fn lighthouse() -> PreparedImage {
    let prepare = PrepareOptions::default().within(256, 256);
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

fn decoded(path: &PathBuf) -> DynamicImage {
    image::load_from_memory(&std::fs::read(path).unwrap()).unwrap()
}

/// The sandbox stretches the init image to the requested size, so that a wrong size is visible.
#[test]
fn generated_image_is_made_from_the_uploaded_photo() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    let image = lighthouse();
    let before = client.me().unwrap().api_subscription_tokens.unwrap();

    let init = client.upload_init_image(&image).unwrap();
    let record = client.init_image(&init.id).unwrap();
    assert_eq!(record.id.as_deref(), Some(init.id.as_str()));
    let generation = CreateGeneration::new("at dusk")
        .init_image(&init)
        .strength(0.4)
        .num_images(2);
    let job = client.generate(&generation).unwrap();
    let polls = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&polls);
    let wait = WaitOptions::default().on_poll(move |poll| {
        writer.lock().unwrap().push(poll.polls);
        ControlFlow::Continue(())
    });
    let state = client.wait_with(&job, &wait).unwrap();
    assert_eq!(*polls.lock().unwrap(), [1]);
    assert_eq!(state.images.len(), 2);
    let path = folder.path().join("generated.jpg");
    let downloaded = client.download(&state.images[0].url, &path).unwrap();
    assert_eq!(downloaded.content_type, "image/jpeg");
    assert_eq!(downloaded.bytes, path.metadata().unwrap().len());
    let sent = image::load_from_memory(image.bytes()).unwrap();
    assert!(psnr(&decoded(&path), &sent) > 30.0);

    // A request with another ratio distorts the image; the default size of a generation prevents that.
    let square = CreateGeneration::new("at dusk")
        .init_image(&init)
        .size(256, 256);
    let state = client.wait(&client.generate(&square).unwrap()).unwrap();
    client.download(&state.images[0].url, &path).unwrap();
    let stretch = PrepareOptions::default().size(256, 256).fit(Fit::Fill);
    let stretched = stretch.prepare_bytes(image.bytes()).unwrap();
    let stretched = image::load_from_memory(stretched.bytes()).unwrap();
    assert!(psnr(&decoded(&path), &stretched) > 30.0);

    let cost = job.api_credit_cost.unwrap();
    let after = client.me().unwrap().api_subscription_tokens.unwrap();
    assert!(cost > 0 && after < before, "{cost} {before} {after}");
    client.delete_generation(&job.id).unwrap();
    client.delete_init_image(&init.id).unwrap();
    for error in [
        client.generation(&job.id).unwrap_err(),
        client.init_image(&init.id).unwrap_err(),
        client.delete_init_image(&init.id).unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::Api(error) if error.is_not_found()),
            "{error}"
        );
    }
}

#[test]
fn other_jobs_complete_and_their_results_are_downloaded() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    let image = lighthouse();
    let size = image.size();
    let init = client.upload_init_image(&image).unwrap();
    let generation_of_version_2 = || {
        let v2 = CreateGenerationV2::new("flux-kontext-pro", "p").size(size.width, size.height);
        let job = client.generate(&v2.image_reference(&init, None)).unwrap();
        assert!(!client.wait(&job).unwrap().images.is_empty());
    };
    let video = || {
        let job = client.generate(&CreateImageToVideo::new("p", &init));
        let mut state = client.wait(&job.unwrap()).unwrap();
        let url = state.images.remove(0).motion_mp4_url.unwrap();
        let film = folder.path().join("film.mp4");
        let downloaded = client.download(&url, &film).unwrap();
        assert_eq!(downloaded.content_type, "video/mp4");

        let raw = client.upload_media(&film).unwrap();
        assert_eq!(raw.receipt.bytes, film.metadata().unwrap().len());
        let chair = folder.path().join("chair.obj");
        std::fs::write(&chair, "v 0 0 0\n").unwrap();
        let model = client.upload_model_asset(&chair, Some("chair")).unwrap();
        assert!(!model.id.is_empty() && model.id != raw.id);
    };
    let upscaled = || {
        let upscaler = CreateUniversalUpscale::new(&init).multiplier(2.0);
        let job = client.generate(&upscaler).unwrap();
        let url = client.wait(&job).unwrap().url.unwrap();
        let path = folder.path().join("large");
        client.download(&url, &path).unwrap();
        let large = decoded(&path);
        assert_eq!(
            (large.width(), large.height()),
            (2 * size.width, 2 * size.height)
        );
    };
    at_once([&generation_of_version_2, &video, &upscaled]);
}

#[test]
fn canvas_is_filled_where_its_mask_is_white() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    let image = PrepareOptions::default()
        .size(64, 64)
        .prepare_rgba8(2, 2, &[200; 16])
        .unwrap();
    // White on the left.
    let mask = image
        .mask_options()
        .prepare_rgba8(2, 1, &[255, 255, 255, 255, 0, 0, 0, 255])
        .unwrap();
    let canvas = client.upload_canvas(&image, &mask).unwrap();
    assert_ne!(canvas.init.id, canvas.mask.id);
    let generation = CreateGeneration::new("p").canvas(&canvas, CanvasRequestType::Inpaint);
    let state = client
        .wait(&client.generate(&generation.num_images(1)).unwrap())
        .unwrap();
    let path = folder.path().join("canvas.png");
    client.download(&state.images[0].url, &path).unwrap();
    let (sent, generated) = (
        image::load_from_memory(image.bytes()).unwrap(),
        decoded(&path),
    );
    let differs =
        |x: u32, y: u32| sent.to_rgb8().get_pixel(x, y) != generated.to_rgb8().get_pixel(x, y);
    assert!(differs(4, 32) && !differs(60, 32));

    let larger = PrepareOptions::default()
        .size(128, 64)
        .prepare_rgba8(2, 1, &[200; 8])
        .unwrap();
    let error = client.upload_canvas(&larger, &mask).unwrap_err();
    assert!(
        matches!(&error, Error::InvalidParameter(_)) && error.to_string().contains("128x64"),
        "{error}"
    );
}

#[test]
fn wait_ends_with_its_timeout_its_callback_or_its_token() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let short = WaitOptions::default().timeout(Duration::from_millis(10));
    assert!(matches!(
        client.wait_with(&job, &short),
        Err(Error::WaitTimeout { .. })
    ));
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let broken = WaitOptions::default().on_poll(|_| ControlFlow::Break(()));
    assert!(matches!(
        client.wait_with(&job, &broken),
        Err(Error::Cancelled)
    ));
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let token = CancelToken::new();
    let callback_token = token.clone();
    let cancelling = WaitOptions::default().on_poll(move |_| {
        callback_token.cancel();
        ControlFlow::Continue(())
    });
    let waiting = client.clone().cancel_token(&token);
    assert!(matches!(
        waiting.wait_with(&job, &cancelling),
        Err(Error::Cancelled)
    ));
    assert!(client.wait(&job).is_ok());
}

#[test]
fn wait_and_call_without_a_timeout_are_possible() {
    let sandbox = Sandbox::start().unwrap();
    let builder = Client::builder(sandbox.api_key()).timeout(Duration::MAX);
    let client = builder.base_url(sandbox.base_url()).build().unwrap();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let endless = WaitOptions::default().timeout(Duration::MAX);
    assert!(client.wait_with(&job, &endless).is_ok());
}

#[test]
fn wait_accepts_a_stored_id_of_either_resource() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let init = client.upload_init_image(&lighthouse()).unwrap();
    let generation = client.generate(&CreateGeneration::new("p")).unwrap().id;
    let upscale = client
        .generate(&CreateUniversalUpscale::new(&init))
        .unwrap()
        .id;
    at_once([
        &|| {
            let state = client.wait(&Job::<Generation>::from_id(&generation));
            assert_eq!(state.unwrap().id.as_ref(), Some(&generation));
        },
        &|| {
            let state = client.wait(&Job::<Variation>::from_id(&upscale));
            assert_eq!(state.unwrap().id.as_ref(), Some(&upscale));
        },
    ]);

    // The wrong resource is an error at the first poll, not after a timeout.
    let polls = sandbox.requests().len();
    for error in [
        client
            .wait(&Job::<Variation>::from_id(generation))
            .map(drop)
            .unwrap_err(),
        client
            .wait(&Job::<Generation>::from_id(upscale))
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::Api(error) if error.is_not_found()),
            "{error}"
        );
    }
    assert_eq!(sandbox.requests().len(), polls + 2);
}

/// All faults that lose the response to a call.
fn lost_responses() -> Vec<(&'static str, Fault)> {
    let page = |status, body: &str| Fault::Respond {
        status,
        headers: vec![("Content-Type", "text/html".into())],
        body: body.into(),
    };
    vec![
        ("processed, then closed", Fault::LoseResponse),
        ("closed", Fault::CloseBeforeResponse),
        (
            "too late",
            Fault::StallBeforeResponse(Duration::from_secs(60)),
        ),
        ("500", Fault::api_error(500, "unexpected", "Service Error")),
        ("502", Fault::proxy_page(502)),
        ("503", page(503, "")),
        ("504", Fault::proxy_page(504)),
        (
            "a truncated response",
            Fault::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".into()),
        ),
        (
            "another protocol",
            Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".into()),
        ),
        ("200 without JSON", page(200, "<html>Sign in</html>")),
        (
            "200 without an id",
            page(200, r#"{"sdGenerationJob": null}"#),
        ),
        ("200 without a body", page(200, "")),
    ]
}

/// Makes a call with each of the [`lost_responses`], with retries allowed. The call must not be retried.
fn check_lost_responses<C: Call>(call: impl Fn(&Client) -> C + Sync, words: &str) {
    std::thread::scope(|scope| {
        for (name, fault) in lost_responses() {
            let call = &call;
            scope.spawn(move || {
                let sandbox = Sandbox::start().unwrap();
                let call = call(&client(&sandbox));
                let before = sandbox.requests().len();
                let mut builder = Client::builder(sandbox.api_key()).base_url(sandbox.base_url());
                if let Fault::StallBeforeResponse(_) = fault {
                    builder = builder.timeout(Duration::from_secs(1));
                }
                let sandbox = sandbox.with_api_fault(fault);
                let Err(error) = builder.build().unwrap().call(&call) else {
                    panic!("{name}: a lost response is an error");
                };
                assert!(matches!(error, Error::Unconfirmed(_)), "{name}: {error:?}");
                assert!(!error.is_retryable(), "{name}: {error}");
                let text = error.to_string();
                assert!(text.contains(words), "{name}: {text}");
                assert!(!text.contains("try again"), "{name}: {text}");
                assert_eq!(sandbox.requests().len(), before + 1, "{name}");
            });
        }
    });
}

#[test]
fn paid_call_without_a_response_is_reported_as_possibly_charged_and_sent_once() {
    const CHARGED: &str = "the job may have been started and charged";
    let uploaded = |client: &Client| client.upload_init_image(&lighthouse()).unwrap().id;
    let video = |id: String| CreateImageToVideo::new("p", ImageReference::uploaded(id));
    at_once([
        &|| check_lost_responses(|_| CreateGeneration::new("p"), CHARGED),
        &|| check_lost_responses(|_| CreateGenerationV2::new("lucid-origin", "p"), CHARGED),
        &|| {
            let upscale = |client: &_| CreateUniversalUpscale::init_image(uploaded(client));
            check_lost_responses(upscale, CHARGED);
        },
        &|| check_lost_responses(|client| video(uploaded(client)), CHARGED),
    ]);
}

#[test]
fn creating_call_without_a_response_is_reported_as_unconfirmed_and_sent_once() {
    use imgpost::leonardo::call::{AddGeneratedImage, CreateDataset};
    let words = "it may have been carried out";
    const ID: &str = "00000000-0000-4000-8000-000000000000";
    at_once([
        &|| check_lost_responses(|_| CreateDataset::new("d"), words),
        &|| check_lost_responses(|_| AddGeneratedImage::new(ID, ID), words),
    ]);
}

/// Like the API, the sandbox charges before its response is lost.
#[test]
fn tokens_are_charged_although_the_response_is_lost() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let tokens = || client.me().unwrap().api_subscription_tokens.unwrap();
    let before = tokens();
    let sandbox = sandbox.with_api_fault(Fault::LoseResponse);
    let error = client.generate(&CreateGeneration::new("p")).unwrap_err();
    let Error::Unconfirmed(call) = &error else {
        panic!("{error:?}");
    };
    assert!(call.is_charged() && call.path() == "/v1/generations");
    assert!(call.reason().transport().is_some());
    assert!(tokens() < before);
    drop(sandbox);
}

#[test]
fn unambiguous_rejection_is_not_reported_as_unconfirmed() {
    for (fault, is_retryable) in [
        (Fault::api_error(400, "bad-request", "no"), false),
        (
            Fault::api_error(403, "unexpected", "content moderation"),
            false,
        ),
        (Fault::api_error(429, "unexpected", "too many calls"), true),
    ] {
        let sandbox = Sandbox::start().unwrap().with_api_fault(fault);
        let error = client(&sandbox).generate(&CreateGeneration::new("p"));
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Api(_)), "{error:?}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
    }
}

#[test]
fn client_is_shared_by_sixteen_threads() {
    fn shared<T: Clone + Send + Sync>(_: &T) {}
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    shared(&client);
    let image = lighthouse();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let (client, image) = (client.clone(), &image);
                scope.spawn(move || {
                    let each = (0..4).map(|_| client.upload_init_image(image).unwrap());
                    each.map(|init| (init.id, init.receipt.key))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut unique: Vec<_> = ids.iter().map(|(id, _)| id).collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 64);
    for (_, key) in &ids {
        assert_eq!(
            sandbox.stored(key.as_deref().unwrap()).unwrap().bytes,
            image.bytes()
        );
    }
}

#[test]
fn batch_keeps_the_order_and_a_failure_affects_no_other_file() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let dataset = client.create_dataset("d", None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..9)
        .map(|n| folder.path().join(format!("{n}.png")))
        .collect();
    for (number, file) in files.iter().enumerate() {
        let shade = image::RgbImage::from_pixel(64, 64, image::Rgb([number as u8 * 20; 3]));
        shade.save(file).unwrap();
    }
    std::fs::write(&files[4], "not an image").unwrap();
    let done = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&done);
    let batch = BatchOptions::new(PrepareOptions::default().size(64, 64))
        .jobs(3)
        .skip(|path| path.ends_with("2.png"))
        .on_done(move |item| writer.lock().unwrap().push(item.path.clone()));
    let items = client.upload_dataset(&dataset, &files, &batch);
    let paths: Vec<_> = items.iter().map(|item| item.path.clone()).collect();
    assert_eq!(paths, files);
    for (number, item) in items.iter().enumerate() {
        match (number, &item.outcome) {
            (2, BatchOutcome::Skipped)
            | (4, BatchOutcome::Failed(Error::Core(imgpost::Error::Prepare(_)))) => {}
            (_, BatchOutcome::Uploaded(image)) => {
                let stored = sandbox
                    .stored(image.receipt.key.as_deref().unwrap())
                    .unwrap();
                let shade = image::load_from_memory(&stored.bytes).unwrap().to_rgb8();
                let expected = number as u8 * 20;
                assert!(shade.get_pixel(30, 30).0[0].abs_diff(expected) < 3);
            }
            other => panic!("{other:?}"),
        }
    }
    let mut done = done.lock().unwrap().clone();
    done.sort();
    assert_eq!(done, files);
    let images = client.dataset(&dataset).unwrap().images;
    assert_eq!(images.len(), 7);

    let job = client
        .generate(&CreateGeneration::new("p").num_images(1))
        .unwrap();
    let generated = client.wait(&job).unwrap().images.remove(0);
    client.add_generated_image(&dataset, &generated.id).unwrap();
    assert_eq!(client.dataset(&dataset).unwrap().images.len(), 8);
    client.delete_dataset(&dataset).unwrap();
    assert!(client.dataset(&dataset).is_err());
}

#[test]
fn cancelled_batch_starts_no_further_upload() {
    let sandbox = Sandbox::start().unwrap();
    let token = CancelToken::new();
    let callback_token = token.clone();
    let batch = BatchOptions::new(PrepareOptions::default().size(64, 64))
        .jobs(1)
        .on_done(move |_| callback_token.cancel());
    let file = fixture("images/lighthouse.jpg");
    let client = client(&sandbox).cancel_token(&token);
    let items = client.upload_init_images([&file, &file, &file], &batch);
    let uploaded = |item: &&_| {
        matches!(
            item,
            &imgpost::leonardo::BatchItem {
                outcome: BatchOutcome::Uploaded(_),
                ..
            }
        )
    };
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(uploaded).count(), 1);
    assert!(matches!(
        &items[2].outcome,
        BatchOutcome::Failed(Error::Cancelled)
    ));
}

#[test]
fn delete_succeeds_when_retried_after_a_lost_response() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let id = client.upload_init_image(&lighthouse()).unwrap().id;
    let sandbox = sandbox.with_api_fault(Fault::LoseResponse);
    client.delete_init_image(&id).unwrap();
    let deletes = sandbox.requests().into_iter();
    assert_eq!(
        deletes.filter(|request| request.method == "DELETE").count(),
        2
    );
    // Without a lost response, it is an error.
    let error = client.delete_init_image(&id).unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}
