//! Promise: every part of our forms is byte for byte the part that Chromium, Node and Python's requests send.
//!
//! `fixtures/capture_chromium.py` captured Chromium's forms; the others are sent here. Needs the tools that `.ci/run`
//! installs: `IMGPOST_TEST_BIN` is a folder with `python` (requests), `IMGPOST_TEST_NODE_MODULES` is set, and `node` is
//! in the path. No test is skipped: a missing tool is a failure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use serde_json::{Value, json};

use crate::support::others::{self, Case, GOOD};
use crate::support::tools::{self, run};
use crate::support::{Captured, capture_one, files};

const WRITERS: [&str; 3] = ["Chromium", "Node", "requests"];
const BROWSERS: &[&str] = &["Chromium", "Node"];

/// A part that another program writes differently: its head or, if the heads are equal, its content.
struct Difference {
    writers: &'static [&'static str],
    /// The name of the form in `fixtures/forms.json`.
    form: &'static str,
    ours: &'static str,
    theirs: &'static str,
    why: &'static str,
}

const DIFFERENCES: [Difference; 6] = [
    Difference {
        writers: BROWSERS,
        form: "line-breaks",
        ours: "a\nb",
        theirs: "a\r\nb",
        why: AS_SIGNED,
    },
    Difference {
        writers: BROWSERS,
        form: "line-breaks",
        ours: "a\rb",
        theirs: "a\r\nb",
        why: AS_SIGNED,
    },
    Difference {
        writers: &["requests"],
        form: "no-type",
        ours: "Content-Disposition: form-data; name=\"file\"; filename=\"photo.webp\"\r\n\
               Content-Type: application/octet-stream",
        theirs: "Content-Disposition: form-data; name=\"file\"; filename=\"photo.webp\"",
        why: "requests omits the type if none is given, which means text/plain (RFC 7578, section 4.4)",
    },
    Difference {
        writers: BROWSERS,
        form: "field-name-with-line-break",
        ours: REJECTED,
        theirs: "Content-Disposition: form-data; name=\"a%0D%0Ab\"",
        why: NAME,
    },
    Difference {
        writers: &["requests"],
        form: "field-name-with-line-break",
        ours: REJECTED,
        theirs: "Content-Disposition: form-data; name=\"a%0Ab\"",
        why: NAME,
    },
    Difference {
        writers: &WRITERS,
        form: "file-name-with-line-break",
        ours: REJECTED,
        theirs: "Content-Disposition: form-data; name=\"file\"; filename=\"a%0Ab.webp\"\r\n\
                 Content-Type: image/webp",
        why: NAME,
    },
];

const REJECTED: &str = "rejected";
const AS_SIGNED: &str = "the policy signs the exact bytes of a value, so the storage rejects a value with other line breaks";
const NAME: &str =
    "readers do not decode %0A (other_readers.rs), so the name would change; an error is better";

/// A part as sent: head and content.
type RawPart = (Vec<u8>, Vec<u8>);

/// Splits a body at its boundary, and verifies that it contains nothing else.
fn raw_parts(captured: &Captured) -> Vec<RawPart> {
    let content_type = captured.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    let delimiter = format!("\r\n--{}", boundary.unwrap());
    let body = [b"\r\n".as_slice(), &captured.body].concat();
    let starts: Vec<_> = memmem::find_iter(&body, &delimiter).collect();
    assert_eq!(starts[0], 0, "the body has a preamble");
    let end = &body[starts[starts.len() - 1] + delimiter.len()..];
    assert_eq!(end, b"--\r\n", "the body has an epilogue");
    let parts = starts.windows(2).map(|pair| {
        let part = &body[pair[0] + delimiter.len()..pair[1]];
        let part = part.strip_prefix(b"\r\n").unwrap();
        let blank = memmem::find(part, b"\r\n\r\n").unwrap();
        (part[..blank].to_vec(), part[blank + 4..].to_vec())
    });
    parts.collect()
}

/// The requests that a script sends for the forms.
fn sent_by(script: &str, cases: &[Case]) -> Vec<Captured> {
    let (addresses, servers): (Vec<_>, Vec<_>) = cases.iter().map(|_| capture_one(GOOD)).unzip();
    let forms = cases.iter().zip(addresses).map(|(case, url)| {
        let content = STANDARD.encode(case.content());
        let file = json!({"name": case.file.name, "type": case.file.r#type, "content": content});
        json!({"url": url, "fields": case.fields, "file": file})
    });
    run(
        &mut tools::script(script),
        Value::Array(forms.collect()).to_string().as_bytes(),
    );
    let servers = servers.into_iter();
    servers.map(|server| server.join().unwrap()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The differences of two bodies, as pairs of our text and theirs.
fn differences(ours: Option<&Captured>, theirs: &Captured) -> Vec<(String, String)> {
    let theirs = raw_parts(theirs);
    let Some(ours) = ours else {
        let heads = theirs.iter().map(|(head, _)| text(head));
        let broken = heads.filter(|head| head.contains("%0"));
        return broken.map(|head| (REJECTED.into(), head)).collect();
    };
    let ours = raw_parts(ours);
    assert_eq!(ours.len(), theirs.len());
    let mut differences = Vec::new();
    for ((our_head, our_content), (head, content)) in ours.iter().zip(&theirs) {
        if our_head != head {
            differences.push((text(our_head), text(head)));
        }
        if our_content != content {
            differences.push((text(our_content), text(content)));
        }
    }
    differences
}

#[test]
fn parts_are_those_that_chromium_node_and_requests_send() {
    let cases = others::cases();
    assert!(cases.len() >= 12);
    assert_eq!(
        files("chromium").len(),
        cases.len(),
        "run fixtures/capture_chromium.py again"
    );
    let theirs = [
        cases.iter().map(Case::captured_from_chromium).collect(),
        sent_by("write_forms.js", &cases),
        sent_by("write_forms.py", &cases),
    ];
    let mut found = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let ours = case.send(&case.file.name).ok();
        for (writer, theirs) in WRITERS.iter().zip(&theirs) {
            for (ours, theirs) in differences(ours.as_ref(), &theirs[index]) {
                let known = DIFFERENCES.iter().position(|difference| {
                    difference.writers.contains(writer)
                        && difference.form == case.name
                        && (difference.ours, difference.theirs) == (&ours, &theirs)
                });
                let unknown = || panic!("{}: {ours:?} where {writer} has {theirs:?}", case.name);
                found.push((known.unwrap_or_else(unknown), *writer));
            }
        }
    }
    for (index, difference) in DIFFERENCES.iter().enumerate() {
        for writer in difference.writers {
            let expected = (index, *writer);
            let times = found.iter().filter(|pair| **pair == expected).count();
            let Difference { form, why, .. } = difference;
            assert_eq!(times, 1, "{form}, {writer}: {why}");
        }
    }
}

#[test]
fn post_is_its_form_except_for_the_file_name() {
    for case in others::cases() {
        let form = case.send(case.posted_as());
        let post = case.post();
        match (form, post) {
            (Ok(form), Ok(post)) => {
                assert_eq!(raw_parts(&form), raw_parts(&post), "{}", case.name);
            }
            (Err(_), Err(_)) => assert_eq!(case.name, "field-name-with-line-break"),
            (form, post) => panic!("{}: {} {}", case.name, form.is_ok(), post.is_ok()),
        }
    }
}
