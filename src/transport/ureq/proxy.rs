//! Chooses the proxy of a request: that of the program, or that of the environment.
//!
//! The variables mean the same as for curl (<https://curl.se/docs/manpage.html#ENVIRONMENT>). An unusable proxy is an
//! error, and never a reason to go to the host directly: whoever set it may rely on it.

mod no_proxy;
mod tunnel;

use std::ffi::OsString;
use std::fmt;

use ureq::http::Uri;

use crate::transport::{TransportError, TransportErrorKind};
use crate::url;
use no_proxy::NoProxy;
pub(super) use tunnel::{Tunnel, failure};

/// The form of a proxy's URL, for messages.
pub(super) const FORM: &str = "http://[user:password@]host:port";

/// The proxy for https, and the hosts that are reached without it. Plain http uses no proxy.
#[derive(Clone, Default)]
pub(super) struct ProxySettings {
    proxy: Option<Result<ureq::Proxy, VariableError>>,
    no_proxy: NoProxy,
}

impl ProxySettings {
    /// The settings in the environment, which `variable` reads.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some(value.into_string())
        };
        let no_proxy = text("no_proxy").or_else(|| text("NO_PROXY"));
        // An entry that is not valid Unicode names no host.
        let list = no_proxy.map(|list| list.unwrap_or_else(|list| list.to_string_lossy().into()));
        let no_proxy = NoProxy::parse(&list.unwrap_or_default());
        if no_proxy.is_everything() {
            return Self::default();
        }
        let first = Variable::BY_PRECEDENCE
            .into_iter()
            .find_map(|variable| Some((variable, text(variable.name())?)));
        let proxy = first.map(|(variable, url)| {
            let proxy = url.map_err(|_| ProxyUrlError::NotAUrl);
            proxy
                .and_then(|url| parse(&url))
                .map_err(|error| VariableError { variable, error })
        });
        Self { proxy, no_proxy }
    }

    /// This proxy for every host.
    pub fn from_url(url: &str) -> Result<Self, ProxyUrlError> {
        Ok(Self {
            proxy: Some(Ok(parse(url)?)),
            no_proxy: NoProxy::default(),
        })
    }

    /// The proxy for a request, if it goes through one.
    pub fn for_url(&self, url: &str) -> Result<Option<&ureq::Proxy>, TransportError> {
        let (Some(proxy), Ok(uri)) = (&self.proxy, url.parse::<Uri>()) else {
            return Ok(None);
        };
        let is_https = uri
            .scheme_str()
            .is_some_and(|s| s.eq_ignore_ascii_case("https"));
        let host = uri.host().unwrap_or_default();
        if !is_https || self.no_proxy.matches(host, uri.port_u16().unwrap_or(443)) {
            return Ok(None);
        }
        match proxy {
            Ok(proxy) => Ok(Some(proxy)),
            Err(VariableError { variable, error }) => {
                let message = format!(
                    "cannot connect to {}: {variable} names no usable proxy; set it to {FORM}, or unset it",
                    url::host(url)
                );
                let error = TransportError::new(TransportErrorKind::Proxy, url, *error);
                Err(error.with_message(message))
            }
        }
    }
}

/// A variable that names the proxy for https. `HTTP_PROXY` is the one for plain http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    HttpsLower,
    HttpsUpper,
    AllLower,
    AllUpper,
}

impl Variable {
    const BY_PRECEDENCE: [Self; 4] = [
        Self::HttpsLower,
        Self::HttpsUpper,
        Self::AllLower,
        Self::AllUpper,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::HttpsLower => "https_proxy",
            Self::HttpsUpper => "HTTPS_PROXY",
            Self::AllLower => "all_proxy",
            Self::AllUpper => "ALL_PROXY",
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A variable that names no usable proxy. Its value may contain a password and is not repeated.
#[derive(Clone)]
struct VariableError {
    variable: Variable,
    error: ProxyUrlError,
}

/// Why the URL of a proxy is unusable. The URL itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyUrlError {
    NotAUrl,
    Socks,
    Scheme,
    NoHost,
    Port,
    Path,
}

impl fmt::Display for ProxyUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "it is not a URL",
            Self::Socks => "SOCKS is not supported",
            Self::Scheme => "its scheme is neither http nor https",
            Self::NoHost => "it has no host",
            Self::Port => "its port is not a number from 1 to 65535",
            Self::Path => {
                "it has more than a host and a port (in a password, write %2F for /, %3F for ? and %23 for #)"
            }
        })
    }
}

