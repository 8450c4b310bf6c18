//! Promise: the API key and the fields of a form appear in no error, `Debug` output or log line, whatever fails and
//! whatever a server repeats.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use imgpost::leonardo::{Client, CreateGeneration, UploadResponse};
use imgpost::multipart::Form;
use imgpost::transport::{
    Method, Request, Response, Transport, TransportError, TransportErrorKind, UreqTransport,
};
use imgpost::{Error, PresignedPost, PresignedPostError, Uploader};

use crate::support::calls::calls;
use crate::support::faults::{FaultServer, Step, image, respond};
use crate::support::secrets::{
    API_KEY, MARK, SECRET_FIELDS, clean, form, log_lines, secrets, shown, value,
};
use crate::support::tls::TlsServer;

/// Error responses of servers and proxies that repeat the fields of the request.
fn rejections(form: &PresignedPost) -> Vec<String> {
    let policy = form.fields().find(|(name, _)| *name == "Policy").unwrap().1;
    let hex: Vec<_> = policy.bytes().map(|byte| format!("{byte:02x}")).collect();
    let signed = format!(
        "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature does not match</Message>\
         <AWSAccessKeyId>{}</AWSAccessKeyId><StringToSign>{policy}</StringToSign><SignatureProvided>{}\
         </SignatureProvided><StringToSignBytes>{}</StringToSignBytes><RequestId>R</RequestId></Error>",
        value("AWSAccessKeyId"),
        value("X-Amz-Signature"),
        hex.join(" "),
    );
    let mut bodies = vec![signed];
    for (name, value) in form.fields().filter(|(name, _)| *name != "key") {
        let code = |code: &str| {
            format!(
                "<Error><Code>{code}</Code><Message>[\"eq\", \"${name}\", \"{value}\"]</Message></Error>"
            )
        };
        bodies.push(code("AccessDenied"));
        bodies.push(code("SlowDown"));
        bodies.push(code(value));
        bodies.push(format!("<Error><Code>{value}"));
        bodies.push(format!("<html><title>{name}: {value}</title></html>"));
        bodies.push(format!("{name}={value}"));
        bodies.push(format!(r#"{{"error":"{value}"}}"#));
    }
    bodies
}

#[test]
fn fields_repeated_by_the_storage_are_redacted() {
    log_lines();
    let bodies = rejections(&form("http://127.0.0.1/"));
    let steps: Vec<_> = bodies
        .iter()
        .flat_map(|body| ["403 E", "500 E", "400 E"].map(|status| respond(status, "", body)))
        .collect();
    let posts = steps.len();
    let server = FaultServer::start(steps);
    let sent = form(&server.url);
    let secrets = secrets(&sent);
    let uploader = Uploader::default().retries(0);
    let image = image();
    for _ in 0..posts {
        let error = uploader.upload(&sent, &image).unwrap_err();
        assert!(matches!(error, Error::Storage(_)), "{error:?}");
        clean(&secrets, &shown(&error));
    }
    assert!(posts > 100 && server.stored().is_empty());
    // Failed attempts are logged.
    let busy = respond("503 E", "", &bodies[2]);
    let server = FaultServer::start(vec![busy; 2]);
    let receipt = Uploader::default().upload(&form(&server.url), &image);
    clean(&secrets, &format!("{:?}", receipt.unwrap()));
    let lines = log_lines();
    assert!(lines.iter().any(|line| line.contains("attempt 1 failed")));
    for line in lines {
        clean(&secrets, &line);
    }
}

#[test]
fn errors_of_broken_connections_show_no_secret() {
    log_lines();
    let untrusted = TlsServer::start();
    let broken = FaultServer::start(vec![
        Step::CloseOnAccept,
        Step::CloseInBody(50),
        Step::Respond(format!("{API_KEY} is not HTTP\r\n\r\n")),
        Step::Respond(format!("HTTP/1.1 {API_KEY}\r\n\r\n")),
        Step::StallBeforeResponse(Duration::from_secs(5)),
    ]);
    let urls = [&untrusted.url].into_iter().chain([&broken.url; 5]);
    let timeout = Duration::from_millis(500);
    let uploader = Uploader::default().retries(0).timeout(timeout);
    for url in urls {
        let form = form(url);
        let error = uploader.upload(&form, &image()).unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        clean(&secrets(&form), &shown(&error));
    }
    for line in log_lines() {
        clean(&[MARK.into()], &line);
    }
}

#[test]
fn policy_errors_show_no_secret() {
    let form = form("http://127.0.0.1:1/");
    let secrets = secrets(&form);
    let changed = |name: &str, to: Option<&str>| {
        let fields = form.fields().filter_map(|(n, value)| {
            if n == name {
                to.map(|to| (n.to_owned(), to.to_owned()))
            } else {
                Some((n.to_owned(), value.to_owned()))
            }
        });
        PresignedPost::new(form.url(), fields.collect::<Vec<_>>()).unwrap()
    };
    for name in ["key"].into_iter().chain(SECRET_FIELDS) {
        for to in [None, Some("SECRET-OTHER")] {
            if name == "X-Amz-Signature" || (name == "key" && to.is_some()) {
                continue;
            }
            let error = Uploader::default().upload(&changed(name, to), &image());
            let error = error.unwrap_err();
            assert!(
                matches!(error, Error::PresignedPost(PresignedPostError::Policy(_))),
                "{name}: {error:?}"
            );
            clean(&secrets, &shown(&error));
        }
    }
}

/// Variants of `json`: truncated at every position, and with each value replaced by one of another type.
fn mutations(json: &str) -> Vec<String> {
    let mut mutations: Vec<_> = (0..json.len()).map(|end| json[..end].to_owned()).collect();
    for other in [
        "1",
        "[\"SECRET\"]",
        "{\"a\":\"SECRET\"}",
        "\"SECRET\"",
        "true",
        "null",
    ] {
        for (start, _) in json.match_indices(':') {
            mutations.push(format!("{}{other}{}", &json[..=start], &json[start + 1..]));
            if let Some(end) = json[start..].find(['}', ',']) {
                mutations.push(format!(
                    "{}{other}{}",
                    &json[..=start],
                    &json[start + end..]
                ));
            }
        }
    }
    mutations
}

#[test]
fn errors_of_invalid_forms_show_no_secret() {
    for json in [
        r#"{"url":"https://SECRET@example.com/?a=SECRET","fields":{"key":"SECRET"}}"#,
        r#"{"url":"http://example.com/?a=SECRET","fields":{"key":"SECRET"}}"#,
        r#"{"url":"SECRET","fields":{"key":"SECRET"}}"#,
        r#"{"uploadInitImage":{"id":"1","url":"https://a.b/","fields":"{\"key\":\"SECRET\",\"policy\":\"SECRET\"}"}}"#,
        r#"{"uploadDatasetImage":{"id":"1","url":"https://a.b/","fields":{"x-amz-date":"SECRET","b\n":"SECRET"}}}"#,
        r#"{"uploadCanvasInitImage":{"initUrl":"https://a.b/","initFields":"{\"policy\":\"SECRET\"}"}}"#,
    ] {
        let mut failed = 0;
        for json in mutations(json) {
            let form = PresignedPost::from_json(&json)
                .err()
                .map(imgpost::leonardo::Error::from);
            let response = UploadResponse::from_json(&json).err();
            // A valid form may show its names and its key, so only errors are checked.
            for error in [form, response].into_iter().flatten() {
                clean(&[MARK.into()], &shown(&error));
                failed += 1;
            }
        }
        // At least the truncated ones.
        assert!(failed > 40, "{failed}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let form = form("https://example.com/?SECRET");
    let secrets = secrets(&form);
    let client = Client::builder(API_KEY);
    let builder = format!("{client:?}");
    let body = b"SECRET".to_vec();
    let mut bytes = body.as_slice();
    let mut request = Request::new(Method::Post, "https://example.com/?SECRET");
    request.headers = vec![("authorization", format!("Bearer {API_KEY}"))];
    request.body = Some((&mut bytes, 6));
    let parts = Form::new().field("policy", MARK);
    let whole = parts
        .clone()
        .file("file", "a.jpg", "image/jpeg", MARK.as_bytes());
    let response = Response::new(200, body.clone()).with_header("set-cookie", MARK);
    let client = client.build().unwrap();
    let error = TransportError::new(
        TransportErrorKind::Tls,
        "https://example.com/?SECRET",
        "why",
    );
    let whole = whole.unwrap();
    let outputs: [&dyn Debug; 10] = [
        &form,
        &client,
        &request,
        &response,
        &parts,
        &whole,
        &whole.reader(),
        &Uploader::default(),
        &UreqTransport::new(),
        &error,
    ];
    for output in outputs {
        clean(&secrets, &format!("{output:?} {output:#?}"));
    }
    clean(&secrets, &builder);
}

/// A transport that always returns this response.
#[derive(Debug)]
struct Echo {
    status: u16,
    body: String,
}

impl Transport for Echo {
    fn send(&self, _: Request<'_>) -> Result<Response, TransportError> {
        Ok(Response::new(self.status, self.body.clone()))
    }
}

#[test]
fn key_repeated_by_the_api_is_redacted() {
    log_lines();
    let image = image();
    let long = "x".repeat(490) + API_KEY;
    for body in [
        format!("Bearer {API_KEY} is unknown"),
        format!("<html><h1>{API_KEY}</h1></html>"),
        format!(r#"{{"error":"{API_KEY}","code":"{API_KEY}"}}"#),
        format!(r#"{{"error":"{long}"}}"#),
        format!(r#"{{"error":{{"detail":"{API_KEY}"}}}}"#),
        format!(r#"{{"errors":[{{"message":"{API_KEY}","extensions":{{"code":"{API_KEY}"}}}}]}}"#),
        format!(r#"[{{"message":"{API_KEY}"}}]"#),
        format!(
            r#"{{"sdGenerationJob":"{API_KEY}","generations_by_pk":"{API_KEY}","insert_datasets_one":"{API_KEY}"}}"#
        ),
        format!(
            r#"{{"uploadInitImage":"{API_KEY}","uploadDatasetImage":{{"fields":"{API_KEY}"}}}}"#
        ),
    ] {
        for status in [200, 400, 401, 500] {
            let transport = Arc::new(Echo {
                status,
                body: body.clone(),
            });
            let client = Client::builder(API_KEY)
                .retries(0)
                .transport(transport)
                .build()
                .unwrap();
            for call in calls() {
                if let Err(error) = (call.call)(&client) {
                    clean(&[MARK.into()], &shown(&error));
                }
            }
            let error = client.upload_init_image(&image).unwrap_err();
            clean(&[MARK.into()], &shown(&error));
        }
    }
    for key in [" SECRET KEY", "SECRET\nKEY", "SECRETß", ""] {
        let error = Client::builder(key).build().unwrap_err();
        clean(&[MARK.into()], &shown(&error));
    }
    let with_password = Client::builder(API_KEY).base_url("https://SECRET@example.com/?SECRET");
    clean(&[MARK.into()], &shown(&with_password.build().unwrap_err()));
    let with_proxy = Client::builder(API_KEY).proxy("no proxy of SECRET");
    clean(&[MARK.into()], &shown(&with_proxy.build().unwrap_err()));
    for line in log_lines() {
        clean(&[MARK.into()], &line);
    }
}

/// With the real transport and the most verbose log level.
#[test]
fn log_of_a_call_shows_no_secret() {
    log_lines();
    let rejection = format!(r#"{{"error":"unknown key {API_KEY}"}}"#);
    let server = FaultServer::start(vec![respond("401 E", "", &rejection); 2]);
    let base_url = server.url.trim_end_matches('/');
    let client = Client::builder(API_KEY).base_url(base_url).build().unwrap();
    let error = client.generate(&CreateGeneration::new("p")).unwrap_err();
    clean(&[MARK.into()], &shown(&error));
    let lines = log_lines();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("/v1/generations: 401"))
    );
    for line in lines {
        clean(&[MARK.into()], &line);
    }
}

/// `text` in every encoding that servers use.
fn encodings(text: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect::<String>();
    let special = |write: &dyn Fn(char) -> String| {
        let write = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.into()
            } else {
                write(c)
            }
        };
        text.chars().map(write).collect::<String>()
    };
    let writers: [&dyn Fn(char) -> String; 7] = [
        &|c| format!("%{:02X}", u32::from(c)),
        &|c| format!("%{:02x}", u32::from(c)),
        &|c| format!("%25{:02X}", u32::from(c)),
        &|c| format!("\\u{:04x}", u32::from(c)),
        &|c| format!("\\{c}"),
        &|c| format!("&amp;#x{:X};", u32::from(c)),
        &|c| format!("&amp;#{};", u32::from(c)),
    ];
    let mut encodings = vec![text.to_uppercase(), text.to_lowercase()];
    for (number, write) in writers.into_iter().enumerate() {
        encodings.push(special(write));
        // A backslash before a letter means something else.
        if number != 4 {
            encodings.push(each(write));
        }
    }
    for before in ["", "a", "ab"] {
        encodings.push(STANDARD.encode(format!("{before}{text}")));
        encodings.push(
            URL_SAFE
                .encode(format!("{before}{text}"))
                .replace('=', "%3D"),
        );
    }
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    encodings.extend([hex.to_uppercase(), hex]);
    encodings
}

/// Response bodies in all supported formats that contain `text`.
fn bodies(text: &str) -> [String; 5] {
    [
        format!("<Error><Code>AccessDenied</Code><Message>no: {text}.</Message></Error>"),
        format!("<Error><Code>{text}</Code><Extra>{text}</Extra></Error>"),
        format!("<html><title>{text}</title></html>"),
        format!("invalid {text}"),
        format!(r#"{{"error":"no {text}","code":"{text}"}}"#),
    ]
}

/// Checks that not even part of an encoded secret is shown. Messages from XML are shown decoded.
fn clean_encoded(encoded: &str, shown: &str) {
    let read = encoded.replace("&amp;", "&");
    for text in [encoded, &read] {
        let part = &text[text.len() / 3..text.len() * 2 / 3];
        assert!(!shown.contains(part), "{part} of {text} in {shown}");
    }
}

#[test]
fn storage_error_with_encoded_secrets_is_redacted() {
    log_lines();
    let form = form("http://127.0.0.1:1/");
    let image = image();
    let mut responses = 0;
    for (_, value) in form.fields().filter(|(name, _)| *name != "key") {
        for encoded in encodings(value) {
            for body in bodies(&encoded) {
                let transport = Arc::new(Echo { status: 403, body });
                let error = Uploader::new(transport).retries(0).upload(&form, &image);
                let shown = shown(&error.unwrap_err());
                assert!(shown.contains("[redacted]"), "{encoded}: {shown}");
                clean_encoded(&encoded, &shown);
                responses += 1;
            }
        }
    }
    assert!(responses > 500, "{responses}");
    for line in log_lines() {
        clean(&secrets(&form), &line);
    }
}

#[test]
fn api_error_with_the_encoded_key_is_redacted() {
    // A key with characters that require escaping.
    let key = "SECRET/API+KEY=0123456789";
    for encoded in encodings(key) {
        for body in bodies(&encoded) {
            for status in [200, 401, 500] {
                let transport = Arc::new(Echo {
                    status,
                    body: body.clone(),
                });
                let client = Client::builder(key).retries(0).transport(transport);
                let error = client.build().unwrap().me().unwrap_err();
                clean_encoded(&encoded, &shown(&error));
            }
        }
    }
}

#[test]
fn public_values_are_not_redacted() {
    let public = [
        ("key", "users/photo.jpg"),
        ("Cache-Control", "max-age=31536000"),
        ("Content-Type", "image/jpeg"),
        ("success_action_redirect", "https://app.example/done"),
        ("x-amz-meta-owner", "somebody else"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20261122T150347Z"),
    ];
    let all = public.into_iter().chain([("X-Amz-Signature", MARK)]);
    let fields = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let form = PresignedPost::new("http://127.0.0.1:1/", fields.collect::<Vec<_>>()).unwrap();
    for (name, value) in public {
        let expected =
            format!("The value {value} of {name} is wrong. Please use AWS4-HMAC-SHA256.");
        let body =
            format!("<Error><Code>InvalidRequest</Code><Message>{expected}</Message></Error>");
        let transport = Arc::new(Echo { status: 400, body });
        let error = Uploader::new(transport).retries(0).upload(&form, &image());
        let message = error.unwrap_err().to_string();
        assert!(message.contains(&expected), "{message}");
    }
}

/// Redirects once to a host named after a secret, then fails with an error that repeats the request.
#[derive(Debug)]
struct RedirectsToSecret;

impl Transport for RedirectsToSecret {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let host = format!("https://{}/", value("X-Amz-Signature").to_lowercase());
        if request.url == host || request.method != Method::Post {
            let sent = format!("{:?} to {}", request.headers, request.url);
            return Err(TransportError::new(
                TransportErrorKind::Tls,
                request.url,
                sent,
            ));
        }
        Ok(Response::new(307, "").with_header("location", host))
    }
}

#[test]
fn redirects_and_transport_errors_are_redacted() {
    log_lines();
    let form = form("http://127.0.0.1:1/");
    let uploader = Uploader::new(Arc::new(RedirectsToSecret));
    let error = uploader.upload(&form, &image()).unwrap_err();
    let message = shown(&error);
    assert!(matches!(error, Error::Transport(_)), "{message}");
    assert!(
        message.contains("[redacted]") && !message.to_uppercase().contains(MARK),
        "{message}"
    );
    let client = Client::builder(API_KEY).transport(Arc::new(RedirectsToSecret));
    let message = shown(&client.build().unwrap().me().unwrap_err());
    assert!(
        message.contains("[redacted]") && !message.contains(MARK),
        "{message}"
    );
    let host = value("X-Amz-Signature").to_lowercase();
    for line in log_lines() {
        assert!(!line.contains(&host), "{line}");
    }
}

#[test]
fn proxy_password_is_not_shown() {
    log_lines();
    let server = FaultServer::start(vec![Step::CloseOnAccept; 2]);
    let address = server
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let proxy = format!("http://user:{API_KEY}@{address}");
    let transport = UreqTransport::builder().proxy(&proxy).unwrap().build();
    clean(&[MARK.into()], &format!("{transport:?}"));
    let uploader = Uploader::new(Arc::new(transport)).retries(1);
    let error = uploader.upload(&form("https://bucket.example.com/"), &image());
    clean(&[MARK.into()], &shown(&error.unwrap_err()));
    use base64::Engine;
    let basic = format!("user:{API_KEY}");
    let basic = base64::engine::general_purpose::STANDARD.encode(basic);
    for line in log_lines() {
        clean(&[MARK.into(), basic[8..].into()], &line);
    }
}

/// Clap's messages repeat arguments, and errors name unreadable files, so both must filter secrets.
#[test]
fn command_does_not_repeat_secret_arguments() {
    let secret = "SECRET-0123456789abcdef-SECRET";
    let form = format!(
        r#"{{"url":"https://SECRET@b.example/?a=SECRET","fields":{{"policy":"{secret}"}}}}"#
    );
    let pretty = form.replace(',', ",\n  ");
    let spaced = form.replace(',', ", ");
    let broken = &form[..form.len() - 2];
    // Nobody listens at the first port.
    let url = format!("http://127.0.0.1:1/k?X-Amz-Signature={secret}");
    let long = secret.repeat(20);
    let photo = crate::support::fixture("images/lighthouse.jpg");
    let photo = photo.to_str().unwrap();
    let words: Vec<_> = spaced.split(' ').collect();
    let key_file = [
        "me",
        "--api-key-file",
        "00000000-SECRET-4000-8000-000000000099",
    ];
    let options = [
        format!("--presigned={broken}"),
        format!("--half={form}"),
        format!("--api-key={secret}"),
        format!("-x{form}"),
    ];
    let mut calls: Vec<Vec<&str>> = vec![
        vec![&form],
        vec![&url],
        vec![secret],
        vec!["me", secret],
        vec!["me", "--base-url", "https://user:SECRET@example.com/SECRET"],
        key_file.to_vec(),
        vec!["post", photo],
        [&["post", photo, "--presigned"], words.as_slice()].concat(),
        [&["check"], words.as_slice()].concat(),
        vec!["post", &url, "--presigned", "form.json"],
        vec!["upload", &url],
        vec!["upload", photo, &form],
        vec!["prepare", &url, &form, "-o", "/nonexistent/"],
        vec!["plan", &form, photo],
        vec!["canvas", photo, &url],
    ];
    for bad in [
        &form,
        &pretty,
        broken,
        &url,
        secret,
        &long,
        "policy=SECRET&b=c",
    ] {
        calls.push(vec!["post", photo, "--retries", "0", "--presigned", bad]);
        calls.push(vec!["post", bad, "--presigned", "form.json"]);
        calls.push(vec!["check", bad]);
        calls.push(vec!["check", bad, "--half", "init"]);
    }
    for option in &options {
        calls.push(vec!["post", photo, option]);
        calls.push(vec!["check", "form.json", option]);
    }
    for arguments in calls {
        let output = crate::support::command::imgpost()
            .env("LEONARDO_API_KEY", "SECRET-KEY")
            .args(&arguments)
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(!message.contains(MARK), "{arguments:?}: {message}");
        assert!(!printed.contains(MARK), "{arguments:?}: {printed}");
        // A presigned URL can be explained.
        let is_explained = arguments == ["check", &url];
        assert_eq!(output.status.success(), is_explained, "{arguments:?}");
        assert_eq!(message.trim().is_empty(), is_explained, "{arguments:?}");
    }
}

#[test]
fn form_can_be_given_as_an_argument() {
    let sandbox = imgpost::sandbox::Sandbox::start().unwrap();
    let photo = crate::support::fixture("images/lighthouse.jpg");
    for space in ["", "\n ", "\u{feff}"] {
        let form = crate::support::command::form(&sandbox, "jpg");
        let form = format!("{space}{}", String::from_utf8(form).unwrap());
        let checked = crate::support::command::imgpost()
            .args(["check", &form])
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{message}");
        let output = crate::support::command::imgpost()
            .args(["post", "--size", "64x64", "--presigned", &form])
            .arg(&photo)
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
    }
    assert_eq!(sandbox.keys().len(), 3);
}
