use std::io::{self, Read};

use super::*;
use crate::multipart::Form;

/// From the documentation of
/// [POST Object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html), shortened.
const EXAMPLE: &str = "--9431149156168\r\n\
    Content-Disposition: form-data; name=\"key\"\r\n\
    \r\n\
    user/eric/${filename}\r\n\
    --9431149156168\r\n\
    Content-Disposition: form-data; name=\"acl\"\r\n\
    \r\n\
    public-read\r\n\
    --9431149156168\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"MyFilename.jpg\"\r\n\
    Content-Type: image/jpeg\r\n\
    \r\n\
    file_content\r\n\
    --9431149156168--\r\n";

/// A reader that returns pieces of `size` bytes and is interrupted between them.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
    interrupted: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = self.size.min(buffer.len());
        self.bytes.read(&mut buffer[..length])
    }
}

type Posted = (Vec<(String, String)>, String, Vec<u8>);

fn read_in(body: &[u8], boundary: &str, size: usize, max: u64) -> Result<Posted, FormError> {
    let pieces = Pieces {
        bytes: body,
        size,
        interrupted: false,
    };
    let mut reader = FormReader::new(pieces, boundary);
    let Fields { fields, file_name } = reader.read_fields()?;
    let mut content = Vec::new();
    reader.read_file(&mut content, max)?;
    Ok((fields, file_name, content))
}

fn read(body: impl AsRef<[u8]>, boundary: &str) -> Result<Posted, FormError> {
    read_in(body.as_ref(), boundary, usize::MAX, u64::MAX)
}

fn posted(fields: &[(&str, &str)], file_name: &str, content: &[u8]) -> Posted {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    (fields.collect(), file_name.into(), content.into())
}

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

#[test]
fn example_of_the_aws_documentation_is_read_in_pieces_of_any_size() {
    let fields = [("key", "user/eric/${filename}"), ("acl", "public-read")];
    let expected = posted(&fields, "MyFilename.jpg", b"file_content");
    for size in 1..=EXAMPLE.len() {
        let read = read_in(EXAMPLE.as_bytes(), "9431149156168", size, u64::MAX);
        assert_eq!(read.as_ref(), Ok(&expected), "{size}");
    }
}

#[test]
fn truncated_form_is_malformed() {
    // The line break after the last boundary is optional.
    for cut in 0..EXAMPLE.len() - 2 {
        for size in [1, usize::MAX] {
            let read = read_in(&EXAMPLE.as_bytes()[..cut], "9431149156168", size, u64::MAX);
            assert_eq!(read, Err(FormError::Malformed), "{cut}");
        }
    }
    assert!(read(&EXAMPLE[..EXAMPLE.len() - 2], "9431149156168").is_ok());
}

/// The content consists of the bytes that boundaries consist of, read in pieces that can split a boundary.
#[test]
fn only_a_complete_boundary_ends_the_content() {
    let mut state = 1;
    for case in 0..2000 {
        let length = random(&mut state) as usize % 40;
        let bytes = (0..length).map(|_| b"\r\n-bx"[random(&mut state) as usize % 5]);
        let content: Vec<_> = bytes.collect();
        let size = 1 + case % 12;
        let body = [
            b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n",
            content.as_slice(),
            b"\r\n--b--",
        ]
        .concat();
        let read = read_in(&body, "b", size, u64::MAX);
        match memchr::memmem::find(&content, b"\r\n--b") {
            None => assert_eq!(read, Ok(posted(&[], "", &content)), "{content:?}"),
            // After a boundary follows the end, another part, or garbage.
            Some(at) if content[at..].starts_with(b"\r\n--b--") => {
                assert_eq!(read, Ok(posted(&[], "", &content[..at])), "{content:?}");
            }
            Some(_) => assert_eq!(read, Err(FormError::Malformed), "{content:?}"),
        }
    }
}

