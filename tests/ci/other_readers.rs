//! Promise: other programs read exactly the fields and files that our posts contain.
//!
//! Needs the tools that `.ci/run` installs: `IMGPOST_TEST_BIN` is a folder with `python` (werkzeug),
//! `IMGPOST_TEST_NODE_MODULES` is a folder with busboy. No test is skipped: a missing tool is a failure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::{Error, PrepareOptions, PresignedPost, PresignedPostError, upload};
use serde_json::{Value, json};

use crate::support::others::{self, Case, GOOD};
use crate::support::tools::{self, run};
use crate::support::{Captured, Part, capture_one, fixture, read_parts};

/// A known difference between a part that was sent and the part that a reader returns.
struct Difference {
    reader: &'static str,
    why: &'static str,
    /// Changes the sent part into the part that the reader returns.
    change: fn(&mut Part),
}

/// The known differences, applied in this order.
const DIFFERENCES: [Difference; 8] = [
    Difference {
        reader: "multipart",
        why: "does not decode %22, which browsers write for a quote; RFC 7578 does not specify it",
        change: |part| names(part, |name| name.replace('"', "%22")),
    },
    Difference {
        reader: "multipart",
        why: "ends a parameter at a semicolon, even within quotes",
        change: |part| names(part, |name| name.split(';').next().unwrap().to_owned()),
    },
    Difference {
        reader: "busboy",
        why: "does not decode %22, like multipart",
        change: |part| names(part, |name| name.replace('"', "%22")),
    },
    Difference {
        reader: "busboy",
        why: "keeps only the last component of a path, also of Windows paths, unless preservePath is set",
        change: |part| {
            part.1 = part.1.as_deref().map(|name| {
                let last = name.rsplit(['/', '\\']).next();
                last.unwrap().to_owned()
            });
        },
    },
    Difference {
        reader: "busboy",
        why: "decodes names as Latin-1 unless defParamCharset is utf8, the encoding of browsers",
        change: |part| names(part, |name| name.bytes().map(char::from).collect()),
    },
    Difference {
        reader: "busboy",
        why: "gives a part without a type the default of RFC 7578, section 4.4",
        change: |part| {
            part.2.get_or_insert_with(|| "text/plain".into());
        },
    },
    Difference {
        reader: "werkzeug",
        why: "interprets a backslash as a quoted pair (RFC 9110, section 5.6.4); browsers do not escape it",
        change: |part| names(part, |name| name.replace('\\', "")),
    },
    Difference {
        reader: "werkzeug",
        why: "decodes every %22 as a quote; browsers do not escape a literal %22, so it is ambiguous",
        change: |part| names(part, |name| name.replace("%22", "\"")),
    },
];

fn names(part: &mut Part, change: fn(&str) -> String) {
    part.0 = change(&part.0);
    part.1 = part.1.as_deref().map(change);
}

/// A request and the parts that were sent.
struct Sent {
    name: String,
    captured: Captured,
    parts: Vec<Part>,
}

impl Sent {
    fn new(name: &str, captured: Captured, fields: &[(String, String)], file: FilePart) -> Self {
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| (name.clone(), None, None, value.clone().into()));
        let (file_name, content_type, content) = file;
        let file = ("file".into(), Some(file_name), Some(content_type), content);
        Self {
            name: name.into(),
            captured,
            parts: fields.chain([file]).collect(),
        }
    }

    /// Checks the parts that `reader` returned. Sets the element of `found` for each difference that applied.
    fn check(&self, reader: &str, read: Vec<Part>, found: &mut [bool]) {
        assert_eq!(read.len(), self.parts.len(), "{}, {reader}", self.name);
        for (sent, read) in self.parts.iter().zip(read) {
            let mut expected = sent.clone();
            for (difference, found) in DIFFERENCES.iter().zip(&mut *found) {
                if difference.reader == reader {
                    let before = expected.clone();
                    (difference.change)(&mut expected);
                    *found |= before != expected;
                }
            }
            let place = format!("{}, {reader}: {:?}", self.name, sent.0);
            let head = |part: &Part| (part.0.clone(), part.1.clone(), part.2.clone());
            assert_eq!(head(&read), head(&expected), "{place}");
            // Do not print megabytes of content.
            assert_eq!(read.3.len(), expected.3.len(), "{place}");
            assert!(read.3 == expected.3, "{place}: the content differs");
        }
    }
}

/// The file's name, type and content.
type FilePart = (String, String, Vec<u8>);

fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = fields.iter();
    fields
        .map(|(n, v)| (n.to_string(), v.to_string()))
        .collect()
}

/// Every form of `fixtures/forms.json`, posted with the public API and sent with `Form`.
fn cases() -> Vec<Sent> {
    let mut all = Vec::new();
    for case in others::cases() {
        let Case { name, fields, .. } = &case;
        let file = |name: &str| (name.into(), case.content_type().into(), case.content());
        match case.post() {
            Ok(captured) => {
                let post = format!("post of {name}");
                all.push(Sent::new(&post, captured, fields, file(case.posted_as())));
            }
            Err(Error::PresignedPost(PresignedPostError::Name(_))) => {
                assert_eq!(name, "field-name-with-line-break");
            }
            Err(other) => panic!("{name}: {other}"),
        }
        // A name with a line break is rejected: see other_writers.rs.
        if let Ok(captured) = case.send(&case.file.name) {
            all.push(Sent::new(name, captured, fields, file(&case.file.name)));
        }
    }
    all
}

