//! Posts every form to every server, and compares the results with the table in `tests/ci/real_s3.md`.

use std::collections::BTreeSet;

use imgpost::sandbox::Sandbox;
use imgpost::{
    Error, PolicyError, PresignedPost, PresignedPostError, Receipt, S3Error, Uploader, upload,
};
use serde_json::json;

use super::cases;
use super::image;
use crate::support::s3::{Kind, Server, Storage};

type Posted = Result<Receipt, Error>;

/// The result of a case at one storage.
struct Outcome {
    name: &'static str,
    /// The violation found before sending.
    violation: String,
    response: String,
    because: &'static str,
}

/// The violation of the policy that was found before sending.
fn violation(posted: &Posted) -> Option<String> {
    let Err(Error::PresignedPost(PresignedPostError::Policy(error))) = posted else {
        return None;
    };
    Some(match error {
        PolicyError::Expired { .. } => "Expired".into(),
        PolicyError::ConditionFailed { field, .. } => format!("ConditionFailed, {field}"),
        PolicyError::ExtraField { field } => format!("ExtraField, {field}"),
        PolicyError::TooLarge { .. } => "TooLarge".into(),
        PolicyError::TooSmall { .. } => "TooSmall".into(),
        PolicyError::ContentType { .. } => "ContentType".into(),
        other => panic!("{other:?}"),
    })
}

