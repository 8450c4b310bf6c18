//! The page that shows what is stored and what was asked: plain HTML, without a script.

use std::fmt::Write;

use super::SandboxRequest;
use super::storage::{Storage, escape};

/// As many requests as are shown, the last first.
const SHOWN: usize = 50;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color-scheme: light dark }
ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }
li { width: 13rem; overflow-wrap: anywhere; font-size: .8rem }
img { width: 13rem; height: 13rem; object-fit: contain; background: #8883 }
table { border-collapse: collapse } td, th { padding: .1rem 1rem .1rem 0; text-align: left }
td { font-family: ui-monospace, monospace; font-size: .85rem }";

/// The page as it is now. It is fetched anew every few seconds.
pub(super) fn render(storage: &Storage, requests: &[SandboxRequest]) -> String {
    let objects = storage.list();
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"5\"><title>imgpost sandbox</title><style>{STYLE}</style></head>\
         <body><h1>imgpost sandbox</h1><h2>Stored: {}</h2><ul>",
        objects.len()
    );
    for (key, object) in objects {
        let content_type = object.content_type.as_deref().unwrap_or("no type");
        let (key, url) = (escape(&key), escape(&storage.object_url(&key)));
        let picture = match content_type.starts_with("image/") {
            true => format!("<img src=\"{url}\" alt=\"\">"),
            false => String::new(),
        };
        add(
            &mut page,
            format_args!(
                "<li><a href=\"{url}\">{picture}<br>{key}</a><br>{}, {} bytes</li>",
                escape(content_type),
                object.bytes.len()
            ),
        );
    }
    page += "</ul><h2>Last requests</h2><table><tr><th>status</th><th>request</th></tr>";
    // The pictures of this page were fetched by the page.
    let asked = |request: &&SandboxRequest| {
        request.method != "GET" || request.path.starts_with(super::api::PREFIX)
    };
    for request in requests.iter().rev().filter(asked).take(SHOWN) {
        let status = request
            .status
            .map_or("none".into(), |status| status.to_string());
        let (method, path) = (escape(&request.method), escape(&request.path));
        add(
            &mut page,
            format_args!("<tr><td>{status}</td><td>{method} {path}</td></tr>"),
        );
    }
    page + "</table></body></html>\n"
}

fn add(page: &mut String, words: std::fmt::Arguments<'_>) {
    page.write_fmt(words).expect("a text can grow");
}
