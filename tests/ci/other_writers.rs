//! Promise: our forms are, part by part and byte for byte, those that Chromium, Node and Python's requests send.
//!
//! Chromium's were captured by fixtures/capture_chromium.py; the others run here. Needs what `.ci/run` installs:
//! `IMGPOST_TEST_BIN` is a folder with `python` (requests), `IMGPOST_TEST_NODE_MODULES` is set, and `node` is there.
//! Nothing is skipped: what is missing is a failure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use serde_json::{Value, json};

use crate::support::others::{self, Case, GOOD};
use crate::support::tools::{self, run};
use crate::support::{Captured, capture_one, files};

const WRITERS: [&str; 3] = ["Chromium", "Node", "requests"];
const BROWSERS: &[&str] = &["Chromium", "Node"];

/// A part that another writer writes otherwise: its head, or where that is the same, its content.
struct Difference {
    writers: &'static [&'static str],
    /// The name of the form in fixtures/forms.json.
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
        why: "requests names no type where none is given, which means text/plain (RFC 7578, section 4.4)",
    },
    Difference {
        writers: BROWSERS,
        form: "field-name-with-line-break",
        ours: REFUSED,
        theirs: "Content-Disposition: form-data; name=\"a%0D%0Ab\"",
        why: NAME,
    },
    Difference {
        writers: &["requests"],
        form: "field-name-with-line-break",
        ours: REFUSED,
        theirs: "Content-Disposition: form-data; name=\"a%0Ab\"",
        why: NAME,
    },
    Difference {
        writers: &WRITERS,
        form: "file-name-with-line-break",
        ours: REFUSED,
        theirs: "Content-Disposition: form-data; name=\"file\"; filename=\"a%0Ab.webp\"\r\n\
                 Content-Type: image/webp",
        why: NAME,
    },
];

const REFUSED: &str = "refused";
const AS_SIGNED: &str =
    "a policy asks for a value byte for byte: one with other line breaks is refused by the storage";
const NAME: &str = "readers take the %0A as it stands (other_readers.rs), so it would be another name: better an error";

/// The parts of a form as they are on the wire: head and content.
type RawPart = (Vec<u8>, Vec<u8>);

/// Takes a body apart at its boundary, and takes nothing for granted: every byte has its place.
fn raw_parts(captured: &Captured) -> Vec<RawPart> {
    let content_type = captured.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    let delimiter = format!("\r\n--{}", boundary.unwrap());
    let body = [b"\r\n".as_slice(), &captured.body].concat();
    let starts: Vec<_> = memmem::find_iter(&body, &delimiter).collect();
    assert_eq!(starts[0], 0, "something before the first part");
    let end = &body[starts[starts.len() - 1] + delimiter.len()..];
    assert_eq!(end, b"--\r\n", "something after the last part");
    let parts = starts.windows(2).map(|pair| {
        let part = &body[pair[0] + delimiter.len()..pair[1]];
        let part = part.strip_prefix(b"\r\n").unwrap();
        let blank = memmem::find(part, b"\r\n\r\n").unwrap();
        (part[..blank].to_vec(), part[blank + 4..].to_vec())
    });
    parts.collect()
}

/// What a script sends for each of the forms.
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

/// Where two bodies differ, as texts of ours and theirs.
fn differences(ours: Option<&Captured>, theirs: &Captured) -> Vec<(String, String)> {
    let theirs = raw_parts(theirs);
    let Some(ours) = ours else {
        let heads = theirs.iter().map(|(head, _)| text(head));
        let broken = heads.filter(|head| head.contains("%0"));
        return broken.map(|head| (REFUSED.into(), head)).collect();
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
fn each_part_is_what_chromium_node_and_requests_send() {
    let cases = others::cases();
    assert!(cases.len() >= 12);
    assert_eq!(files("chromium").len(), cases.len(), "capture them again");
    let theirs = [
        cases.iter().map(Case::captured_from_chromium).collect(),
        sent_by("write_forms.js", &cases),
        sent_by("write_forms.py", &cases),
    ];
    let mut met = Vec::new();
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
                met.push((known.unwrap_or_else(unknown), *writer));
            }
        }
    }
    for (index, difference) in DIFFERENCES.iter().enumerate() {
        for writer in difference.writers {
            let times = met.iter().filter(|met| **met == (index, *writer)).count();
            let Difference { form, why, .. } = difference;
            assert_eq!(times, 1, "{form}, {writer}: {why}");
        }
    }
}

#[test]
fn a_post_is_its_form_but_for_the_name_of_the_file() {
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
