//! The forms that are posted to every server: valid ones, and invalid ones of all kinds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::PresignedPost;
use serde_json::{Value, json};

use crate::support::AWS_SDK_FIELDS;
use crate::support::s3::Signer;

/// The names and values of a form, in order.
pub type Fields = Vec<(String, String)>;

/// A form and its alteration before it is posted.
pub struct Case {
    pub name: &'static str,
    /// The request to boto3, without the key.
    request: Value,
    alter: Box<dyn Fn(&mut Fields)>,
    /// Why the servers respond differently; empty if they respond alike.
    pub because: &'static str,
}

impl Case {
    fn because(mut self, reason: &'static str) -> Self {
        self.because = reason;
        self
    }

    /// The request to boto3.
    pub fn request(&self, key: &str) -> Value {
        let mut request = self.request.clone();
        request["key"] = key.into();
        request
    }

    /// The form that is posted.
    pub fn alter(&self, form: &PresignedPost) -> PresignedPost {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut fields = form.fields().map(own).collect();
        (self.alter)(&mut fields);
        PresignedPost::new(form.url(), fields).unwrap()
    }
}

fn case(name: &'static str, request: Value, alter: impl Fn(&mut Fields) + 'static) -> Case {
    Case {
        name,
        request,
        alter: Box::new(alter),
        because: "",
    }
}

/// A form for a JPEG.
pub fn jpeg() -> Value {
    json!({"fields": {"Content-Type": "image/jpeg"}, "conditions": [{"Content-Type": "image/jpeg"}]})
}

fn with(field: &str, value: &str) -> Value {
    json!({"fields": {field: value}, "conditions": [{field: value}]})
}

fn size(min: usize, max: usize) -> Value {
    json!({"conditions": [["content-length-range", min, max]]})
}

fn signed_with(access_key: &str, secret_key: &str, session_token: Option<&str>) -> Value {
    json!({"credentials": [access_key, secret_key, session_token]})
}

fn none(_: &mut Fields) {}

fn find<'a>(fields: &'a mut Fields, name: &str) -> &'a mut (String, String) {
    let mut found = fields.iter_mut().filter(|(n, _)| n == name);
    found
        .next()
        .unwrap_or_else(|| panic!("the form has no {name}"))
}

fn set(name: &'static str, value: &'static str) -> impl Fn(&mut Fields) {
    move |fields| find(fields, name).1 = value.into()
}

fn without(name: &'static str) -> impl Fn(&mut Fields) {
    move |fields| {
        find(fields, name);
        fields.retain(|(n, _)| n != name);
    }
}

fn and(name: &'static str, value: &'static str) -> impl Fn(&mut Fields) {
    move |fields| fields.push((name.into(), value.into()))
}

/// Alters the signed policy.
fn policy(alter: impl Fn(&mut Value)) -> impl Fn(&mut Fields) {
    move |fields| {
        let field = &mut find(fields, "policy").1;
        let mut policy = serde_json::from_slice(&STANDARD.decode(&*field).unwrap()).unwrap();
        alter(&mut policy);
        *field = STANDARD.encode(policy.to_string());
    }
}

/// Replaces the key in the form and in the policy.
fn another_key_in_both(fields: &mut Fields) {
    let key = std::mem::replace(&mut find(fields, "key").1, "another.jpg".into());
    policy(|policy| {
        let conditions = policy["conditions"].as_array_mut().unwrap();
        let condition = conditions.iter_mut().find(|c| **c == json!({"key": key}));
        *condition.unwrap() = json!({"key": "another.jpg"});
    })(fields);
}

/// Orders and spells the fields like the AWS SDK for JavaScript.
fn as_aws_sdk_js(fields: &mut Fields) {
    let mut given = std::mem::take(fields);
    for name in AWS_SDK_FIELDS {
        let value = find(&mut given, &name.to_ascii_lowercase()).1.clone();
        fields.push((name.into(), value));
    }
}

fn capitals(fields: &mut Fields) {
    for (name, _) in fields {
        *name = name.to_ascii_uppercase();
    }
}

const CONDITION: &str = "s3s-fs has another code than AWS for a condition that fails";
const MISSING: &str = "each has another code for a field that is missing";
const TOKEN: &str = "to s3s-fs the session token is a field like any other";

