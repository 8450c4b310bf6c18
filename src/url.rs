//! Which addresses secrets may be sent to.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// Reads an address that secrets may be sent to: https anywhere, or http on the loopback interface.
pub(crate) fn check(url: &str) -> Result<Uri, UrlError> {
    let uri: Uri = url.parse().map_err(|_| UrlError::NotAUrl)?;
    let scheme = uri.scheme_str().ok_or(UrlError::NotAUrl)?;
    let authority = uri.authority().ok_or(UrlError::NotAUrl)?;
    if authority.as_str().contains('@') {
        return Err(UrlError::UserInfo);
    }
    match scheme {
        "https" => Ok(uri),
        "http" if is_loopback(authority.host()) => Ok(uri),
        _ => Err(UrlError::NotHttps),
    }
}

/// The absolute address of a `Location` header in a response to a request for `from` (RFC 9110, 10.2.2), if secrets may
/// be sent there: never from https to http.
pub(crate) fn redirect(from: &str, location: &str) -> Option<String> {
    let base = check(from).ok()?;
    let origin = || Some(format!("{}://{}", base.scheme_str()?, base.authority()?));
    let has_scheme = location
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let url = if has_scheme {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{}://{rest}", base.scheme_str()?)
    } else if location.starts_with('/') {
        origin()? + location
    } else if location.starts_with('?') {
        origin()? + base.path() + location
    } else {
        let (folder, _) = base.path().rsplit_once('/').unwrap_or_default();
        format!("{}{folder}/{location}", origin()?)
    };
    let target = check(&url).ok()?;
    let is_https = |uri: &Uri| uri.scheme_str() == Some("https");
    (is_https(&target) || !is_https(&base)).then_some(url)
}

/// The host and port of an address, for messages: its query may hold a signature.
pub(crate) fn host(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok().filter(|uri: &Uri| uri.scheme().is_some());
    let authority = uri.as_ref().and_then(Uri::authority);
    let host = authority.and_then(|authority| authority.as_str().rsplit('@').next());
    host.unwrap_or("?").to_owned()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// An address secrets may not be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no absolute http or https URL.
    NotAUrl,
    /// It is not https, and not http on the loopback interface either.
    NotHttps,
    /// It holds a user name or password.
    UserInfo,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "is not an absolute URL",
            Self::NotHttps => "is not https (http is accepted on the loopback interface only)",
            Self::UserInfo => "holds a user name or password",
        })
    }
}

impl std::error::Error for UrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_at_home() {
        for good in [
            "https://bucket.s3-accelerate.amazonaws.com/",
            "https://bucket.s3.amazonaws.com",
            "HTTPS://example.com:8443/a?b",
            "http://127.0.0.1:9000/bucket",
            "http://127.8.9.1/",
            "http://localhost:9000",
            "http://[::1]:9000/",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("", UrlError::NotAUrl),
            ("bucket.s3.amazonaws.com", UrlError::NotAUrl),
            ("/path", UrlError::NotAUrl),
            ("https://", UrlError::NotAUrl),
            ("http://example.com/", UrlError::NotHttps),
            ("http://127.0.0.1.example.com/", UrlError::NotHttps),
            ("http://localhost.example.com/", UrlError::NotHttps),
            ("ftp://127.0.0.1/", UrlError::NotHttps),
            ("http://127.0.0.1@example.com/", UrlError::UserInfo),
            ("https://user:secret@example.com/", UrlError::UserInfo),
        ] {
            assert_eq!(check(bad).err(), Some(error), "{bad}");
        }
    }

    #[test]
    fn a_location_is_absolute_or_relative_to_the_request() {
        let from = "https://storage.example:9000/bucket/a?query=1";
        for (location, expected) in [
            ("https://other.example/b", Some("https://other.example/b")),
            ("//other.example/b", Some("https://other.example/b")),
            ("/b?c=d://e", Some("https://storage.example:9000/b?c=d://e")),
            ("b", Some("https://storage.example:9000/bucket/b")),
            ("?c", Some("https://storage.example:9000/bucket/a?c")),
            ("http://127.0.0.1/", None),
            ("http://other.example/", None),
            ("ftp://other.example/", None),
            ("https://user:secret@other.example/", None),
            ("https://", None),
            ("/a b", None),
        ] {
            assert_eq!(redirect(from, location).as_deref(), expected, "{location}");
        }
        let from = "http://127.0.0.1:1/";
        for (location, expected) in [
            ("/ok", Some("http://127.0.0.1:1/ok")),
            ("http://localhost/", Some("http://localhost/")),
            ("https://other.example/", Some("https://other.example/")),
            ("http://evil.example/", None),
        ] {
            assert_eq!(redirect(from, location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn messages_name_the_host_alone() {
        assert_eq!(
            host("https://s3.example:99/b?X-Amz-Signature=secret"),
            "s3.example:99"
        );
        assert_eq!(host("https://user:secret@s3.example/"), "s3.example");
        assert_eq!(host("nonsense"), "?");
    }
}
