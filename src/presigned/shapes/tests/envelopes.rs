//! Promise: a form in any envelope is the same form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{URL, expect, object};
use crate::presigned::{PresignedPost, PresignedPostError};

/// Pseudorandom numbers, the same every time.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 1_u64;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    }
}

#[test]
fn a_form_in_any_envelope_is_the_same_form() {
    let mut number = numbers();
    for round in 0..100 {
        let mut text = format!(r#"{{"url":{},"fields":{}}}"#, json!(URL), object());
        let mut strings = 0;
        for _ in 0..number(5) {
            text = match number(6) {
                0 => format!(r#"{{"data":{text}}}"#),
                1 => format!(r#"{{"success":true,"errors":[],"result":{text},"message":""}}"#),
                2 => format!("[{text}]"),
                3 => format!(
                    r#"{{"expires":60,"a":[{{"url":"https://x.example"}}],"upload":[{text}]}}"#
                ),
                4 if strings < 2 => {
                    strings += 1;
                    format!(
                        r#"{{"statusCode":200,"headers":{{"a":"b"}},"body":{}}}"#,
                        json!(text)
                    )
                }
                5 if strings < 2 => {
                    strings += 1;
                    let body = STANDARD.encode(&text);
                    format!(r#"{{"isBase64Encoded":true,"body":{}}}"#, json!(body))
                }
                _ => format!(r#"{{"presigned_post":{text},"null":null}}"#),
            };
        }
        if strings == 0 && number(2) == 0 {
            text = json!(text).to_string();
        }
        if number(2) == 0 {
            text = format!("\r\n {}\n", text.replace(",\"", ",\n  \""));
        }
        expect(&text, &format!("round {round}"));
        let utf16 = |unit: fn(u16) -> [u8; 2]| {
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(unit)
                .collect::<Vec<_>>()
        };
        for bytes in [
            format!("\u{feff}{text}").into_bytes(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            let form = PresignedPost::from_json(bytes).unwrap();
            assert_eq!(form, PresignedPost::from_json(&text).unwrap());
        }
    }
}

#[test]
fn a_form_is_found_four_levels_deep_and_no_deeper() {
    let mut text = format!(r#"{{"url":{},"fields":{}}}"#, json!(URL), object());
    for depth in 0..=4 {
        expect(&text, &format!("{depth} levels"));
        text = format!(r#"{{"a{depth}":{text}}}"#);
    }
    let error = PresignedPost::from_json(&text).unwrap_err();
    assert!(
        matches!(error, PresignedPostError::NoForm { .. }),
        "{error:?}"
    );
}
