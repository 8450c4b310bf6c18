use super::*;

const POLICY: &str = "eyJjb25kaXRpb25zIjpbXX0+/abc==";

/// One character in one of the ways servers write it; `choice` decides which.
fn encode(c: char, choice: u32) -> String {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).bytes();
    match (choice % 12, c) {
        (0, _) => bytes.map(|byte| format!("%{byte:02X}")).collect(),
        (1, _) => bytes.map(|byte| format!("%{byte:02x}")).collect(),
        (2, _) => bytes.map(|byte| format!("\\x{byte:02x}")).collect(),
        (3, _) => utf16(c, |unit| format!("\\u{unit:04x}")),
        (4, _) => utf16(c, |unit| format!("\\u{unit:04X}")),
        (5, _) => format!("&#{};", u32::from(c)),
        (6, _) => format!("&#x{:x};", u32::from(c)),
        (7, _) => format!("&#X{:04X};", u32::from(c)),
        (8, '/' | '"' | '\'' | '\\') => format!("\\{c}"),
        (8, ' ') => "+".into(),
        (9, '&') => "&amp;".into(),
        (9, '<') => "&lt;".into(),
        (9, '>') => "&gt;".into(),
        (9, '"') => "&quot;".into(),
        (9, '\'') => "&apos;".into(),
        // Who escapes with backslashes escapes those that are there.
        (_, '\\') => "\\\\".into(),
        _ => c.into(),
    }
}

fn utf16(c: char, write: impl Fn(u16) -> String) -> String {
    c.encode_utf16(&mut [0; 2])
        .iter()
        .map(|unit| write(*unit))
        .collect()
}

/// Pseudorandom numbers, the same every time.
fn numbers() -> impl FnMut() -> u32 {
    let mut state = 1_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u32
    }
}

const SECRETS: [&str; 7] = [
    POLICY,
    "AKIAEXAMPLE0/20261122/us-east-1/s3/aws4_request",
    "0123456789abcdef0123456789abcdef",
    "pass word & <\"quoted\"> 'too'",
    "back\\slash/es and % signs",
    "gr\u{fc}\u{df}e und \u{1f511}",
    "00000000-0000-4000-8000-000000000099",
];

#[test]
fn every_mixture_of_encodings_is_found() {
    let mut number = numbers();
    for secret in SECRETS {
        let redactor = Redactor::new([secret]);
        for round in 0..2000 {
            // At first all characters in one way, then each in another one.
            let mut text: String = match round {
                0..12 => secret.chars().map(|c| encode(c, round)).collect(),
                _ => secret.chars().map(|c| encode(c, number())).collect(),
            };
            // What is encoded may be encoded again.
            if round > 1000 {
                text = text.chars().map(|c| encode(c, number())).collect();
            }
            let redacted = redactor.redact(&format!("value=\"{text}\", too"));
            // One of two backslashes may remain.
            let redacted = redacted.replace('\\', "");
            assert_eq!(redacted, "value=\"[redacted]\", too", "{secret} as {text}");
        }
    }
}

#[test]
fn base64_and_hex_of_a_secret_are_found() {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    for secret in SECRETS {
        let redactor = Redactor::new([secret]);
        for before in ["", "a", "ab", "Bearer ", "user:"] {
            for after in ["", "\n", ":x"] {
                let whole = format!("{before}{secret}{after}");
                for encoded in [
                    STANDARD.encode(&whole),
                    URL_SAFE_NO_PAD.encode(&whole),
                    URL_SAFE.encode(&whole),
                ] {
                    let core = &encoded
                        [before.len().div_ceil(3) * 4..(before.len() + secret.len()) / 3 * 4];
                    for text in [
                        encoded.clone(),
                        encoded.replace('/', "\\/").replace('=', "%3D"),
                    ] {
                        let redacted = redactor.redact(&format!("<{text}>"));
                        assert!(redacted.contains(REDACTED), "{secret}: {redacted}");
                        assert!(
                            !redacted.contains(&core[..6])
                                && !redacted.contains(&core[core.len() - 6..]),
                            "{secret}: {redacted} has {core}"
                        );
                    }
                }
            }
        }
        let digits = hex(secret);
        assert_eq!(redactor.redact(&format!("<{digits}>")), "<[redacted]>");
        assert_eq!(
            redactor.redact(&format!("<{}>", digits.to_uppercase())),
            "<[redacted]>"
        );
    }
}

