//! The web page that shows the stored files and the last requests.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::SandboxRequest;
use super::sigv4;
use super::storage::{BUCKET, Storage, Stored, escape};
use crate::prepare::PrepareOptions;
use crate::time::Timestamp;

/// Maximum number of files and of requests on the page, latest first.
const MAX_SHOWN: usize = 50;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Allows the style, the script and the stored images, and nothing else.
pub(super) fn security_policy() -> String {
    let hash = STANDARD.encode(sigv4::sha256(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'"
    )
}

/// Renders the page. The script in it fetches the page again every few seconds.
pub(super) fn render<'a>(
    storage: &Storage,
    requests: impl DoubleEndedIterator<Item = &'a SandboxRequest>,
) -> String {
    let stored = storage.list();
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\
         <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\
         <title>imgpost sandbox</title><style>{STYLE}</style></head>\
         <body><h1>imgpost sandbox</h1><p>A stand-in for the API and its storage. Nothing leaves this machine.</p>\
         <main><section><h2>Stored files: {}</h2>",
        stored.len()
    );
    if stored.is_empty() {
        page += "<p>Nothing yet.</p>";
    }
    page += "<ul>";
    for (key, stored) in stored.iter().rev().take(MAX_SHOWN) {
        add_file(&mut page, key, stored);
    }
    page += "</ul>";
    if let older @ 1.. = stored.len().saturating_sub(MAX_SHOWN) {
        add(&mut page, format_args!("<p>and {older} older ones</p>"));
    }
    page += "</section><section><h2>Last requests</h2>";
    // Preflights say nothing that the requests after them do not.
    let is_shown = |request: &&SandboxRequest| request.method != "OPTIONS";
    let mut shown = requests.rev().filter(is_shown).take(MAX_SHOWN).peekable();
    if shown.peek().is_none() {
        page += "<p>None yet.</p>";
    }
    page += "<ol>";
    for request in shown {
        add_request(&mut page, request);
    }
    page += "</ol></section></main><script>";
    page + SCRIPT + "</script></body></html>\n"
}

fn add_file(page: &mut String, key: &str, Stored { object, at }: &Stored) {
    let content_type = object.content_type.as_deref().unwrap_or("no type");
    // Without the host: the page may be open under another name of it.
    let (url, id) = (escape(&format!("/{BUCKET}/{key}")), id(key));
    let key = if id == key {
        String::new()
    } else {
        escape(&short(key).replace(id, "…"))
    };
    let (id, content_type) = (escape(id), escape(content_type));
    let (thumbnail, size) = if content_type.starts_with("image/") {
        let plan = PrepareOptions::default().plan_bytes(&object.bytes);
        let size = plan.map(|plan| {
            let size = plan.source_size();
            format!("{}×{} ", size.width, size.height)
        });
        let thumbnail = format!("<img src=\"{url}\" alt=\"\" loading=\"lazy\">");
        (thumbnail, size.unwrap_or_default())
    } else {
        ("<span></span>".into(), String::new())
    };
    let (bytes, time) = (object.bytes.len(), time(*at));
    add(
        page,
        format_args!(
            "<li><a href=\"{url}\">{thumbnail}</a><div><code>{id}</code> <button value=\"{id}\">copy</button>\
             <small>{size}{content_type}, {bytes} bytes, {time}</small><small><code>{key}</code></small></div></li>"
        ),
    );
}

fn add_request(page: &mut String, request: &SandboxRequest) {
    let (class, status) = match request.status {
        Some(status @ ..400) if request.reason.is_none() => ("good", status.to_string()),
        Some(status) => ("bad", status.to_string()),
        None if request.reason.is_none() => ("none", "…".into()),
        None => ("bad", "–".into()),
    };
    let (method, path) = (escape(&request.method), escape(&request.path));
    let time = time(request.time);
    add(
        page,
        format_args!(
            "<li><b class=\"{class}\">{status}</b><div><code>{method} {path}</code> <small>{time}</small>"
        ),
    );
    if let Some(reason) = &request.reason {
        let reason = escape(reason);
        add(page, format_args!("<p class=\"bad\">{reason}</p>"));
    }
    *page += "</div></li>";
}

/// The script replaces the time with that of the reader's time zone.
fn time(at: std::time::SystemTime) -> String {
    let time = Timestamp::from(at).to_string();
    let clock = time.get(11..19).unwrap_or_default();
    format!("<time datetime=\"{time}\">{clock} UTC</time>")
}

/// The last UUID of a key, which is the id of an uploaded image; the key itself if it has none.
fn id(key: &str) -> &str {
    let is_id = |part: &&str| super::api::is_uuid(part);
    key.rsplit('/').find(is_id).unwrap_or(key)
}

/// Removes the user, who is the same in every key.
fn short(key: &str) -> &str {
    let rest = key.strip_prefix("users/");
    rest.and_then(|rest| rest.split_once('/'))
        .map_or(key, |(_, rest)| rest)
}

fn add(page: &mut String, html: std::fmt::Arguments<'_>) {
    page.write_fmt(html)
        .expect("writing to a String cannot fail");
}
