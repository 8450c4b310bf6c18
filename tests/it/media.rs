//! Videos and sounds are uploaded, read and deleted; images outside the sizes of the API are reported when they are uploaded.

use imgpost::leonardo::call::CreateMedia;
use imgpost::leonardo::{
    CreateGenerationV2, Error, Guidance, GuidanceKind, ImageReference, MediaExtension, Model,
    ParameterError, prepare, prepare_for, sizes,
};
use imgpost::sandbox::Sandbox;
use imgpost::{PrepareOptions, PreparedImage};
use serde_json::json;

use crate::support::command::{on, run};
use crate::support::raw_api::{NO_SUCH_ID, RawApi};

#[test]
fn media_is_uploaded_read_and_deleted() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, media_type) in [
        ("waves.mp3", "AUDIO"),
        ("waves.WAV", "AUDIO"),
        ("film.mov", "VIDEO"),
        ("film.mp4", "VIDEO"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, b"content").unwrap();
        let uploaded = client.upload_media(&path).unwrap();
        let media = client.media(&uploaded.id).unwrap();
        assert_eq!(media.media_type.as_deref(), Some(media_type), "{name}");
        let url = media.url.unwrap();
        let key = url.split_once("imgpost-sandbox/").unwrap().1;
        assert_eq!(sandbox.stored(key).unwrap().bytes, b"content", "{name}");
        client.delete_media(&uploaded.id).unwrap();
        assert!(sandbox.stored(key).is_none(), "{name}");
        assert!(client.media(&uploaded.id).unwrap_err().is_not_found());
        assert!(
            client
                .delete_media(&uploaded.id)
                .unwrap_err()
                .is_not_found()
        );
    }
    let path = folder.path().join("waves.mp3");
    let unnamed = client.upload_media_with(&CreateMedia::new(MediaExtension::Mp3), &path);
    let error = unnamed.unwrap_err().to_string();
    assert_eq!(error, "the originalFilename is empty; give one");
    let team = CreateMedia::new(MediaExtension::Mp3)
        .original_filename("a.mp3")
        .team_id(NO_SUCH_ID);
    assert!(client.upload_media_with(&team, &path).is_ok());
}

#[test]
fn video_guides_a_generation_by_its_id() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [film, sound] = ["film.mp4", "sound.mp3"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, b"content").unwrap();
        client.upload_media(path).unwrap().id
    });
    let guided = |id: &str| {
        let video = Guidance::new(GuidanceKind::VideoReference, ImageReference::uploaded(id));
        let generation = CreateGenerationV2::new("nano-banana-2", "p").guidance(video);
        client.generate(&generation)
    };
    assert!(guided(&film).is_ok());
    for wrong in [sound.as_str(), NO_SUCH_ID] {
        let error = guided(wrong).unwrap_err().to_string();
        assert!(error.contains("there is no video"), "{error}");
    }
}

#[test]
fn sandbox_requires_the_name_of_a_sound_and_an_id_for_a_team() {
    let api = RawApi::start();
    for (body, expected) in [
        (
            json!({"extension": "wav"}),
            "originalFilename is required for wav",
        ),
        (
            json!({"extension": "mp3", "originalFilename": ""}),
            "originalFilename",
        ),
        (json!({"extension": "mp4", "teamId": "mine"}), "a UUID"),
    ] {
        let message = api.rejected("/v1/media", &body);
        assert!(message.contains(expected), "{body}: {message}");
    }
}

fn image(options: &PrepareOptions, width: u32, height: u32) -> PreparedImage {
    let pixels = vec![128; 4 * width as usize * height as usize];
    options.prepare_rgba8(width, height, &pixels).unwrap()
}

#[test]
fn image_outside_the_sizes_of_the_api_is_reported_when_it_is_uploaded() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let kept = PrepareOptions::default();
    let warning = |image: &PreparedImage| client.upload_init_image(image).unwrap().warning;
    assert_eq!(warning(&image(&prepare(), 10, 10)), None);
    assert_eq!(warning(&image(&kept, 1536, 64)), None);
    let model = Model::find("nano-banana-2").unwrap();
    assert_eq!(warning(&image(&prepare_for(model), 20, 10)), None);
    let small = warning(&image(&kept, 10, 10)).unwrap();
    assert!(
        small.starts_with("no model of the API generates 10x10, the size of the image; "),
        "{small}"
    );
    let dataset = client.create_dataset("d", None).unwrap();
    let upload = |image: &PreparedImage| client.upload_dataset_image(&dataset, image).unwrap();
    let recommended = kept.clone().bounds(sizes::DATASET);
    assert_eq!(upload(&image(&recommended, 10, 10)).warning, None);
    let warning = upload(&image(&kept, 64, 64)).warning.unwrap();
    assert!(warning.contains("recommends 1024x1024"), "{warning}");

    // The canvas has limits of its own: nothing is sent.
    let before = sandbox.requests().len();
    for (width, height) in [(8, 8), (1544, 64), (100, 100)] {
        let large = image(&kept, width, height);
        let mask = image(&kept, width, height);
        let error = client.upload_canvas(&large, &mask).unwrap_err();
        let Error::InvalidParameter(invalid) = &error else {
            panic!("{error:?}");
        };
        let ParameterError::ImageSize { image, .. } = &**invalid else {
            panic!("{error:?}");
        };
        assert_eq!((image.width, image.height), (width, height));
        assert!(error.to_string().contains("prepare it with"), "{error}");
    }
    assert_eq!(sandbox.requests().len(), before);
}

#[test]
fn command_reports_an_image_that_no_model_generates() {
    let sandbox = Sandbox::start().unwrap();
    let upload = |size: &str| {
        let photo = "fixtures/images/lighthouse.jpg";
        let output = run(on(&sandbox).args(["upload", photo, "--size", size]));
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let reported = upload("10x10");
    assert!(
        reported.contains("no model of the API generates 10x10"),
        "{reported}"
    );
    assert!(reported.contains("--bounds"), "{reported}");
    assert!(!upload("64x64").contains("no model"));
}
