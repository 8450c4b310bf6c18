//! Every form at every server. The table is in `tests/ci/real_s3.md`; the test fails when it is not what comes out.

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

/// What came of a case at one storage.
struct Outcome {
    name: &'static str,
    /// What was found before it was sent.
    found: String,
    answered: String,
    because: &'static str,
}

/// What was found before anything was sent.
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

fn refusal(posted: &Posted) -> Option<&S3Error> {
    match posted {
        Ok(_) => None,
        Err(Error::Storage(error)) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

/// What the storage made of a post: `stored`, or why not.
fn answer(posted: &Posted) -> String {
    let Some(error) = refusal(posted) else {
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

fn says_no_secret(error: &S3Error, given: &PresignedPost) {
    let told = format!("{error} {error:?}");
    let is_secret = |name: &str| {
        matches!(name, "policy" | "x-amz-security-token") || name.contains("signature")
    };
    for (name, value) in given.fields().filter(|(name, _)| is_secret(name)) {
        assert!(!told.contains(value), "{name} in {told}");
    }
}

/// Nothing but what these posts were told to be stored is there.
fn is_exactly(storage: &dyn Storage, keys: &[String], posted: &[Posted]) {
    let stored = keys.iter().zip(posted).filter(|(_, posted)| posted.is_ok());
    let stored: BTreeSet<_> = stored.map(|(key, _)| key.clone()).collect();
    let objects = storage.objects();
    let image = image();
    assert!(objects.values().all(|content| content == image.bytes()));
    assert_eq!(objects.into_keys().collect::<BTreeSet<_>>(), stored);
}

/// What came of every case: what was found before it was sent, and what the server answered.
fn post_all(storage: &dyn Storage) -> Vec<Outcome> {
    let image = image();
    let cases = cases::all(image.bytes().len(), &storage.signer());
    let keys: Vec<_> = (0..cases.len()).map(|n| format!("{n}.jpg")).collect();
    let asked = cases.iter().zip(&keys).map(|(case, key)| case.ask(key));
    let given = storage.presign(&asked.collect::<Vec<_>>());
    let forms = cases
        .iter()
        .zip(&given)
        .map(|(case, form)| case.alter(form));
    let forms: Vec<_> = forms.collect();

    let checked: Vec<_> = forms.iter().map(|form| upload(form, &image)).collect();
    is_exactly(storage, &keys, &checked);
    let uploader = Uploader::default().validate_policy(false).retries(0);
    let unchecked = forms.iter().map(|form| uploader.upload(form, &image));
    let unchecked: Vec<_> = unchecked.collect();
    is_exactly(storage, &keys, &unchecked);

    let mut outcomes = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let (found, answered) = (violation(&checked[n]), answer(&unchecked[n]));
        if let Some(error) = refusal(&unchecked[n]) {
            says_no_secret(error, &given[n]);
            let is = |violation| found.as_deref() == Some(violation);
            assert_eq!(error.is_expired(), is("Expired"), "{}", case.name);
            assert_eq!(error.is_too_large(), is("TooLarge"), "{}", case.name);
        }
        // What the policy does not tell is the storage's to tell.
        let found = found.map(|found| format!("`{found}`"));
        let found = found.unwrap_or_else(|| {
            assert_eq!(answer(&checked[n]), answered, "{}", case.name);
            "is sent".into()
        });
        outcomes.push(Outcome {
            name: case.name,
            found,
            answered,
            because: case.because,
        });
    }
    outcomes
}

#[test]
fn every_server_stores_what_is_good_and_refuses_the_rest_and_the_sandbox_as_the_strictest() {
    let [mini_stack, s3s_fs] = Kind::ALL.map(|kind| post_all(&Server::start(kind)));
    let sandbox = post_all(&Sandbox::start().unwrap());
    let mut table = String::from(
        "| the form | before it is sent | MiniStack and the sandbox | s3s-fs | why they differ |\n|---|---|---|---|---|\n",
    );
    let mut differ = Vec::new();
    for ((strict, other), ours) in mini_stack.iter().zip(&s3s_fs).zip(&sandbox) {
        let Outcome {
            name,
            found,
            answered,
            because,
        } = strict;
        assert_eq!([found, found], [&other.found, &ours.found], "{name}");
        assert_eq!(
            *answered != other.answered,
            !because.is_empty(),
            "{name}: {answered}, {}",
            other.answered
        );
        if *answered != ours.answered {
            differ.push(format!("{name}: {answered}, sandbox {}", ours.answered));
        }
        table += &format!(
            "| {name} | {found} | {answered} | {} | {because} |\n",
            other.answered
        );
    }
    println!("{table}");
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ci/real_s3.md"))
            .unwrap();
    assert!(
        committed.contains(&table),
        "tests/ci/real_s3.md wants this table:\n{table}"
    );
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The parts in the order given; a file where there is a file name.
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

/// Why the file is always the last part of our body.
#[test]
fn a_file_before_the_fields_is_refused_by_those_who_read_as_aws_does() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let asked = ["last", "first", "before-key"].map(|key| json!({"key": key}));
        let forms = server.presign(&asked);
        let file = ("file", "content", Some("a.txt"));
        let post = |form: &PresignedPost, place: fn(&str) -> bool| {
            let fields = form.fields().map(|(name, value)| (name, value, None));
            let (before, after): (Vec<_>, Vec<_>) = fields.partition(|(name, ..)| place(name));
            let parts = [before, vec![file], after].concat();
            let answer = server.post_raw("multipart/form-data; boundary=BOUNDARY", &body(&parts));
            assert!(answer.0 == 204 || answer.1.contains("<Code>"), "{answer:?}");
            answer.0
        };
        let statuses = [
            post(&forms[0], |_| true),
            post(&forms[1], |_| false),
            post(&forms[2], |name| name != "key"),
        ];
        let stored: Vec<_> = server.objects().into_keys().collect();
        match kind {
            // It reads the whole body before it looks at any part.
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
