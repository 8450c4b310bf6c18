//! Promise: the message about a common mistake says what to do next.

use imgpost::sandbox::Sandbox;

use crate::support::command::{form, imgpost, refused, run};
use crate::support::fixture;

fn gray() -> String {
    fixture("images/gray.jpg").display().to_string()
}

const SECRET: &str = "00000000-0000-4000-8000-000000000099";

#[test]
fn mistakes_name_the_next_step() {
    let gray = gray();
    for (arguments, words) in [
        (
            &[gray.as_str()][..],
            "is a file, not a command; run `imgpost upload FILE`",
        ),
        (&["missing.png"], "is a file, not a command"),
        (
            &["."],
            "is a folder, not a command; run `imgpost upload DIR`",
        ),
        (&["uplaod", "x.jpg"], "'upload'"),
        (
            &["plan", &gray, "--size", "1024"],
            "--within 1024x1024 keeps the aspect ratio",
        ),
        (
            &["plan", &gray, "--gravity", "up"],
            "expected center, north",
        ),
        (
            &["plan", &gray, "--background", "reddish"],
            "give a color such as ff0000, f00 or red",
        ),
        (
            &["plan", &gray, "--max-bytes", "2 apples"],
            "give a number of bytes such as 500000, 500k, 2MB or 2MiB",
        ),
        (
            &["plan", &gray, "--ext", "gif"],
            "expected png, jpg, jpeg or webp",
        ),
        (
            &["plan", "https://example.com/a.jpg"],
            "found a URL; download the file first",
        ),
        (
            &["upload", "--dry-run", "https://example.com/a.jpg"],
            "found a URL; download the file first",
        ),
        (
            &["post", &gray, &gray],
            "give the image first, then the JSON of the form",
        ),
        (
            &["post", &gray],
            "the presigned form is missing; run `imgpost post FILE FORM.json`",
        ),
        (&["post", &gray, "."], "the form is a folder; give the file"),
        (
            &["post", &gray, "\n"],
            "the form is empty; check that the request",
        ),
        (
            &[
                "check",
                "https://example.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256",
            ],
            "ends before its signature; put it into quotes",
        ),
        (
            &["plan", "file:///missing.jpg"],
            "give the path without file://",
        ),
        (&["plan", "~/missing.jpg"], "omit the quotes"),
        (
            &["plan", "*.missing"],
            "no image found; give an image, a folder of images or a pattern",
        ),
        (
            &["generate", "photo.jpg"],
            "run `imgpost generate -p PROMPT --init-image photo.jpg`",
        ),
        (&["generate", "at dusk"], "run `imgpost generate -p PROMPT`"),
        (
            &["upload", &gray, "--api-key", SECRET],
            "set LEONARDO_API_KEY, or name a file with --api-key-file",
        ),
        (&["sandbox", "8080"], "run `imgpost sandbox --port PORT`"),
        (&["wait", "photo.jpg"], "give an id that it returned"),
        (&["post", &gray, "{}", "--field", SECRET], "give NAME=VALUE"),
        (
            &["prepare", &gray, "-o", "{name}.jpg"],
            "use {stem}, {width}, {height} or {ext}",
        ),
        (&["wait", ""], "there is no job id"),
    ] {
        let output = run(imgpost()
            .env("LEONARDO_API_KEY", "00000000-0000-4000-8000-000000000000")
            .args(arguments));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(words), "{arguments:?}: {message}");
        assert!(!message.contains(SECRET), "{message}");
    }
}

#[test]
fn values_are_accepted_as_people_write_them() {
    let gray = gray();
    for (options, size) in [
        (&["--size", "64X48"][..], "64x48"),
        (&["--size", "64*48", "--gravity", "top-left"], "64x48"),
        (
            &["--size", "64x48", "--gravity", "nw", "--background", "#f00"],
            "64x48",
        ),
        (
            &[
                "--size",
                "64x48",
                "--gravity",
                "top",
                "--background",
                "white",
            ],
            "64x48",
        ),
        (
            &["--size", "64x48", "--max-bytes", "500k", "--ext", "JPG"],
            "64x48",
        ),
        (
            &["--size", "64x48", "--max-bytes", "2MiB", "--ext", ".png"],
            "64x48",
        ),
    ] {
        let output = run(imgpost()
            .args(["prepare", "--dry-run", &gray, "-o", "-"])
            .args(["--format", "{width}x{height}"])
            .args(options));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim_end(), size, "{options:?}: {:?}", output.stderr);
    }
}

#[test]
fn form_with_a_wrong_address_or_a_small_limit_names_the_remedy() {
    let gray = gray();
    // {"expiration":"2999-01-01T00:00:00Z","conditions":[["content-length-range",1,100],{"key":"k"}]}
    let policy = "eyJleHBpcmF0aW9uIjoiMjk5OS0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbWyJjb250ZW50LWxlbmd0aC1yYW5nZSIsMSwxMDBdLHsia2V5IjoiayJ9XX0=";
    let limited =
        format!(r#"{{"url":"https://example.com/","fields":{{"key":"k","policy":"{policy}"}}}}"#);
    for (form, words) in [
        (
            r#"{"url":"bucket.s3.amazonaws.com","fields":{"key":"k"}}"#,
            "write the address with its scheme",
        ),
        (
            r#"{"url":"http://example.com/","fields":{"key":"k"}}"#,
            "--allow-http",
        ),
        (
            r#"[{"url":"https://example.com/","fields":{"key":"k"}},{"url":"https://example.com/","fields":{"key":"l"}}]"#,
            "--index N",
        ),
        (limited.as_str(), "--max-bytes 100"),
    ] {
        let (code, message) = refused(&run(imgpost().args(["post", &gray, form])));
        assert_eq!(code, 5, "{message}");
        assert!(message.contains(words), "{message}");
    }
    // The remedy is accepted as it is printed.
    let output = run(imgpost().args(["post", "--dry-run", &gray, &limited, "--max-bytes", "100"]));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        !message.contains("unexpected") && !message.contains("invalid value"),
        "{message}"
    );
}

#[test]
fn form_may_be_the_second_argument() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.json");
    std::fs::write(&path, form(&sandbox, "jpg")).unwrap();
    let output = run(imgpost()
        .args(["post", &gray()])
        .arg(&path)
        .args(["--size", "64x64"]));
    let id = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(sandbox.keys()[0].contains(id.trim_end()), "{id}");
}
