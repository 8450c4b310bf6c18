//! Promise: a call of the API gives what the response says or an error, whatever the response; no error repeats the key;
//! `Date` and `Retry-After` are read as an independent calendar reads them.

#![no_main]

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use imgpost::Extension;
use imgpost::leonardo::call::{
    AddGeneratedImage, Call, CreateCanvasInitImage, CreateDataset, CreateInitImage,
    DeleteGeneration, GetDataset, GetGeneration, GetInitImage, GetMe, GetVariation,
};
use imgpost::leonardo::{
    Client, CreateGeneration, CreateGenerationV2, CreateUniversalUpscale, Error,
};
use imgpost::transport::{Request, Response, Transport, TransportError};
use imgpost_fuzz::{assert_printable, split, text};
use libfuzzer_sys::fuzz_target;

/// The byte 1 stands for it in an input, as servers repeat what they were sent.
const KEY: &str = "00000000-0000-4000-8000-5ec2e75ec2e7";

// The status in two bytes, a number of seconds in four, the call in one; then `Date`, `Retry-After`, and the body.
fuzz_target!(|data: &[u8]| {
    let Some((&[high, low, a, b, c, d, call], rest)) = data.split_first_chunk() else {
        return;
    };
    let mut parts = split(rest, 3);
    let mut next = || parts.next().unwrap_or_default();
    let (date, retry_after, body) = (text(next()), text(next()), next());
    let seconds = u32::from_be_bytes([a, b, c, d]);
    check_times(&date, &retry_after, seconds);

    let status = 100 + u16::from_be_bytes([high, low]) % 900;
    let response = Response::new(status, with_key(body))
        .with_header("date", date)
        .with_header("x-request-id", text(&with_key(retry_after.as_bytes())))
        .with_header("retry-after", retry_after);
    let has_half = memchr::memmem::find(data, &KEY.as_bytes()[24..32]).is_some();
    match call % 13 {
        0 => check(&GetMe, &response, has_half),
        1 => check(&GetGeneration::new("1"), &response, has_half),
        2 => check(&GetInitImage::new("1"), &response, has_half),
        3 => check(&GetVariation::new("1"), &response, has_half),
        4 => check(&GetDataset::new("1"), &response, has_half),
        5 => check(&DeleteGeneration::new("1"), &response, has_half),
        6 => check(&CreateDataset::new("name"), &response, has_half),
        7 => check(&CreateInitImage::new(Extension::Png), &response, has_half),
        9 => check(&CreateGeneration::new("a"), &response, has_half),
        10 => check(&CreateGenerationV2::new("a", "b"), &response, has_half),
        11 => check(
            &CreateUniversalUpscale::generated_image("1"),
            &response,
            has_half,
        ),
        12 => check(&AddGeneratedImage::new("1", "2"), &response, has_half),
        _ => {
            let call = CreateCanvasInitImage::new(Extension::Png, Extension::Png);
            check(&call, &response, has_half);
        }
    }
    if let Ok(generation) = GetGeneration::new("1").parse(&response.body) {
        let json = serde_json::json!({ "generations_by_pk": &generation }).to_string();
        let again = GetGeneration::new("1").parse(json.as_bytes());
        // JSON has numbers that come back as others.
        let is_exact = !json.contains(['.', 'e', 'E']);
        assert!(!is_exact || again.unwrap() == generation, "{json}");
    }
});

fn check<C: Call>(call: &C, response: &Response, has_half: bool)
where
    C::Response: Debug,
{
    let transport = Arc::new(Fixed(response.clone()));
    let client = Client::builder(KEY).transport(transport).retries(0).build();
    match client.unwrap().call(call) {
        Ok(_) => {
            assert!(response.is_success());
            call.parse(&response.body).unwrap();
        }
        Err(error) => {
            assert_printable(&error);
            let message = format!("{error} {error:?}");
            assert!(!message.contains(KEY), "{message}");
            // Half of it, where the input itself does not have that.
            assert!(!message.contains(&KEY[24..32]) || has_half, "{message}");
            if let Error::Api(rejection) = &error {
                assert_eq!(rejection.status, response.status);
                assert_eq!(rejection.is_retryable(), error.is_retryable());
                assert!(!(rejection.is_retryable() && rejection.is_unauthorized()));
            }
        }
    }
}

fn with_key(bytes: &[u8]) -> Vec<u8> {
    let replace = |byte: &u8| match byte {
        1 => KEY.as_bytes().to_vec(),
        byte => vec![*byte],
    };
    bytes.iter().flat_map(replace).collect()
}

fn check_times(date: &str, retry_after: &str, seconds: u32) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
    let with = |headers: &[(&str, &str)]| {
        let response = Response::new(200, Vec::new());
        let add =
            |response: Response, (name, value): &(&str, &str)| response.with_header(name, *value);
        headers.iter().fold(response, add)
    };
    // In each of the three forms that HTTP has had.
    let timestamp = DateTime::from_timestamp_secs(seconds.into()).unwrap();
    for form in [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ] {
        let written = timestamp.format(form).to_string();
        let read = with(&[("date", &written)]).date();
        let has_year = !form.contains("%y") || seconds < 3_124_224_000;
        assert!(!has_year || read == Some(at), "{written}");
        let response = with(&[("retry-after", &written), ("date", date)]);
        let from = response.date().unwrap_or(SystemTime::UNIX_EPOCH);
        let pause = at.duration_since(from).unwrap_or_default();
        let read = response.retry_after(SystemTime::UNIX_EPOCH);
        assert!(!has_year || read == Some(pause), "{written} {date}");
    }

    let read = with(&[("date", date)]).date();
    // chrono counts a leap second as the next one, jiff as the one before.
    let is_leap_second = date.contains(":60");
    if let (Some(read), Ok(parsed), false) =
        (read, DateTime::parse_from_rfc2822(date), is_leap_second)
    {
        assert_eq!(read, SystemTime::from(parsed), "{date}");
    }
    let response = with(&[("retry-after", retry_after)]);
    let pause = response.retry_after(at);
    let trimmed = retry_after.trim();
    if let Ok(number) = trimmed.parse::<u64>() {
        let expected = (!trimmed.starts_with('+')).then_some(Duration::from_secs(number));
        assert_eq!(pause, expected, "{retry_after}");
    } else if let Some(pause) = pause {
        // More digits than fit, or a date.
        let is_number = trimmed.bytes().all(|byte| byte.is_ascii_digit());
        assert_eq!(is_number, pause == Duration::from_secs(u64::MAX));
        assert!(is_number || pause == Duration::ZERO || trimmed.contains(':'));
    }
}

/// Gives the same response to every request.
#[derive(Debug)]
struct Fixed(Response);

impl Transport for Fixed {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        assert!(request.url.starts_with("https://"));
        Ok(self.0.clone())
    }
}
