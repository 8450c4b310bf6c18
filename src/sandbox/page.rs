//! The web page that shows the stored files and the last requests: plain HTML, without scripts.

use std::fmt::Write;

use super::SandboxRequest;
use super::storage::{Storage, escape};

/// Maximum number of requests on the page, latest first.
const MAX_SHOWN: usize = 50;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --quiet: #808080 }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 } h1 + p { color: var(--quiet); margin: .2rem 0 1.5rem }
h2 { font-size: 1rem; margin: 1.2rem 0 .6rem }
main { display: grid; gap: 0 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)) }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem; list-style: none; margin: 0; padding: 0 }
a { color: inherit; display: block; text-decoration: none }
img, .file { aspect-ratio: 1; background: #8882; border-radius: 6px; box-sizing: border-box; display: block; object-fit: contain; width: 100% }
.file { color: var(--quiet); display: grid; place-items: center }
code { font: .8rem/1.4 ui-monospace, monospace }
li code { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; margin-top: .3rem }
small { color: var(--quiet) }
table { border-collapse: collapse; width: 100% } td { border-top: 1px solid var(--line); padding: .25rem 0; vertical-align: top }
td:first-child { font-variant-numeric: tabular-nums; padding-right: 1rem; width: 2.5rem } td code { overflow-wrap: anywhere }
.good { color: #188038 } .bad { color: #d93025 } .none { color: var(--quiet) }";

/// Renders the page. The browser reloads it every few seconds.
pub(super) fn render<'a>(
    storage: &Storage,
    requests: impl DoubleEndedIterator<Item = &'a SandboxRequest>,
) -> String {
    let objects = storage.list();
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"5\">\
         <title>imgpost sandbox</title><style>{STYLE}</style></head>\
         <body><h1>imgpost sandbox</h1><p>A stand-in for the API and its storage. Nothing leaves this machine.</p>\
         <main><section><h2>Stored: {}</h2><ul>",
        objects.len()
    );
    for (key, object) in objects {
        let content_type = object.content_type.as_deref().unwrap_or("no type");
        let (url, key) = (escape(&storage.object_url(&key)), escape(&key));
        let content_type = escape(content_type);
        let thumbnail = if content_type.starts_with("image/") {
            format!("<img src=\"{url}\" alt=\"\">")
        } else {
            format!("<span class=\"file\">{content_type}</span>")
        };
        add(
            &mut page,
            format_args!(
                "<li><a href=\"{url}\" title=\"{key}\">{thumbnail}<code>{}</code></a><small>{content_type}, {} bytes</small></li>",
                short(&key),
                object.bytes.len()
            ),
        );
    }
    page += "</ul></section><section><h2>Last requests</h2><table>";
    // Leave out the requests that this page itself causes by showing images.
    let is_shown = |request: &&SandboxRequest| {
        request.method != "GET" || request.path.starts_with(super::api::PREFIX)
    };
    for request in requests.rev().filter(is_shown).take(MAX_SHOWN) {
        let (class, status) = match request.status {
            Some(status @ ..400) => ("good", status.to_string()),
            Some(status) => ("bad", status.to_string()),
            None => ("none", "none".into()),
        };
        let (method, path) = (escape(&request.method), escape(&request.path));
        add(
            &mut page,
            format_args!(
                "<tr><td class=\"{class}\">{status}</td><td><code>{method} {path}</code></td></tr>"
            ),
        );
    }
    page + "</table></section></main></body></html>\n"
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
