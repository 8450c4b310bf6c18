use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

const EXPIRATION: &str = "2026-11-22T15:03:47Z";

fn at(seconds: i64) -> SystemTime {
    let expiration: jiff::Timestamp = EXPIRATION.parse().unwrap();
    (expiration + jiff::SignedDuration::from_secs(seconds))
        .try_into()
        .unwrap()
}

fn form(conditions: &str, fields: &[(&str, &str)]) -> PresignedPost {
    let policy = format!(r#"{{"expiration":"{EXPIRATION}","conditions":{conditions}}}"#);
    let policy = ("pOLICY", STANDARD.encode(policy));
    let fields = fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let fields = fields
        .chain([policy])
        .map(|(name, value)| (name.to_owned(), value));
    PresignedPost::new("https://bucket.example.com/", fields).unwrap()
}

fn validate(conditions: &str, fields: &[(&str, &str)], bytes: u64) -> Result<(), PolicyError> {
    form(conditions, fields).validate(bytes, "image/jpeg", at(-60))
}

#[test]
fn a_form_lives_until_a_second_before_its_expiration() {
    let form = form("[]", &[]);
    let validate = |seconds| form.validate(1, "image/jpeg", at(seconds));
    assert_eq!(form.expires_at(), Some(at(0)));
    assert_eq!(validate(-2), Ok(()));
    assert_eq!(
        validate(-1),
        Err(PolicyError::Expired {
            ago: Duration::ZERO
        })
    );
    let ago = Duration::from_secs(43);
    let error = validate(43).unwrap_err();
    assert_eq!(error, PolicyError::Expired { ago });
    assert!(
        error
            .to_string()
            .starts_with("expired 43 s ago; ask for a new one")
    );
    assert_eq!(form.remaining(at(-5)), Some(Duration::from_secs(4)));
    assert_eq!(form.remaining(at(5)), Some(Duration::ZERO));
}

#[test]
fn clock_skew_is_taken_into_account() {
    let mut form = form("[]", &[]);
    // This machine is ten minutes ahead of the API's.
    form.set_server_time(at(-90), at(510));
    assert_eq!(form.validate(1, "image/jpeg", at(510)), Ok(()));
    assert!(form.validate(1, "image/jpeg", at(601)).is_err());
}

#[test]
fn each_refusal_names_the_field_and_both_values() {
    let wrong = validate(r#"[["eq","$key","a"]]"#, &[("Key", "b")], 1);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        r#"has the value "b" for the field key, but its policy requires ["eq", "$key", "a"]; post every field as it was given"#
    );
    let missing = validate(r#"[{"acl":"private"}]"#, &[("key", "b")], 1).unwrap_err();
    assert!(matches!(
        missing,
        PolicyError::ConditionFailed { found: None, .. }
    ));
    let extra = validate("[]", &[("foo", "1")], 1).unwrap_err();
    assert_eq!(
        extra,
        PolicyError::ExtraField {
            field: "foo".into()
        }
    );
    let range = r#"[["content-length-range",2,4]]"#;
    let (bytes, max_bytes, min_bytes) = (5, 4, 2);
    assert_eq!(
        validate(range, &[], 5),
        Err(PolicyError::TooLarge { bytes, max_bytes })
    );
    assert_eq!(
        validate(range, &[], 1),
        Err(PolicyError::TooSmall {
            bytes: 1,
            min_bytes
        })
    );
    let png = validate(
        r#"[{"content-type":"image/png"}]"#,
        &[("Content-Type", "image/png")],
        1,
    );
    assert!(matches!(png, Err(PolicyError::ContentType { .. })));
    let jpg = validate(
        r#"[{"content-type":"image/jpg"}]"#,
        &[("Content-Type", "image/jpg")],
        1,
    );
    assert_eq!(jpg, Ok(()));
}

#[test]
fn secrets_are_not_repeated() {
    let fields = [("x-amz-security-token", "SECRET-FOUND")];
    let error = validate(r#"[{"x-amz-security-token":"SECRET-ASKED"}]"#, &fields, 1).unwrap_err();
    assert!(error.to_string().contains("x-amz-security-token"));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

#[test]
fn values_that_the_policy_requires_are_redacted() {
    let form = form(r#"[{"x-amz-security-token":"SECRET-ASKED"}]"#, &[]);
    let shown = "field 'x-amz-security-token': expected 'SECRET-ASKED', got ''";
    let expected = "field 'x-amz-security-token': expected '[redacted]', got ''";
    assert_eq!(form.redact(shown), expected);
}

#[test]
fn conditions_are_shown_without_secrets() {
    let conditions = r#"[{"key":"k"},["starts-with","$X-Amz-Credential","SECRET"],["content-length-range",1,9]]"#;
    let shown = form(conditions, &[]).conditions().unwrap();
    let expected = [
        r#"["eq", "$key", "k"]"#,
        r#"["…", "$X-Amz-Credential", "[redacted]"]"#,
        r#"["content-length-range", 1, 9]"#,
    ];
    assert_eq!(shown, expected);
}

#[test]
fn names_and_values_are_shown_short_and_without_control_characters() {
    let long = "a".repeat(10_000);
    for (conditions, field) in [
        ("[]", ("a\u{1b}[2J", "")),
        (r#"[{"a\nb":"c"}]"#, ("key", "")),
        (r#"[{"key":"c"}]"#, ("key", long.as_str())),
        ("[]", ("Content-Type", "image/\r\n\u{1b}[2J")),
    ] {
        let shown = validate(conditions, &[field], 1).unwrap_err().to_string();
        let fits = shown.len() < 1000 && !shown.contains(char::is_control);
        assert!(fits, "{shown:?}");
    }
}

#[test]
fn a_bucket_in_the_address_alone_passes() {
    assert_eq!(validate(r#"[{"bucket":"bucket"}]"#, &[], 1), Ok(()));
    assert!(validate(r#"[{"bucket":"bucket"}]"#, &[("bucket", "other")], 1).is_err());
    // Which bucket that is, only storage knows.
    let prefix = r#"[["starts-with","$bucket","buck"]]"#;
    assert_eq!(validate(prefix, &[], 1), Ok(()));
    assert!(validate(prefix, &[("bucket", "other")], 1).is_err());
    let both = r#"[["starts-with","$bucket","buck"],{"bucket":"bucket"}]"#;
    assert_eq!(validate(both, &[], 1), Ok(()));
}

#[test]
fn an_invalid_policy_is_left_to_the_storage() {
    let fields = [("policy".to_owned(), "not a policy".to_owned())];
    let form = PresignedPost::new("https://example.com/", fields).unwrap();
    assert_eq!(form.validate(u64::MAX, "image/png", at(1000)), Ok(()));
    assert_eq!((form.expires_at(), form.remaining(at(0))), (None, None));
}

#[test]
fn a_content_type_that_the_policy_requires_is_added() {
    let body = |conditions: &str, fields: &[(&str, &str)], content_type: &str| {
        let form = form(conditions, fields);
        let validated = form.validate(1, content_type, at(-60));
        let fields = form.fields_for(content_type);
        let mut fields = fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
        let value = fields.next().map(|(_, value)| (*value).to_owned());
        assert!(fields.next().is_none());
        (value, validated.is_ok())
    };
    let found = |value: &str, is_valid| (Some(value.to_owned()), is_valid);
    let prefix = r#"[["starts-with","$Content-Type","image/"]]"#;
    let exact = r#"[{"Content-Type":"image/jpeg"}]"#;
    let listed = r#"[["in","$content-type",["image/jpg","image/png"]]]"#;
    for (conditions, fields, content_type, expected) in [
        (prefix, &[][..], "image/png", found("image/png", true)),
        (prefix, &[], "text/plain", found("text/plain", false)),
        (exact, &[], "image/jpeg", found("image/jpeg", true)),
        (exact, &[], "image/png", found("image/png", false)),
        (
            r#"[{"Content-Type":"image/jpg"}]"#,
            &[],
            "image/jpeg",
            found("image/jpg", true),
        ),
        (listed, &[], "image/png", found("image/png", true)),
        (listed, &[], "image/webp", found("image/webp", false)),
        (
            r#"[["starts-with","$Content-Type",""]]"#,
            &[],
            "image/webp",
            found("image/webp", true),
        ),
        // minio-js gives the prefix as the value.
        (
            prefix,
            &[("content-type", "image/")],
            "image/png",
            found("image/png", true),
        ),
        (
            prefix,
            &[("content-type", "image/*")],
            "image/png",
            found("image/png", true),
        ),
        (
            prefix,
            &[("content-type", "image/gif")],
            "image/png",
            found("image/gif", false),
        ),
        (
            r#"[{"Content-Type":"image/*"}]"#,
            &[("Content-Type", "image/*")],
            "image/png",
            found("image/*", true),
        ),
        ("[]", &[], "image/png", (None, true)),
        (prefix, &[], "", (None, false)),
    ] {
        let actual = body(conditions, fields, content_type);
        assert_eq!(actual, expected, "{conditions} {fields:?} {content_type}");
    }
    assert_eq!(form(prefix, &[]).validate_fields(at(-60)), Ok(()));
    assert_eq!(form(exact, &[]).validate_fields(at(-60)), Ok(()));
    assert_eq!(form(listed, &[]).validate_fields(at(-60)), Ok(()));
    let declared = form(exact, &[]).extension();
    assert_eq!(
        declared.map(crate::Extension::content_type),
        Some("image/jpeg")
    );
}

#[test]
fn a_field_that_was_left_to_the_client_is_added() {
    let form = form(
        r#"[["starts-with","$key","up/"],{"success_action_status":"201"}]"#,
        &[("key", "up/")],
    );
    let error = form
        .validate(1, "image/jpeg", at(-60))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("lacks the field success_action_status"),
        "{error}"
    );
    assert!(error.contains("\"201\""), "{error}");
    let form = form.field("success_action_status", "201").unwrap();
    let form = form.field("KEY", "up/a.jpg").unwrap();
    assert_eq!(form.validate(1, "image/jpeg", at(-60)), Ok(()));
    assert_eq!(form.key(), Some("up/a.jpg"));
    let form = form.field("Policy", "").unwrap();
    assert_eq!(form.expires_at(), None);
    assert!(form.field("file", "").is_err());
}

#[test]
fn forms_of_every_cloud_are_valid() {
    // The conditions and fields that the documentation of each cloud shows.
    for (conditions, fields) in [
        (
            r#"[{"key":"k"},{"x-goog-date":"d"},{"x-goog-credential":"c"},{"x-goog-algorithm":"a"}]"#,
            "key=k x-goog-date=d x-goog-credential=c x-goog-algorithm=a x-goog-signature=s",
        ),
        (
            r#"[["eq","$key","k"],{"bucket":"b"},["content-length-range",0,9]]"#,
            "key=k bucket=b GoogleAccessId=a signature=s",
        ),
        (
            r#"[["content-length-range",0,1048576000]]"#,
            "key=k OSSAccessKeyId=a success_action_status=200 Signature=s",
        ),
        (
            r#"[{"bucket":"b"},{"x-oss-signature-version":"v"},{"x-oss-credential":"c"},{"x-oss-date":"d"},
                ["not-in","$cache-control",["no-cache"]]]"#,
            "key=k x-oss-signature-version=v x-oss-credential=c x-oss-date=d x-oss-signature=s",
        ),
        (
            r#"[{"x-obs-acl":"public-read"},{"bucket":"b"},["starts-with","$key","k"]]"#,
            "key=k x-obs-acl=public-read AccessKeyId=a token=t signature=s",
        ),
        (
            r#"[{"bucket":"b"},["starts-with","$key",""],{"q-sign-algorithm":"sha1"},{"q-ak":"a"},{"q-sign-time":"1;2"}]"#,
            "key=k q-sign-algorithm=sha1 q-ak=a q-key-time=1;2 q-signature=s x-cos-security-token=t",
        ),
        (
            r#"[{"bucket":"b"},["starts-with","$key",""]]"#,
            "key=k KSSAccessKeyId=a acl=private signature=s",
        ),
        (
            r#"[{"bucket":"b"},{"x-tos-algorithm":"a"},{"x-tos-credential":"c"},{"x-tos-date":"d"}]"#,
            "key=k x-tos-algorithm=a x-tos-credential=c x-tos-date=d x-tos-signature=s",
        ),
        (
            r#"[{"key":"k"}]"#,
            "key=k AWSAccessKeyId=a signature=s x-ignore-me=1",
        ),
        (
            r#"[["new-condition","$key","k"]]"#,
            "key=k newAccessKeyId=a signature=s",
        ),
    ] {
        let fields: Vec<_> = fields
            .split(' ')
            .filter_map(|field| field.split_once('='))
            .collect();
        assert_eq!(validate(conditions, &fields, 1), Ok(()), "{conditions}");
        assert_eq!(form(conditions, &fields).validate_fields(at(-60)), Ok(()));
        let shown = format!("{:?}", form(conditions, &fields));
        assert!(!shown.contains('='), "{shown}");
    }
    // What each of them checks is still checked.
    let signed = [("key", "k"), ("q-key-time", "1;3"), ("q-signature", "s")];
    assert!(validate(r#"[{"q-sign-time":"1;2"}]"#, &signed, 1).is_err());
    let signed = [("key", "k"), ("foo", "1"), ("x-goog-signature", "s")];
    let error = validate(r#"[{"key":"k"}]"#, &signed, 1).unwrap_err();
    assert_eq!(
        error,
        PolicyError::ExtraField {
            field: "foo".into()
        }
    );
}

#[test]
fn storage_without_presigned_post_is_named() {
    for (host, is_supported) in [
        ("0123.r2.cloudflarestorage.com", false),
        ("bucket.0123.EU.R2.cloudflarestorage.com:443", false),
        ("s3.us-west-002.backblazeb2.com", false),
        ("r2.cloudflarestorage.com.example.com", true),
        ("bucket.s3.amazonaws.com", true),
    ] {
        let fields = [("key".to_owned(), "k".to_owned())];
        let form = PresignedPost::new(format!("https://{host}/"), fields).unwrap();
        let both = [
            form.validate(1, "image/png", at(0)),
            form.validate_fields(at(0)),
        ];
        for validated in both {
            assert_eq!(validated.is_ok(), is_supported, "{host}");
            if let Err(error) = validated {
                assert!(error.to_string().contains("presigned PUT"), "{error}");
            }
        }
    }
}
