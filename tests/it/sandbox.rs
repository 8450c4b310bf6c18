//! Promise: the client works with a server that validates everything, and reports its rejections.

use std::time::{Duration, Instant, SystemTime};

use imgpost::leonardo::{Client, CreateGeneration, Error};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Extension, PrepareOptions, PreparedImage, PresignedPost, Uploader, upload};

fn client(sandbox: &Sandbox) -> Client {
    let builder = Client::builder(sandbox.api_key());
    builder.base_url(sandbox.base_url()).build().unwrap()
}

fn image(extension: Extension) -> PreparedImage {
    let photo = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/images/lighthouse.jpg"
    );
    PrepareOptions::default()
        .size(128, 96)
        .extension(extension)
        .open(photo)
        .unwrap()
}

/// A copy of `form` with its fields changed or removed.
fn altered(form: &PresignedPost, change: impl Fn(&str, &str) -> Option<String>) -> PresignedPost {
    let fields = form
        .fields()
        .filter_map(|(name, value)| Some((name.to_owned(), change(name, value)?)));
    PresignedPost::new(form.url(), fields.collect::<Vec<_>>()).unwrap()
}

/// The error code of the storage for `form`.
fn code_of(form: &PresignedPost) -> String {
    // Leave the validation to the storage.
    let uploader = Uploader::default().validate_policy(false);
    match uploader.upload(form, &image(Extension::Jpg)) {
        Err(imgpost::Error::Storage(error)) => error.code.unwrap().to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn init_image_is_stored_unchanged_for_every_extension() {
    let sandbox = Sandbox::start().unwrap();
    for extension in Extension::ALL.iter().copied() {
        let image = image(extension);
        let init = client(&sandbox).upload_init_image(&image).unwrap();
        let key = init.receipt.key.unwrap();
        assert!(key.ends_with(&format!("primary.{extension}")), "{key}");
        let stored = sandbox.stored(&key).unwrap();
        assert_eq!(stored.bytes, image.bytes());
        assert_eq!(
            stored.content_type.as_deref(),
            Some(extension.content_type())
        );
        assert_eq!(init.size, image.size());
    }
}

#[test]
fn dataset_image_is_stored_and_an_unknown_dataset_is_not_found() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let image = image(Extension::Png);
    let dataset = client.create_dataset("lighthouses", None).unwrap();
    let uploaded = client.upload_dataset_image(&dataset, &image).unwrap();
    assert_eq!(
        sandbox
            .stored(&uploaded.receipt.key.unwrap())
            .unwrap()
            .bytes,
        image.bytes()
    );
    let error = client
        .upload_dataset_image("no-such-id", &image)
        .unwrap_err();
    assert!(
        matches!(&error, Error::Api(api) if api.status == 404),
        "{error:?}"
    );
    let error = client.upload_dataset_image("../me", &image).unwrap_err();
    assert!(matches!(error, Error::InvalidParameter(_)), "{error:?}");
}

#[test]
fn generation_completes_while_waiting() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let init = client.upload_init_image(&image(Extension::Jpg)).unwrap();
    let request = CreateGeneration::new("dusk")
        .init_image(&init)
        .strength(0.4)
        .num_images(2);
    let job = client.generate(&request).unwrap();
    let done = client.wait(&job).unwrap();
    assert_eq!(done.images.len(), 2);
    assert_ne!(done.images[0].url, done.images[1].url);
    // An image of the requested size is not stretched.
    let uploaded = sandbox.stored(&init.receipt.key.unwrap());
    for image in &done.images {
        let (_, key) = image.url.split_once("/users/").unwrap();
        assert_eq!(sandbox.stored(&format!("users/{key}")), uploaded);
    }
    let error = client
        .generation("00000000-0000-4000-8000-000000000000")
        .unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
}

#[test]
fn invalid_generation_is_rejected_without_a_request() {
    let sandbox = Sandbox::start().unwrap();
    let client = client(&sandbox);
    let long = "x".repeat(1501);
    for request in [
        CreateGeneration::new(""),
        CreateGeneration::new(long),
        CreateGeneration::new("x").strength(0.95),
        CreateGeneration::new("x").strength(f64::NAN),
    ] {
        let error = client.generate(&request).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter(_)), "{error:?}");
    }
}

#[test]
fn unknown_key_is_reported_but_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    for key in ["11111111-2222-4333-8444-555555555555", "no-uuid-at-all"] {
        let client = Client::builder(key)
            .base_url(sandbox.base_url())
            .build()
            .unwrap();
        let error = client
            .upload_init_image(&image(Extension::Jpg))
            .unwrap_err();
        assert!(
            matches!(&error, Error::Api(api) if api.is_unauthorized()),
            "{error:?}"
        );
        let shown = format!("{error} {error:?} {client:?}");
        assert!(
            shown.contains("LEONARDO_API_KEY") && !shown.contains(key),
            "{shown}"
        );
    }
}