fn s3_error(posted: &Posted) -> Option<&S3Error> {
    match posted {
        Ok(_) => None,
        Err(Error::Storage(error)) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

/// The table's text for the result of a post: `stored` or the error.
fn response(posted: &Posted) -> String {
    let Some(error) = s3_error(posted) else {
        return "stored".into();
    };
    let code = error.code.as_ref().map_or("no code", |code| code.as_str());
    let predicates = [
        (error.is_expired(), ", is_expired"),
        (error.is_too_large(), ", is_too_large"),
        (error.is_retryable(), ", is_retryable"),
    ];
    let holding = predicates.into_iter().filter(|(holds, _)| *holds);
    let holding: String = holding.map(|(_, name)| name).collect();
    format!("{} {code}{holding}", error.status)
}

fn check_no_secret(error: &S3Error, given: &PresignedPost) {
    let shown = format!("{error} {error:?}");
    let is_secret = |name: &str| {
        matches!(name, "policy" | "x-amz-security-token") || name.contains("signature")
    };
    for (name, value) in given.fields().filter(|(name, _)| is_secret(name)) {
        assert!(!shown.contains(value), "{name} in {shown}");
    }
}

/// Checks that the storage contains exactly the files of the successful posts.
fn check_stored(storage: &dyn Storage, keys: &[String], posted: &[Posted]) {
    let stored = keys.iter().zip(posted).filter(|(_, posted)| posted.is_ok());
    let stored: BTreeSet<_> = stored.map(|(key, _)| key.clone()).collect();
    let objects = storage.objects();
    let image = image();
    assert!(objects.values().all(|content| content == image.bytes()));
    assert_eq!(objects.into_keys().collect::<BTreeSet<_>>(), stored);
}

/// Posts every case with and without validation of the policy.
fn post_all(storage: &dyn Storage) -> Vec<Outcome> {
    let image = image();
    let cases = cases::all(image.bytes().len(), &storage.signer());
    let keys: Vec<_> = (0..cases.len()).map(|n| format!("{n}.jpg")).collect();
    let requests = cases.iter().zip(&keys);
    let requests = requests.map(|(case, key)| case.request(key));
    let given = storage.presign(&requests.collect::<Vec<_>>());
    let forms = cases
        .iter()
        .zip(&given)
        .map(|(case, form)| case.alter(form));
    let forms: Vec<_> = forms.collect();

    let checked: Vec<_> = forms.iter().map(|form| upload(form, &image)).collect();
    check_stored(storage, &keys, &checked);
    let uploader = Uploader::default().validate_policy(false).retries(0);
    let unchecked = forms.iter().map(|form| uploader.upload(form, &image));
    let unchecked: Vec<_> = unchecked.collect();
    check_stored(storage, &keys, &unchecked);

    let mut outcomes = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let (found, response_text) = (violation(&checked[n]), response(&unchecked[n]));
        if let Some(error) = s3_error(&unchecked[n]) {
            check_no_secret(error, &given[n]);
            let is = |violation| found.as_deref() == Some(violation);
            assert_eq!(error.is_expired(), is("Expired"), "{}", case.name);
            assert_eq!(error.is_too_large(), is("TooLarge"), "{}", case.name);
        }
        // Without a violation, the form is sent and the storage responds the same.
        let violation = found.map(|found| format!("`{found}`"));
        let violation = violation.unwrap_or_else(|| {
            assert_eq!(response(&checked[n]), response_text, "{}", case.name);
            "is sent".into()
        });
        outcomes.push(Outcome {
            name: case.name,
            violation,
            response: response_text,
            because: case.because,
        });
    }
    outcomes
}

#[test]
fn servers_respond_as_the_table_says_and_the_sandbox_like_the_strictest() {
    let [mini_stack, s3s_fs] = Kind::ALL.map(|kind| post_all(&Server::start(kind)));
    let sandbox = post_all(&Sandbox::start().unwrap());
    let mut table = String::from(
        "| the form | before it is sent | MiniStack and the sandbox | s3s-fs | why they differ |\n|---|---|---|---|---|\n",
    );
    let mut differences = Vec::new();
    for ((strict, other), ours) in mini_stack.iter().zip(&s3s_fs).zip(&sandbox) {
        let Outcome {
            name,
            violation,
            response,
            because,
        } = strict;
        assert_eq!(
            [violation, violation],
            [&other.violation, &ours.violation],
            "{name}"
        );
        assert_eq!(
            *response != other.response,
            !because.is_empty(),
            "{name}: {response}, {}",
            other.response
        );
        if *response != ours.response {
            differences.push(format!("{name}: {response}, sandbox {}", ours.response));
        }
        table += &format!(
            "| {name} | {violation} | {response} | {} | {because} |\n",
            other.response
        );
    }
    println!("{table}");
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ci/real_s3.md"))
            .unwrap();
    assert!(
        committed.contains(&table),
        "replace the table in tests/ci/real_s3.md by:\n{table}"
    );
    assert!(differences.is_empty(), "{differences:#?}");
}

/// A multipart body with these parts in order; a part with a file name is a file.
fn body(parts: &[(&str, &str, Option<&str>)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value, file_name) in parts {
        let file_name =
            file_name.map(|name| format!("; filename=\"{name}\"\r\nContent-Type: text/plain"));
        body += &format!(
            "--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n{value}\r\n",
            file_name.unwrap_or_default()
        );
    }
    (body + "--BOUNDARY--\r\n").into_bytes()
}

/// This is why the file is the last part of our bodies.
#[test]
fn file_before_the_fields_is_rejected_by_servers_that_read_like_aws() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let requests = ["last", "first", "before-key"].map(|key| json!({"key": key}));
        let forms = server.presign(&requests);
        let file = ("file", "content", Some("a.txt"));
        let post = |form: &PresignedPost, is_before: fn(&str) -> bool| {
            let fields = form.fields().map(|(name, value)| (name, value, None));
            let (before, after): (Vec<_>, Vec<_>) = fields.partition(|(name, ..)| is_before(name));
            let parts = [before, vec![file], after].concat();
            let (status, response) =
                server.post_raw("multipart/form-data; boundary=BOUNDARY", &body(&parts));
            assert!(
                status == 204 || response.contains("<Code>"),
                "{status} {response}"
            );
            status
        };
        let statuses = [
            post(&forms[0], |_| true),
            post(&forms[1], |_| false),
            post(&forms[2], |name| name != "key"),
        ];
        let stored: Vec<_> = server.objects().into_keys().collect();
        match kind {
            // MiniStack reads the whole body before it processes a part.
            Kind::MiniStack => {
                assert_eq!(statuses, [204, 204, 204]);
                assert_eq!(stored, ["before-key", "first", "last"]);
            }
            Kind::S3sFs => {
                assert_eq!(statuses, [204, 403, 400]);
                assert_eq!(stored, ["last"]);
            }
        }
    }
}
