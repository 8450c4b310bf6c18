//! Validates addresses and resolves redirects.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

/// Parses an absolute http or https URL without user name and password.
pub(crate) fn parse(url: &str) -> Result<Uri, UrlError> {
    let uri: Uri = url.parse().map_err(|_| UrlError::NotAUrl)?;
    let scheme = uri.scheme_str().ok_or(UrlError::NotAUrl)?;
    let authority = uri.authority().ok_or(UrlError::NotAUrl)?;
    if authority.as_str().contains('@') {
        return Err(UrlError::UserInfo);
    }
    if !is_host(authority.host()) {
        return Err(UrlError::Host);
    }
    match scheme {
        "https" | "http" => Ok(uri),
        _ => Err(UrlError::NotHttps),
    }
}

/// Whether a host is an IPv6 address in brackets, an IPv4 address or a name that can be looked up. A `Uri` may have any of
/// the characters that RFC 3986, 3.2.2 allows, and brackets anywhere.
pub(crate) fn is_host(host: &str) -> bool {
    let in_brackets = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    match in_brackets {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            !host.is_empty() && host.bytes().all(is_allowed)
        }
    }
}

/// Parses an address that secrets may be sent to: https, or http on the loopback interface.
pub(crate) fn check(url: &str) -> Result<Uri, UrlError> {
    let uri = parse(url)?;
    if is_https(&uri) || is_loopback(&uri) {
        Ok(uri)
    } else {
        Err(UrlError::NotHttps)
    }
}

/// The absolute address of a `Location` header in a response to a request for `from` (RFC 9110, 10.2.2), if it is as safe
/// as `from`: a redirect leads neither from https to http nor over http from this machine to another.
pub(crate) fn redirect(from: &str, location: &str) -> Option<String> {
    let base = parse(from).ok()?;
    let url = resolve(&base, location)?;
    let target = parse(&url).ok()?;
    let is_as_safe =
        is_https(&target) || !is_https(&base) && (is_loopback(&target) || !is_loopback(&base));
    is_as_safe.then_some(url)
}

/// The scheme, host and port of an address, with the path `/`.
pub(crate) fn origin(url: &str) -> Option<String> {
    let uri = parse(url).ok()?;
    Some(format!("{}://{}/", uri.scheme_str()?, uri.authority()?))
}

fn resolve(base: &Uri, location: &str) -> Option<String> {
    let origin = format!("{}://{}", base.scheme_str()?, base.authority()?);
    let has_scheme = location
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    Some(if has_scheme {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{}:{location}", base.scheme_str()?)
    } else if location.starts_with('/') {
        origin + location
    } else if location.starts_with('?') {
        origin + base.path() + location
    } else {
        let (folder, _) = base.path().rsplit_once('/').unwrap_or_default();
        format!("{origin}{folder}/{location}")
    })
}

/// The host and port of an address, for messages: its query may contain a signature.
pub(crate) fn host(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok().filter(|uri: &Uri| uri.scheme().is_some());
    let authority = uri.as_ref().and_then(Uri::authority);
    let host = authority.and_then(|authority| authority.as_str().rsplit('@').next());
    host.unwrap_or("?").to_owned()
}

/// Whether `host` is a name below `localhost`. Such names mean the loopback interface (RFC 6761, 6.3), but not every
/// operating system knows that.
pub(crate) fn is_below_localhost(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.trim_end_matches('.').ends_with(".localhost")
}

pub(crate) fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || is_below_localhost(host)
        || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Why an address is refused: nothing secret may be sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// The address is not an absolute http or https URL.
    NotAUrl,
    /// The host is neither an IP address nor a name that can be looked up.
    Host,
    /// The address is neither https nor http on the loopback interface.
    NotHttps,
    /// The address contains a user name or password.
    UserInfo,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "is not an absolute URL",
            Self::Host => "has an invalid host",
            Self::NotHttps => "is not https (http is accepted on the loopback interface only)",
            Self::UserInfo => "contains a user name or password",
        })
    }
}

impl std::error::Error for UrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_over_https_or_to_the_loopback_interface() {
        for good in [
            "https://bucket.s3-accelerate.amazonaws.com/",
            "https://bucket.s3.amazonaws.com",
            "HTTPS://example.com:8443/a?b",
            "http://127.0.0.1:9000/bucket",
            "http://127.8.9.1/",
            "http://localhost:9000",
            "http://bucket.localhost:9000/",
            "http://a.b.LOCALHOST./",
            "http://[::1]:9000/",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("", UrlError::NotAUrl),
            ("bucket.s3.amazonaws.com", UrlError::NotAUrl),
            ("/path", UrlError::NotAUrl),
            ("https://", UrlError::NotAUrl),
            ("https://:443/", UrlError::Host),
            ("https://$BUCKET.s3.amazonaws.com/", UrlError::Host),
            ("https://a!b.example.com/", UrlError::Host),
            ("https://0[]/", UrlError::Host),
            ("https://[localhost]/", UrlError::Host),
            ("https://[::1/", UrlError::NotAUrl),
            ("http://example.com/", UrlError::NotHttps),
            ("http://127.0.0.1.example.com/", UrlError::NotHttps),
            ("http://localhost.example.com/", UrlError::NotHttps),
            ("http://notlocalhost/", UrlError::NotHttps),
            ("http://minio:9000/", UrlError::NotHttps),
            ("ftp://127.0.0.1/", UrlError::NotHttps),
            ("http://127.0.0.1@example.com/", UrlError::UserInfo),
            ("https://user:secret@example.com/", UrlError::UserInfo),
        ] {
            assert_eq!(check(bad).err(), Some(error), "{bad}");
        }
        for good in [
            "http://minio:9000/",
            "https://my_bucket.s3.example.",
            "https://[2001:db8::1]/",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        assert_eq!(parse("ftp://minio/").err(), Some(UrlError::NotHttps));
    }

    #[test]
    fn location_is_absolute_or_relative_to_the_request() {
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
            ("//a*b/", None),
        ] {
            assert_eq!(redirect(from, location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn redirect_is_never_less_safe_than_the_request() {
        for (from, location, is_followed) in [
            ("http://127.0.0.1:1/", "/ok", true),
            ("http://127.0.0.1:1/", "http://localhost/", true),
            ("http://127.0.0.1:1/", "https://other.example/", true),
            ("http://127.0.0.1:1/", "http://other.example/", false),
            ("http://minio:9000/", "/ok", true),
            ("http://minio:9000/", "http://other:9000/", true),
            ("http://minio:9000/", "https://other:9000/", true),
            ("https://minio:9000/", "http://minio:9000/", false),
        ] {
            let target = redirect(from, location);
            assert_eq!(target.is_some(), is_followed, "{from} {location}");
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