/// File names that are long or contain a path.
fn long_names() -> Vec<Sent> {
    let cases = others::cases();
    let plain = cases.iter().find(|case| case.name == "plain").unwrap();
    let names = [
        format!("{}.webp", "n".repeat(300)),
        format!("{}.webp", "ö".repeat(300)),
        "folder/photo.webp".into(),
        r"C:\folder\photo.webp".into(),
    ];
    let file = |name: &str| (name.into(), plain.content_type().into(), plain.content());
    let mut sent = Vec::from(names.map(|name| {
        let captured = plain.send(&name).unwrap();
        Sent::new(&name, captured, &plain.fields, file(&name))
    }));
    // About the longest file name on Linux.
    let mut posted = plain.clone();
    posted.file.name = format!("{}.webp", "n".repeat(250));
    let short = format!("{}.webp", "n".repeat(100));
    let captured = posted.post().unwrap();
    sent.push(Sent::new("long", captured, &plain.fields, file(&short)));
    sent
}

/// Posts of files whose content resembles boundaries, and of several megabytes.
fn contents() -> Vec<Sent> {
    let field = "a\r\n--imgpost-0\r\nb";
    let another = "\r\n--imgpost-00000000000000000000000000000000\r\n\
                   Content-Disposition: form-data; name=\"key\"\r\n\r\nelse\r\n\
                   --imgpost-00000000000000000000000000000000--\r\n";
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 56
    };
    let any = (0..4 << 20).map(|_| random() as u8).collect();
    // The letters of a boundary, with line breaks.
    let letters = b"\r\n--imgpost-0123456789abcdef";
    let near = (0..1 << 20).map(|_| letters[random() as usize % letters.len()]);
    let contents: [(&str, Vec<u8>); 9] = [
        ("a nested form", another.into()),
        ("nothing", "".into()),
        ("line breaks", "\r\n\r\n".into()),
        ("half a line break", "\r\n\r".into()),
        ("a line break and dashes", "\r\n--".into()),
        ("the start of a boundary", "\r\n--imgpost-".into()),
        ("dashes", "--".into()),
        ("any bytes", any),
        ("letters of a boundary", near.collect()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    let fields = fields(&[("key", "videos/${filename}"), ("note", field)]);
    let sent = contents.map(|(name, content)| {
        std::fs::write(&path, &content).unwrap();
        let captured = others::post_file(&fields, &path, Some("video/mp4")).unwrap();
        let file = ("video.mp4".into(), "video/mp4".into(), content);
        Sent::new(name, captured, &fields, file)
    });
    sent.into()
}

fn prepared_image() -> Sent {
    let prepare = PrepareOptions::default().size(128, 96);
    let image = prepare.open(fixture("images/lighthouse.jpg")).unwrap();
    let fields = fields(&[("key", "users/1/${filename}"), ("empty", "")]);
    let (url, server) = capture_one(GOOD);
    upload(&PresignedPost::new(url, fields.clone()).unwrap(), &image).unwrap();
    let file = (
        "lighthouse.jpg".into(),
        "image/jpeg".into(),
        image.bytes().into(),
    );
    Sent::new("image", server.join().unwrap(), &fields, file)
}

/// The parts of each request, as returned by each reader.
fn read(requests: &[&Captured]) -> [(&'static str, Vec<Vec<Part>>); 3] {
    let ours = requests.iter().map(|request| read_parts(request));
    [
        ("multipart", ours.collect()),
        ("busboy", read_by("read_parts.js", requests)),
        ("werkzeug", read_by("read_parts.py", requests)),
    ]
}

/// A part as printed by the scripts, with the content in base64.
type ReadPart = (String, Option<String>, Option<String>, String);

fn read_by(script: &str, requests: &[&Captured]) -> Vec<Vec<Part>> {
    let forms = requests.iter().map(|request| {
        let content_type = request.header("content-type");
        json!([content_type, STANDARD.encode(&request.body)])
    });
    let read = run(
        &mut tools::script(script),
        Value::Array(forms.collect()).to_string().as_bytes(),
    );
    let read: Vec<Vec<ReadPart>> = serde_json::from_slice(&read).unwrap();
    let part = |(name, file_name, content_type, content)| {
        let content = STANDARD.decode::<String>(content).unwrap();
        (name, file_name, content_type, content)
    };
    let forms = read.into_iter();
    forms
        .map(|parts| parts.into_iter().map(part).collect())
        .collect()
}

#[test]
fn multipart_busboy_and_werkzeug_read_the_parts_that_were_sent() {
    let mut sent = cases();
    sent.extend(long_names());
    sent.extend(contents());
    sent.push(prepared_image());
    assert_eq!(sent.len(), 36, "a form was rejected unexpectedly");

    let requests: Vec<_> = sent.iter().map(|sent| &sent.captured).collect();
    let mut found = [false; DIFFERENCES.len()];
    for (reader, forms) in read(&requests) {
        assert_eq!(forms.len(), sent.len(), "{reader}");
        for (sent, read) in sent.iter().zip(forms) {
            sent.check(reader, read, &mut found);
        }
    }
    for (difference, found) in DIFFERENCES.iter().zip(found) {
        let Difference { reader, why, .. } = difference;
        assert!(found, "remove this difference: {reader} {why}");
    }
}

/// This is why names with line breaks are rejected.
#[test]
fn no_reader_decodes_a_line_break_that_a_browser_encodes_in_a_name() {
    for (form, part, written) in [
        ("field-name-with-line-break", 1, "a%0D%0Ab"),
        ("file-name-with-line-break", 1, "a%0Ab.webp"),
    ] {
        let cases = others::cases();
        let case = cases.iter().find(|case| case.name == form).unwrap();
        for (reader, forms) in read(&[&case.captured_from_chromium()]) {
            let (name, file_name, ..) = &forms[0][part];
            assert_eq!(file_name.as_ref().unwrap_or(name), written, "{reader}");
        }
    }
}
