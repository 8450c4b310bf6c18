//! Which responses mean that the file is stored.

use super::xml::Elements;
use crate::transport::Response;
use crate::url;

/// Whether a storage sent `response` because it stored the file: 200, 201 or 204, or 303 to the form's
/// `success_redirect`
/// ([POST object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)).
///
/// S3 sends some errors with status 200, and the login page of a network responds 200 to every request. Any other body
/// is accepted: a callback of Alibaba's OSS responds with JSON, for example.
pub(crate) fn is_success(response: &Response, success_redirect: Option<&str>) -> bool {
    match response.status {
        200 | 201 | 204 => {
            let text = String::from_utf8_lossy(&response.body);
            Elements::parse(&text, "Error").is_none() && !is_web_page(response, &text)
        }
        303 => {
            let location = response.header("location");
            let same_host = |(a, b)| url::host(a) == url::host(b);
            success_redirect.zip(location).is_some_and(same_host)
        }
        _ => false,
    }
}

fn is_web_page(response: &Response, text: &str) -> bool {
    let start: String = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .chars()
        .take(16)
        .collect();
    let start = start.to_ascii_lowercase();
    let content_type = response.header("content-type").unwrap_or_default();
    let is_declared = content_type.to_ascii_lowercase().contains("html");
    start.starts_with("<!doctype html")
        || start.starts_with("<html")
        || (is_declared && start.starts_with('<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn success(status: u16, header: (&str, &str), body: &str, redirect: Option<&str>) -> bool {
        let response = Response {
            status,
            headers: vec![(header.0.into(), header.1.into())],
            body: body.into(),
        };
        is_success(&response, redirect)
    }

    #[test]
    fn a_storage_stores_with_200_201_or_204() {
        let created = "<?xml version=\"1.0\"?>\n<PostResponse><Key>k</Key></PostResponse>";
        let (xml, html) = (
            ("content-type", "application/xml"),
            ("content-type", "text/html"),
        );
        let json = ("content-type", "application/json");
        assert!(success(204, xml, "", None));
        assert!(success(200, xml, "", None));
        assert!(success(201, xml, created, None));
        assert!(success(200, json, r#"{"Status":"OK"}"#, None));
        // Python's web frameworks declare this type by default.
        assert!(success(200, html, "", None) && success(200, html, "OK", None));
        for status in [100, 202, 206, 301, 302, 304, 307, 400, 403, 500] {
            assert!(!success(status, xml, "", None), "{status}");
        }
    }

    #[test]
    fn an_error_document_or_a_web_page_is_no_success() {
        let error = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>";
        let (xml, html) = (
            ("content-type", "application/xml"),
            ("content-type", "text/html"),
        );
        for status in [200, 201] {
            assert!(!success(status, xml, error, None));
            assert!(!success(status, html, "<p>Sign in", None));
            for page in [
                "<!DOCTYPE html><title>Sign in</title>",
                "\u{feff}\r\n <HTML lang=en>",
            ] {
                assert!(!success(status, xml, page, None), "{page}");
            }
        }
    }

    #[test]
    fn a_303_leads_to_the_redirect_of_the_form() {
        let asked = Some("https://app.example/done?a=b");
        let to = |location| success(303, ("location", location), "", asked);
        assert!(to(
            "https://app.example/done?a=b&bucket=b&key=k&etag=%22e%22"
        ));
        assert!(!to("https://login.example/"));
        assert!(!success(
            303,
            ("location", "https://app.example/"),
            "",
            None
        ));
        assert!(!success(303, ("server", "x"), "", asked));
    }
}