#[test]
fn case_line_breaks_and_lost_plus_signs_are_ignored() {
    let redactor = Redactor::new([POLICY]);
    for text in [
        POLICY.to_uppercase(),
        POLICY.replace('+', " "),
        format!("{}\r\n{}", &POLICY[..10], &POLICY[10..]),
        format!("{}\\n{}", &POLICY[..10], &POLICY[10..]),
    ] {
        assert_eq!(redactor.redact(&text), "[redacted]", "{text}");
    }
}

#[test]
fn adjacent_escapes_do_not_hide_a_secret() {
    let secret = "2fabcdef0123";
    let redactor = Redactor::new([secret]);
    for (before, after) in [
        ("%", ""),
        ("100%", "%"),
        ("\\", "\\"),
        ("&#", ";"),
        ("\\x", "\\u00"),
        ("%2", ""),
    ] {
        let redacted = redactor.redact(&format!("{before}{secret}{after}"));
        assert_eq!(redacted, format!("{before}[redacted]{after}"));
    }
}

#[test]
fn half_of_an_escaped_backslash_begins_no_other_escape() {
    let secret = "0123456789xAb%f0\u{1f511}";
    let json = |text: &str| -> String {
        let escaped = |c| utf16(c, |unit| format!("\\u{unit:04x}"));
        text.chars().map(escaped).collect()
    };
    let again = |text: &str| text.replace('\\', "\\\\");
    let text = again(&json(secret));
    assert_eq!(Redactor::new([secret]).redact(&text), REDACTED, "{text}");
}

#[test]
fn other_text_is_unchanged() {
    let redactor = Redactor::new(SECRETS);
    for text in [
        "",
        "Please use AWS4-HMAC-SHA256.",
        "50% of &lt;all&gt; \\u00e9 \\ud83d \\n %zz &nope; &#xffffffff; &#; caf\u{e9} \u{1f511}",
        "eyJjb25kaXRpb25z",
        "%",
        "\\u12",
    ] {
        assert_eq!(redactor.redact(text), text);
    }
    assert_eq!(Redactor::new([""]).redact("text"), "text");
    assert_eq!(Redactor::new(["++++++++"]).redact("a + b"), "a + b");
}

#[test]
fn short_secrets_are_found_raw_and_escaped() {
    let redactor = Redactor::new(["k/y"]);
    assert_eq!(
        redactor.redact("k/y k%2fy k\\/y ky"),
        "[redacted] [redacted] [redacted] ky"
    );
}

#[test]
fn overlapping_secrets_are_redacted_together() {
    let redactor = Redactor::new(["12345678", "1234567890ab", "0ab0ab0ab"]);
    assert_eq!(
        redactor.redact("1234567890ab 12345678"),
        "[redacted] [redacted]"
    );
    assert_eq!(redactor.redact("x0ab0ab0ab0aby"), "x[redacted]y");
}

#[test]
fn half_a_character_is_redacted_whole() {
    let redactor = Redactor::new(["secret-%C3"]);
    assert_eq!(redactor.redact("secret-\u{e9}!"), "[redacted]!");
}

/// An algorithm that starts over at every character would run for hours.
#[test]
fn hostile_text_takes_linear_time() {
    let redactor = Redactor::new(
        SECRETS
            .into_iter()
            .chain(["%25%25%25%25%25", "\\\\\\\\\\\\\\\\\\\\"]),
    );
    for part in [
        "%25",
        "%2525",
        "\\",
        "\\\\u005c",
        "&amp;",
        "&#38;#38;",
        "%",
        "A",
        "0123456789abcde",
        "\\ud83d",
    ] {
        let text = part.repeat((64 << 10) / part.len());
        assert!(redactor.redact(&text).len() <= text.len());
    }
}