impl std::error::Error for ProxyUrlError {}

/// Reads the URL of a proxy. The default scheme is http, as for curl.
fn parse(url: &str) -> Result<ureq::Proxy, ProxyUrlError> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" => {}
        "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => return Err(ProxyUrlError::Socks),
        _ => return Err(ProxyUrlError::Scheme),
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(ProxyUrlError::Path);
    }
    let (_, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host_and_port.is_empty() || host_and_port.starts_with(':') && !host_and_port.contains("::") {
        return Err(ProxyUrlError::NoHost);
    }
    let url = format!("{scheme}://{authority}");
    let uri: Uri = url.parse().map_err(|_| ProxyUrlError::NotAUrl)?;
    let host = uri.host().unwrap_or_default();
    let port = host_and_port
        .strip_prefix(host)
        .filter(|_| url::is_host(host))
        .ok_or(ProxyUrlError::NotAUrl)?;
    // ureq would replace an invalid port by the default one.
    if !port.is_empty() {
        let port = port.strip_prefix(':').ok_or(ProxyUrlError::NotAUrl)?;
        if !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(ProxyUrlError::Port);
        }
    }
    ureq::Proxy::new(&url).map_err(|_| ProxyUrlError::NotAUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> ProxySettings {
        ProxySettings::from_variables(|name| {
            let mut variables = variables.iter();
            variables.find_map(|(n, value)| (*n == name).then(|| OsString::from(value)))
        })
    }

    /// The host of the proxy for `url`, or the error message.
    fn host(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, String> {
        let settings = settings(variables);
        match settings.for_url(url) {
            Ok(proxy) => Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))),
            Err(error) => {
                assert_eq!(error.kind(), TransportErrorKind::Proxy);
                Err(error.to_string())
            }
        }
    }

    const URL: &str = "https://example.com/";

    #[test]
    fn variables_have_the_precedence_of_curl() {
        let used = |variables: &[(&str, &str)]| host(variables, URL).unwrap();
        let all = [
            ("https_proxy", "http://a:1"),
            ("HTTPS_PROXY", "http://b:2"),
            ("all_proxy", "http://c:3"),
            ("ALL_PROXY", "http://d:4"),
        ];
        for (first, expected) in ["a:1", "b:2", "c:3", "d:4"].into_iter().enumerate() {
            assert_eq!(used(&all[first..]).as_deref(), Some(expected));
        }
        assert_eq!(used(&[]), None);
        assert_eq!(
            used(&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://a:1")]),
            None
        );
        // An empty variable counts as unset.
        assert_eq!(
            used(&[("https_proxy", ""), ("ALL_PROXY", "http://d:4")]).as_deref(),
            Some("d:4")
        );
        let no_proxy = [
            ("no_proxy", ""),
            ("NO_PROXY", "example.com"),
            ("ALL_PROXY", "http://d:4"),
        ];
        assert_eq!(used(&no_proxy), None);
        let no_proxy = [
            ("no_proxy", "other"),
            ("NO_PROXY", "example.com"),
            ("ALL_PROXY", "http://d:4"),
        ];
        assert_eq!(used(&no_proxy).as_deref(), Some("d:4"));
        // A variable of lower precedence is not even read.
        let beside = [("HTTPS_PROXY", "http://b:2"), ("ALL_PROXY", "socks5://d:4")];
        assert_eq!(used(&beside).as_deref(), Some("b:2"));
    }

    #[test]
    fn plain_http_and_excluded_hosts_use_no_proxy() {
        let proxy = ("ALL_PROXY", "http://proxy:1");
        let left_out = ("NO_PROXY", "example.com:8443, .test");
        let uses = |url| host(&[proxy, left_out], url).unwrap().is_some();
        assert!(uses("https://example.com/") && uses("HTTPS://EXAMPLE.COM"));
        assert!(!uses("https://example.com:8443/") && !uses("https://a.test/"));
        assert!(!uses("http://127.0.0.1/") && !uses("http://localhost:80"));
    }

    #[test]
    fn unusable_proxy_is_an_error() {
        for (value, reason) in [
            (
                "socks5://SECRET:SECRET@127.0.0.1:1080",
                "SOCKS is not supported",
            ),
            ("SOCKS5H://127.0.0.1:1080", "SOCKS is not supported"),
            ("socks4://127.0.0.1:1080", "SOCKS is not supported"),
            ("socks4a://127.0.0.1:1080", "SOCKS is not supported"),
            ("socks://127.0.0.1:1080", "SOCKS is not supported"),
            ("ftp://SECRET@127.0.0.1", "scheme"),
            ("://127.0.0.1:80", "scheme"),
            ("::::", "URL"),
            (" ", "no host"),
            ("http://", "no host"),
            ("http://:3128", "no host"),
            ("http://user:SECRET@", "no host"),
            ("http://user:SECRET@:3128", "no host"),
            ("http://proxy:0", "port"),
            ("http://proxy:65536", "port"),
            ("http://proxy:SECRET", "port"),
            ("http://proxy:", "port"),
            ("user:SECRET", "port"),
            ("http://user:SEC/RET@proxy:3128", "%2F"),
            ("http://user:SEC#RET@proxy:3128", "%23"),
            ("http://proxy:3128/path", "more than"),
            ("http://proxy:3128?SECRET", "more than"),
            ("http://pro xy:3128", "URL"),
            ("http://2001:db8::1:3128", "URL"),
            ("http://[::1]x:3128", "URL"),
            ("http://*:3128", "URL"),
            ("http://user:%FF@proxy:3128", "URL"),
        ] {
            for variable in Variable::BY_PRECEDENCE {
                let variables = [(variable.name(), value)];
                let settings = settings(&variables);
                let error = settings.for_url(URL).unwrap_err();
                assert!(!error.is_retryable() && error.is_unsent());
                let source = std::error::Error::source(&error).unwrap().to_string();
                let text = format!("{error}: {source}");
                for part in [variable.name(), reason, FORM] {
                    assert!(text.contains(part), "{value}: {text}");
                }
                assert!(!text.contains("SEC"), "{value}: {text}");
                // Plain http needs no proxy.
                assert!(matches!(settings.for_url("http://127.0.0.1/"), Ok(None)));
            }
            let error = ProxySettings::from_url(value).err().unwrap();
            assert!(error.to_string().contains(reason), "{value}: {error}");
        }
        let socks = ("ALL_PROXY", "socks5://127.0.0.1:1080");
        assert_eq!(host(&[socks, ("NO_PROXY", "example.com")], URL), Ok(None));
        assert_eq!(host(&[socks, ("NO_PROXY", "*")], URL), Ok(None));
    }

    #[cfg(unix)]
    #[test]
    fn invalid_unicode_is_neither_proxy_nor_host() {
        use std::os::unix::ffi::OsStringExt;
        let settings = ProxySettings::from_variables(|name| match name {
            "HTTPS_PROXY" => Some(OsString::from_vec(b"http://proxy\xFF:1".to_vec())),
            "NO_PROXY" => Some(OsString::from_vec(b"a\xFF, example.org".to_vec())),
            _ => None,
        });
        assert!(settings.for_url(URL).is_err());
        assert!(matches!(settings.for_url("https://example.org"), Ok(None)));
    }

    #[test]
    fn proxy_urls_are_parsed_as_by_curl() {
        for (url, expected) in [
            ("http://proxy:3128", "proxy:3128"),
            ("http://proxy:3128/", "proxy:3128"),
            (" http://proxy:3128 ", "proxy:3128"),
            ("HTTP://proxy:3128", "proxy:3128"),
            ("proxy:3128", "proxy:3128"),
            ("proxy", "proxy:80"),
            ("http://proxy", "proxy:80"),
            ("https://proxy", "proxy:443"),
            ("https://proxy:8443", "proxy:8443"),
            ("http://192.0.2.1:3128", "192.0.2.1:3128"),
            ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128"),
            ("[::1]:3128", "[::1]:3128"),
            ("user:password@proxy:3128", "proxy:3128"),
            ("http://user:p@ss:word@proxy:3128", "proxy:3128"),
        ] {
            let used = host(&[("HTTPS_PROXY", url)], URL);
            assert_eq!(used.unwrap().as_deref(), Some(expected), "{url}");
        }
        let proxy = parse("http://us%40er:p%2Fss@proxy:3128").unwrap();
        assert_eq!(
            (proxy.username(), proxy.password()),
            (Some("us@er"), Some("p/ss"))
        );
    }
}
