//! Uploads with presigned URLs, valid and invalid, to every server, and compares the results with the table in
//! `tests/ci/real_s3.md`.

use imgpost::sandbox::Sandbox;
use imgpost::{Error, PresignedPostError, PresignedPut, PresignedPutError, Receipt, upload};
use serde_json::{Value, json};

use super::{image, unchecked};
use crate::support::s3::{Kind, Server, Signer, Storage};

type Headers = &'static [(&'static str, &'static str)];

/// A URL and the headers that are given along with it.
struct Case {
    name: &'static str,
    /// The request to boto3, without the key.
    request: Value,
    headers: Headers,
    /// Replaces a part of the URL.
    replace: Option<(&'static str, &'static str)>,
}

fn case(name: &'static str, request: Value, headers: Headers) -> Case {
    Case {
        name,
        request,
        headers,
        replace: None,
    }
}

impl Case {
    fn replace(mut self, from: &'static str, to: &'static str) -> Self {
        self.replace = Some((from, to));
        self
    }

    fn presigned(&self, url: &str) -> PresignedPut {
        let url = self.replace.map_or(url.to_owned(), |(from, to)| {
            assert!(url.contains(from), "{}: {from}", self.name);
            url.replace(from, to)
        });
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        PresignedPut::new(url, self.headers.iter().map(own)).unwrap()
    }
}

fn cases(signer: &Signer) -> Vec<Case> {
    let (id, token) = (&signer.access_key, &signer.session_token);
    let jpeg = || json!({"parameters": {"ContentType": "image/jpeg"}});
    let owner = || json!({"parameters": {"Metadata": {"owner": "somebody"}}});
    let plain = || json!({});
    vec![
        case("as it was given", plain(), &[]),
        case(
            "with a Content-Type that was not signed",
            plain(),
            &[("Content-Type", "image/jpeg")],
        ),
        case("for a JPEG", jpeg(), &[("Content-Type", "image/jpeg")]),
        case("for a JPEG, its header not given", jpeg(), &[]),
        case(
            "for a JPEG, another type given",
            jpeg(),
            &[("Content-Type", "image/png")],
        ),
        case(
            "with metadata",
            owner(),
            &[("x-amz-meta-owner", "somebody")],
        ),
        case("with metadata, its header not given", owner(), &[]),
        case(
            "with other metadata",
            owner(),
            &[("x-amz-meta-owner", "nobody")],
        ),
        case(
            "expired an hour ago",
            json!({"ago": 3660, "expires": 60}),
            &[],
        ),
        case("wrong signature", plain(), &[]).replace("X-Amz-Signature=", "X-Amz-Signature=0"),
        case("no signature", plain(), &[]).replace("X-Amz-Signature=", "X-Ignore="),
        case("another key", plain(), &[]).replace(".jpg", ".png"),
        case(
            "signed with another secret key",
            json!({"credentials": [id, "another-secret-key", token]}),
            &[],
        ),
        case(
            "signed with another access key",
            json!({"credentials": ["ASIAANOTHERANOTHER00", "another-secret-key", token]}),
            &[],
        ),
    ]
}

/// The violation that was found before sending.
fn violation(sent: &Result<Receipt, Error>) -> String {
    let Err(Error::PresignedPost(PresignedPostError::Put(error))) = sent else {
        return "is sent".into();
    };
    match error {
        PresignedPutError::Expired { .. } => "`Expired`".into(),
        PresignedPutError::MissingHeader { name } => format!("`MissingHeader, {name}`"),
        PresignedPutError::ContentType { .. } => "`ContentType`".into(),
        other => panic!("{other:?}"),
    }
}

fn response(sent: &Result<Receipt, Error>) -> String {
    match sent {
        Ok(_) => "stored".into(),
        Err(Error::Storage(error)) => {
            let code = error.code.as_ref().map_or("no code", |code| code.as_str());
            let expired = if error.is_expired() {
                ", is_expired"
            } else {
                ""
            };
            format!("{} {code}{expired}", error.status)
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// The violations and the responses of all cases.
fn put_all(storage: &dyn Storage) -> Vec<(String, String)> {
    let cases = cases(&storage.signer());
    let keys: Vec<_> = (0..cases.len()).map(|n| format!("{n}.jpg")).collect();
    let requests = cases.iter().zip(&keys).map(|(case, key)| {
        let mut request = case.request.clone();
        request["key"] = key.as_str().into();
        request
    });
    let urls = storage.presign_put(&requests.collect::<Vec<_>>());
    let puts = cases
        .iter()
        .zip(&urls)
        .map(|(case, url)| case.presigned(url));
    let mut stored = Vec::new();
    let outcomes = puts.zip(&keys).map(|(put, key)| {
        let checked = violation(&upload(&put, &image()));
        let sent = unchecked().retries(0).upload(&put, &image());
        if sent.is_ok() {
            stored.push(key.clone());
        }
        (checked, response(&sent))
    });
    let outcomes = outcomes.collect();
    let objects = storage.objects();
    assert!(objects.values().all(|content| content == image().bytes()));
    stored.sort();
    assert!(objects.keys().eq(&stored), "{:?}", objects.keys());
    outcomes
}

#[test]
fn servers_respond_to_presigned_urls_as_the_table_says() {
    let [mini_stack, s3s_fs] = Kind::ALL.map(|kind| put_all(&Server::start(kind)));
    let sandbox = put_all(&Sandbox::start().unwrap());
    let mut table = String::from(
        "| the URL | before it is sent | MiniStack | the sandbox | s3s-fs |\n|---|---|---|---|---|\n",
    );
    for (n, case) in cases(&Signer::for_servers()).iter().enumerate() {
        let (violation, response) = &mini_stack[n];
        let (ours, other) = (&sandbox[n].1, &s3s_fs[n].1);
        table += &format!(
            "| {} | {violation} | {response} | {ours} | {other} |\n",
            case.name
        );
        // What is rejected locally is rejected by every server.
        let all = [response, ours, other];
        let is_rejected = |response: &&String| *response != "stored";
        assert!(
            violation == "is sent" || all.iter().all(is_rejected),
            "{}: {violation}, {all:?}",
            case.name
        );
    }
    println!("{table}");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ci/real_s3.md");
    assert!(
        std::fs::read_to_string(committed).unwrap().contains(&table),
        "replace the table in tests/ci/real_s3.md by:\n{table}"
    );
}