#[test]
fn reader_of_the_multipart_crate_reads_the_same() {
    let mut state = 7;
    let mut text = |length: u32, alphabet: &str| {
        let letters: Vec<_> = alphabet.chars().collect();
        let length = random(&mut state) % length;
        let letter = |_| letters[random(&mut state) as usize % letters.len()];
        (0..length).map(letter).collect::<String>()
    };
    for case in 0..300 {
        let mut form = Form::new();
        for number in 0..case % 7 {
            let name = format!("{number}{}", text(12, "abc-\"ü %"));
            form = form.field(name, text(200, "ab\r\n-=;\"ü${}"));
        }
        let file_name = text(20, "ab.\\ü %'\"");
        let content = text(3000, "a\r\n-\0b");
        let body = form.file("file", &file_name, "image/png", content.as_bytes());
        let body = body.unwrap();
        let content_type = body.content_type();
        let boundary = boundary(&content_type).unwrap();
        let mut bytes = Vec::new();
        body.reader().read_to_end(&mut bytes).unwrap();

        let mut theirs = posted(&[], "", b"");
        multipart::server::Multipart::with_body(bytes.as_slice(), boundary.as_str())
            .foreach_entry(|mut entry| {
                let mut data = Vec::new();
                entry.data.read_to_end(&mut data).unwrap();
                let name = entry.headers.name.to_string();
                match entry.headers.filename {
                    Some(file_name) => (theirs.1, theirs.2) = (file_name, data),
                    None => theirs.0.push((name, String::from_utf8(data).unwrap())),
                }
            })
            .unwrap();
        for size in [1 + case % 90, usize::MAX] {
            let ours = read_in(&bytes, &boundary, size, u64::MAX).unwrap();
            assert_eq!(ours, theirs);
        }
    }
}

#[test]
fn limits_are_exact_to_the_byte() {
    let form = |value: usize, content: usize| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{}\r\n--b--\r\n",
            "v".repeat(value),
            "c".repeat(content)
        )
    };
    let around = memchr::memmem::rfind(form(0, 0).as_bytes(), b"\r\n--b--").unwrap();
    let most = MAX_BYTES_BEFORE_FILE as usize - around;
    for size in [1000, 4096, usize::MAX] {
        let read = |value, content| read_in(form(value, content).as_bytes(), "b", size, 1000);
        assert!(read(most, 1000).is_ok());
        assert_eq!(read(most + 1, 1000), Err(FormError::TooMuchBeforeFile));
        assert_eq!(read(most, 1001), Err(FormError::FileTooLarge));
        assert!(read(0, 0).is_ok());
    }
    // An endless form is rejected as soon as it is too long.
    let endless = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".as_bytes();
    for endless in [
        endless.chain(io::repeat(b'v')),
        endless[..5].chain(io::repeat(b'v')),
    ] {
        let rejected = FormReader::new(endless, "b").read_fields();
        assert_eq!(rejected, Err(FormError::TooMuchBeforeFile));
    }
}

#[test]
fn form_has_one_file_and_fields_after_it_are_ignored() {
    let field = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n";
    let file = "--b\r\nContent-Disposition: form-data; name=\"File\"; filename=\"n\"\r\n\r\nc\r\n";
    let read = |parts: &[&str]| read(parts.concat() + "--b--\r\n", "b");
    assert_eq!(read(&[file]), Ok(posted(&[], "n", b"c")));
    assert_eq!(
        read(&[field, file, field]),
        Ok(posted(&[("a", "v")], "n", b"c"))
    );
    assert_eq!(read(&[field]), Err(FormError::NoFile));
    assert_eq!(read(&[]), Err(FormError::NoFile));
    assert_eq!(read(&[file, field, file]), Err(FormError::TwoFiles));
    let long = format!("{}{}", field.trim_end(), "v".repeat(100_000) + "\r\n");
    assert!(read(&[file, &long, field]).is_ok());
}