#[test]
fn altered_forms_are_rejected_with_s3s_code_and_store_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let form = client(&sandbox)
        .create_init_image(Extension::Jpg)
        .unwrap()
        .form;
    let set = |field: &'static str, to: Option<&'static str>| {
        altered(&form, move |name, value| {
            if name == field {
                to.map(str::to_owned)
            } else {
                Some(value.to_owned())
            }
        })
    };
    for (form, code) in [
        (set("X-Amz-Signature", Some("00")), "SignatureDoesNotMatch"),
        (set("X-Amz-Signature", None), "InvalidArgument"),
        (set("Policy", Some("e30=")), "SignatureDoesNotMatch"),
        (set("Policy", None), "InvalidArgument"),
        (set("X-Amz-Security-Token", None), "InvalidToken"),
        (set("X-Amz-Security-Token", Some("x")), "InvalidToken"),
        (set("X-Amz-Credential", Some("x")), "InvalidArgument"),
        (set("X-Amz-Credential", None), "AccessDenied"),
        (set("X-Amz-Date", None), "InvalidArgument"),
        (
            set("X-Amz-Date", Some("20260101T000000Z")),
            "InvalidArgument",
        ),
        (set("X-Amz-Algorithm", Some("AWS4")), "InvalidArgument"),
        (set("Content-Type", Some("image/png")), "AccessDenied"),
        (set("key", Some("elsewhere")), "AccessDenied"),
        (set("key", None), "InvalidArgument"),
    ] {
        assert_eq!(code_of(&form), code);
    }
    let extra = form.fields().chain([("acl", "public-read")]);
    let extra = extra.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let extra = PresignedPost::new(form.url(), extra.collect::<Vec<_>>()).unwrap();
    assert_eq!(code_of(&extra), "AccessDenied");
    assert_eq!(sandbox.stored(form.key().unwrap()), None);
    assert_eq!(sandbox.stored("elsewhere"), None);
    upload(&form, &image(Extension::Jpg)).unwrap();
    assert!(sandbox.stored(form.key().unwrap()).is_some());
}

/// A backend can sign a form whose key contains the name of the file.
#[test]
fn form_of_another_signer_is_accepted_and_its_variables_are_expanded() {
    let sandbox = Sandbox::start().unwrap();
    let signed = |key: &str| own_form(&sandbox, key);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "content").unwrap();
    let receipt = Uploader::default().upload_file(&signed("up/${filename}"), &path, None);
    assert_eq!(receipt.unwrap().key.as_deref(), Some("up/a.txt"));
    assert_eq!(sandbox.keys(), ["up/a.txt"]);
    let uploader = Uploader::default().validate_policy(false);
    let rejected = uploader.upload_file(&signed("elsewhere/${filename}"), &path, None);
    assert!(
        matches!(&rejected, Err(imgpost::Error::Storage(s3)) if s3.status == 403),
        "{rejected:?}"
    );
    assert_eq!(sandbox.keys().len(), 1);
    let shown = format!("{:?}", sandbox.credentials());
    let credentials = sandbox.credentials();
    assert!(shown.contains(&credentials.access_key_id), "{shown}");
    assert!(
        !shown.contains(&credentials.secret_access_key)
            && !shown.contains(&credentials.session_token)
    );
}

/// Signs as the documentation of Signature Version 4 specifies, with a policy for keys that start with `up/`.
fn own_form(sandbox: &Sandbox, key: &str) -> PresignedPost {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use hmac::{Hmac, Mac};

    let credentials = sandbox.credentials();
    let region = Sandbox::REGION;
    let now = jiff::Timestamp::now();
    let (date, time) = (now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ"));
    let scope = format!(
        "{}/{date}/{region}/s3/aws4_request",
        credentials.access_key_id
    );
    let mut fields = vec![
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", scope),
        ("X-Amz-Date", time.to_string()),
        ("X-Amz-Security-Token", credentials.session_token.clone()),
    ];
    let conditions = fields
        .iter()
        .map(|(name, value)| serde_json::json!({*name: value}));
    let others = [
        serde_json::json!({"bucket": Sandbox::BUCKET}),
        serde_json::json!(["starts-with", "$key", "up/"]),
    ];
    let conditions: Vec<_> = conditions.chain(others).collect();
    let expiration = (now + jiff::SignedDuration::from_secs(60)).to_string();
    let policy = serde_json::json!({"expiration": expiration, "conditions": conditions});
    let policy = STANDARD.encode(policy.to_string());
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes()
    };
    let secret = format!("AWS4{}", credentials.secret_access_key);
    let steps = [
        date.to_string(),
        region.into(),
        "s3".into(),
        "aws4_request".into(),
        policy.clone(),
    ];
    let start = secret.into_bytes();
    let signature = steps
        .iter()
        .fold(start, |key, step| mac(&key, step).to_vec());
    let signature = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    fields.extend([
        ("Policy", policy),
        ("X-Amz-Signature", signature),
        ("key", key.into()),
    ]);
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    PresignedPost::new(sandbox.bucket_url(), fields).unwrap()
}

