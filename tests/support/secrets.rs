//! Recognizable secrets, and the outputs to search for them: the log and the printed forms of errors.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::PresignedPost;

/// Part of every secret, so that a search finds all of them.
pub const MARK: &str = "SECRET";
pub const API_KEY: &str = "SECRET-API-KEY";
pub const SECRET_FIELDS: [&str; 7] = [
    "X-Amz-Credential",
    "GoogleAccessId",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "AWSAccessKeyId",
    "signature",
    "x-upload-token",
];

/// All log lines of all crates, with two exceptions at trace level: the raw bytes that ureq logs (the documentation warns of
/// them), and those that `multipart` logs while other tests read forms with it.
struct Log(Mutex<Vec<String>>);

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let target = record.target();
        if record.level() == log::Level::Trace
            && (target == "ureq_proto::util" || target.starts_with("multipart::"))
        {
            return;
        }
        let line = format!("{} {}: {}", record.level(), target, record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

/// Starts recording the log, if necessary, and returns the lines logged so far.
pub fn log_lines() -> Vec<String> {
    static LOG: OnceLock<&'static Log> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log: &'static Log = Box::leak(Box::new(Log(Mutex::default())));
        log::set_logger(log).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
        log
    });
    log.0.lock().unwrap().clone()
}

/// The policy, the same for every form: a server must know what to repeat before the form is created.
fn policy() -> String {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(make_policy).clone()
}

fn make_policy() -> String {
    let expiration = SystemTime::now() + Duration::from_secs(60);
    let expiration = jiff::Timestamp::try_from(expiration).unwrap();
    let conditions = SECRET_FIELDS.map(|name| format!(r#"{{"{name}":"{}"}}"#, value(name)));
    let conditions = conditions.join(",");
    STANDARD.encode(format!(
        r#"{{"expiration":"{expiration}","conditions":[{{"key":"k.jpg"}},{conditions}]}}"#
    ))
}

pub fn value(name: &str) -> String {
    format!("{MARK}-{name}-0123456789")
}

/// A form whose fields are all secret, except the key.
pub fn form(url: &str) -> PresignedPost {
    let fields = SECRET_FIELDS.map(|name| (name.to_owned(), value(name)));
    let others = [("key".into(), "k.jpg".into()), ("Policy".into(), policy())];
    PresignedPost::new(url, others.into_iter().chain(fields)).unwrap()
}

/// The secrets of a form in the encodings of servers that reading the response does not decode.
pub fn secrets(form: &PresignedPost) -> Vec<String> {
    let policy = form.fields().find(|(name, _)| *name == "Policy").unwrap().1;
    let hex = |separator: &str| {
        let bytes: Vec<_> = policy.bytes().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(separator)
    };
    // Part of a secret must not appear either.
    let part = |text: String| text[40..80].to_owned();
    vec![
        MARK.into(),
        part(policy.into()),
        part(hex("")),
        part(hex(" ")),
    ]
}

pub fn clean(secrets: &[String], shown: &str) {
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// All printed forms of an error and its sources.
pub fn shown(error: &(dyn std::error::Error + 'static)) -> String {
    let mut shown = format!("{error} {error:#} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    shown
}