/// All cases, for a JPEG of `bytes` bytes and a storage with the credentials of `signer`.
pub fn all(bytes: usize, signer: &Signer) -> Vec<Case> {
    let Signer {
        bucket,
        access_key,
        secret_key,
        session_token,
    } = signer;
    let zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    let plain = || json!({});
    let sdk = json!({
        "fields": {"content-type": "image/jpeg", "bucket": bucket},
        "conditions": [{"Content-Type": "image/jpeg"}],
    });
    let image = json!({
        "fields": {"Content-Type": "image/jpeg"},
        "conditions": [["starts-with", "$Content-Type", "image/"]],
    });
    let expired = || json!({"expires": -60});
    vec![
        case("as it was given", jpeg(), none),
        case("without a Content-Type", plain(), none),
        case("in reverse order", jpeg(), |fields| fields.reverse()),
        case("as aws-sdk-js orders and spells it", sdk, as_aws_sdk_js),
        case("names in capitals", jpeg(), capitals),
        case(
            "with metadata",
            with("x-amz-meta-upload_type", "init"),
            none,
        ),
        case("with an empty field", with("x-amz-meta-empty", ""), none),
        case("with a field x-ignore-me", plain(), and("x-ignore-me", "1")),
        case("expired a minute ago", expired(), none),
        case(
            "expired, another expiration in its policy",
            expired(),
            policy(|policy| policy["expiration"] = "2100-01-01T00:00:00Z".into()),
        ),
        case("wrong signature", jpeg(), set("x-amz-signature", zeros)),
        case("no signature", jpeg(), without("x-amz-signature"))
            .because("s3s-fs takes it for an anonymous post"),
        case(
            "signed with another secret key",
            signed_with(access_key, "another-secret-key", Some(session_token)),
            none,
        ),
        case(
            "signed with another access key",
            signed_with("ASIAANOTHERANOTHER00", secret_key, Some(session_token)),
            none,
        )
        .because("s3s-fs has a code of its own for it"),
        case("another key", plain(), set("key", "another.jpg")).because(CONDITION),
        case(
            "another key, in its policy too",
            plain(),
            another_key_in_both,
        ),
        case(
            "a policy that is none",
            plain(),
            set("policy", "bm8gcG9saWN5"),
        )
        .because("s3s-fs reads the policy before it checks the signature"),
        case("no policy", plain(), without("policy")).because(MISSING),
        case(
            "another date",
            plain(),
            set("x-amz-date", "20260101T000000Z"),
        )
        .because("MiniStack compares it with the credential, s3s-fs with the policy"),
        case(
            "another algorithm",
            plain(),
            set("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        )
        .because("s3s-fs calls what it does not know not implemented"),
        case("no key", plain(), without("key"))
            .because("MiniStack looks for the key before it reads the policy"),
        case(
            "no Content-Type, which is added",
            jpeg(),
            without("Content-Type"),
        ),
        case("no date", plain(), without("x-amz-date")).because(MISSING),
        case("no credential", plain(), without("x-amz-credential"))
            .because("MiniStack takes it for an anonymous post"),
        case("no algorithm", plain(), without("x-amz-algorithm")).because(MISSING),
        case("a field nobody knows", plain(), and("foo", "1")),
        case(
            "acl, which was not signed",
            plain(),
            and("acl", "public-read"),
        ),
        case("another bucket", plain(), and("bucket", "another")).because(CONDITION),
        case("a byte too large", size(1, bytes - 1), none),
        case("a byte too small", size(bytes + 1, bytes + 2), none),
        case("just large enough", size(bytes, bytes), none),
        case("for any image", image, none),
        case(
            "for image/jpg, which is no type",
            with("Content-Type", "image/jpg"),
            none,
        ),
        case("for a PNG", with("Content-Type", "image/png"), none),
        case(
            "another image's type",
            jpeg(),
            set("Content-Type", "image/png"),
        )
        .because(CONDITION),
        case("another type", jpeg(), set("Content-Type", "text/plain")).because(CONDITION),
        case("no session token", plain(), without("x-amz-security-token")).because(TOKEN),
        case(
            "another session token",
            plain(),
            set("x-amz-security-token", "another-session-token"),
        )
        .because(TOKEN),
        case(
            "signed with another session token",
            signed_with(access_key, secret_key, Some("another-session-token")),
            none,
        )
        .because(TOKEN),
        case(
            "signed without a session token",
            signed_with(access_key, secret_key, None),
            none,
        )
        .because(TOKEN),
    ]
}