#[test]
fn broken_image_requests_no_form() {
    let error = PrepareOptions::default()
        .prepare_bytes(b"not an image")
        .unwrap_err();
    assert!(error.to_string().contains("not an image"));
}

#[test]
fn port_is_free_after_the_sandbox_is_dropped() {
    let sandbox = Sandbox::start().unwrap();
    let url = sandbox.base_url();
    let builder = Client::builder(sandbox.api_key()).base_url(&url);
    let client = builder.retries(0).build().unwrap();
    drop(sandbox);
    let error = client.create_init_image(Extension::Jpg).unwrap_err();
    assert!(error.transport().is_some(), "{url}: {error:?}");
}

#[test]
fn faults_are_injected_into_posts_and_calls() {
    let stall = Fault::Stall(Duration::from_millis(50));
    for fault in [
        Fault::CloseInBody(0),
        Fault::CloseInBody(50),
        Fault::CloseBeforeResponse,
        Fault::LoseResponse,
        stall.clone(),
        Fault::s3_error(503, "SlowDown"),
        Fault::proxy_page(502),
    ] {
        let sandbox = Sandbox::start().unwrap().with_fault(fault.clone());
        let image = image(Extension::Jpg);
        let init = sandbox.client().unwrap().upload_init_image(&image).unwrap();
        assert_eq!(init.receipt.attempts, 2, "{fault:?}");
        let stored = sandbox
            .stored(init.receipt.key.as_deref().unwrap())
            .unwrap();
        assert_eq!(stored.bytes, image.bytes());
        let requests = sandbox.requests();
        let statuses: Vec<_> = requests.iter().map(|request| request.status).collect();
        let status = match &fault {
            Fault::Respond { status, .. } => Some(*status),
            _ => None,
        };
        assert_eq!(statuses, [Some(200), status, Some(204)], "{fault:?}");
        assert!(requests[0].path.ends_with("/v1/init-image") && requests[1].method == "POST");
    }
    let sandbox = Sandbox::start()
        .unwrap()
        .with_fault(Fault::s3_error(403, "AccessDenied"));
    let client = sandbox.client().unwrap();
    let error = client
        .upload_init_image(&image(Extension::Jpg))
        .unwrap_err();
    assert!(
        matches!(error.core(), Some(imgpost::Error::Storage(s3)) if s3.status == 403),
        "{error:?}"
    );

    let sandbox = Sandbox::start()
        .unwrap()
        .with_api_fault(Fault::proxy_page(502))
        .with_api_fault(Fault::CloseBeforeResponse)
        .with_api_fault(Fault::api_error(400, "validation-failed", "no such field"));
    let client = sandbox.client().unwrap();
    let Err(Error::Api(error)) = client.me() else {
        panic!("the third response is an API error")
    };
    assert_eq!(error.code.as_deref(), Some("validation-failed"));
    assert!(client.me().is_ok());
}

#[test]
fn validity_of_forms_and_latency_are_configurable() {
    let sandbox = Sandbox::start()
        .unwrap()
        .with_expiry(Duration::from_secs(4000));
    let form = sandbox
        .client()
        .unwrap()
        .create_init_image(Extension::Jpg)
        .unwrap()
        .form;
    let validity = form
        .expires_at()
        .unwrap()
        .duration_since(SystemTime::now())
        .unwrap();
    assert!((3900..=4000).contains(&validity.as_secs()), "{validity:?}");
    let sandbox = Sandbox::start().unwrap().with_expiry(Duration::ZERO);
    let error = sandbox
        .client()
        .unwrap()
        .upload_init_image(&image(Extension::Jpg));
    assert!(error.unwrap_err().is_expired());
    let latency = Duration::from_millis(300);
    let sandbox = Sandbox::start().unwrap().with_latency(latency);
    let started = Instant::now();
    sandbox.client().unwrap().me().unwrap();
    assert!(started.elapsed() >= latency);
}

#[test]
fn page_shows_requests_and_no_secret() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    client.upload_init_image(&image(Extension::Png)).unwrap();
    client.generation("<b>").unwrap_err();
    let page = ureq::get(sandbox.page_url()).call().unwrap();
    let page = page.into_body().read_to_string().unwrap();
    assert!(page.contains("Stored files: 1"), "{page}");
    assert!(
        page.contains("200</b><div><code>POST /api/rest/v1/init-image</code>"),
        "{page}"
    );
    assert!(
        !page.contains("<b>\"") && !page.contains(sandbox.api_key()),
        "{page}"
    );
}