#[test]
fn names_are_read_from_the_header_without_unescaping() {
    let named = |disposition: &str| names(disposition);
    let name = |name: &str, file: Option<&str>| Some((name.to_owned(), file.map(str::to_owned)));
    for (disposition, expected) in [
        ("form-data; name=\"a\"", name("a", None)),
        (
            "Form-Data ; NAME=\"a\" ; filename=\"b\"",
            name("a", Some("b")),
        ),
        (
            "form-data; filename=\"b;c=d\"; name=\"a\"",
            name("a", Some("b;c=d")),
        ),
        ("form-data; name=a;filename=b.jpg", name("a", Some("b.jpg"))),
        // A name that ends in a backslash, and quotes as browsers encode them.
        (
            "form-data; name=\"a\"; filename=\"b\\\"",
            name("a", Some("b\\")),
        ),
        ("form-data; name=\"a%22\"", name("a%22", None)),
        ("form-data; name=\"\"", name("", None)),
        ("form-data; name=\"a\"; filename*=UTF-8''b", name("a", None)),
    ] {
        assert_eq!(named(disposition), expected, "{disposition}");
    }
    for bad in [
        "form-data",
        "form-data;",
        "attachment; name=\"a\"",
        "form-data; filename=\"a\"",
        "form-data; name=\"a",
        "form-data; name=\"a\"b\"",
        "form-data; name=\"a\" filename=\"b\"",
        "form-data; name=\"a\"; name=\"b\"",
        "form-data; name=\"a\";",
    ] {
        assert_eq!(named(bad), None, "{bad}");
    }
}

#[test]
fn invalid_form_is_malformed() {
    let header = "Content-Disposition: form-data; name=\"file\"";
    let good = format!("--b\r\n{header}\r\n\r\nc\r\n--b--");
    assert!(read(&good, "b").is_ok());
    for bad in [
        String::new(),
        format!("preamble\r\n{good}"),
        format!("\r\n{good}"),
        good.replace("--b\r\n", "--b \r\n"),
        good.replace("--b\r\n", "--b\n"),
        good.replace("\r\n\r\n", "\r\n"),
        good.replace("\r\n\r\n", "\n\n"),
        good.replace("--b--", "--c--"),
        good.replace("--b--", "--bb--"),
        good.replace(header, "Content-Type: image/png"),
        good.replace(header, &format!("{header}\r\n{header}")),
        good.replace(header, &format!("{header}\r\nno header")),
        good.replace("\r\n\r\n", &format!("{}\r\n\r\n", "\r\na: b".repeat(9))),
    ] {
        assert_eq!(read(&bad, "b"), Err(FormError::Malformed), "{bad:?}");
    }
    let latin = [
        b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xFC\r\n",
        good.as_bytes(),
    ];
    assert_eq!(read(latin.concat(), "b"), Err(FormError::Malformed));
    let latin = good
        .replace("name=\"file\"", "name=\"file\"; filename=\"?\"")
        .into_bytes();
    let latin: Vec<_> = latin
        .iter()
        .map(|b| if *b == b'?' { 0xFC } else { *b })
        .collect();
    assert_eq!(read(latin, "b"), Err(FormError::Malformed));
}

#[test]
fn boundary_is_read_from_the_content_type() {
    for (content_type, expected) in [
        ("multipart/form-data; boundary=abc", Some("abc")),
        ("Multipart/Form-Data;boundary=\"a b\"", Some("a b")),
        (
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4",
            Some("----WebKitFormBoundary7MA4"),
        ),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"a", None),
        ("multipart/form-data; boundary=\"a \"", None),
        ("multipart/form-data; boundary=a\tb", None),
        ("multipart/mixed; boundary=abc", None),
        ("application/json; boundary=abc", None),
    ] {
        assert_eq!(
            boundary(content_type).as_deref(),
            expected,
            "{content_type}"
        );
    }
    let with_length = |length| {
        boundary(&format!(
            "multipart/form-data; boundary={}",
            "b".repeat(length)
        ))
    };
    assert!(with_length(70).is_some() && with_length(71).is_none());
}
