//! The TLS settings: which certificate authorities to trust; and what a rejected certificate lacks.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::transport::{TransportError, TransportErrorKind};
use crate::url;

/// Names a file of certificates, as for curl and OpenSSL.
const VARIABLE: &str = "SSL_CERT_FILE";

/// More than any bundle has: that of all public authorities has a quarter of a mebibyte.
const MAX_PEM_BYTES: u64 = 16 << 20;

/// The settings for `roots`, or for those of the environment.
///
/// Unusable settings are reported with the first https request, because the default transport cannot fail to be made.
pub(super) fn config(roots: Option<RootCerts>) -> Result<TlsConfig, RootsError> {
    let roots = match roots {
        Some(roots) => roots,
        None => from_variable(std::env::var_os(VARIABLE))?.unwrap_or_else(default_roots),
    };
    let provider = if cfg!(feature = "native-tls") {
        TlsProvider::NativeTls
    } else {
        TlsProvider::Rustls
    };
    Ok(TlsConfig::builder()
        .provider(provider)
        .root_certs(roots)
        .build())
}

/// The roots of the platform if its TLS was chosen, otherwise Mozilla's.
fn default_roots() -> RootCerts {
    if cfg!(any(feature = "native-tls", feature = "platform-verifier")) {
        RootCerts::PlatformVerifier
    } else {
        RootCerts::WebPki
    }
}

/// Reads certificates in PEM format.
pub(super) fn parse(pem: &[u8]) -> io::Result<RootCerts> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        let item = item.map_err(|error| invalid(error.to_string()))?;
        if let PemItem::Certificate(certificate) = item {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(invalid("there is no certificate in PEM format".into()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Reads the file that [`VARIABLE`] names, if it has a value.
fn from_variable(value: Option<OsString>) -> Result<Option<RootCerts>, RootsError> {
    let Some(path) = value.filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let path = Path::new(&path);
    let roots = read(path).and_then(|pem| parse(&pem));
    roots.map(Some).map_err(|error| RootsError {
        message: format!("{VARIABLE}={}: {error}", path.display()),
    })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    File::open(path)?
        .take(MAX_PEM_BYTES + 1)
        .read_to_end(&mut pem)?;
    if pem.len() as u64 > MAX_PEM_BYTES {
        let why = format!("the file is larger than {} MiB", MAX_PEM_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(pem)
}

/// [`VARIABLE`] names no usable file of certificates.
#[derive(Clone, Debug)]
pub(super) struct RootsError {
    message: String,
}

impl RootsError {
    /// The error of a request to `url`.
    pub fn for_request(&self, url: &str) -> TransportError {
        let host = url::host(url);
        let message = format!(
            "cannot connect to {host}: {VARIABLE} names no usable file of certificates; correct it, or unset it"
        );
        TransportError::new(TransportErrorKind::Tls, url, self.clone()).with_message(message)
    }
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RootsError {}

/// What the rejected certificate of the host of `url` lacks, and how to create a better one.
///
/// rustls is the direct dependency of ureq, not of this crate, so its errors are recognized by their `Debug` text. So are
/// those of OpenSSL, native-tls on Linux; with native-tls elsewhere, the general message remains.
pub(super) fn explain(kind: TransportErrorKind, url: &str, error: &ureq::Error) -> Option<String> {
    if kind != TransportErrorKind::Tls {
        return None;
    }
    let host = url::host(url);
    let cause = format!("{error:?}");
    let is = |name: &str| cause.contains(name);
    // `X509_verify_cert_error_string` of OpenSSL; version 1 writes "self signed".
    let is_unknown_issuer = [
        "UnknownIssuer",
        "self-signed certificate",
        "self signed certificate",
        "local issuer certificate",
    ]
    .into_iter()
    .any(is);
    if is("CaUsedAsEndEntity") {
        Some(format!(
            "the certificate of {host} belongs to a certificate authority (CA:TRUE) and cannot identify a server; create \
             one with `openssl req -x509 -addext basicConstraints=critical,CA:FALSE -addext {}`",
            subject_alt_name(url)
        ))
    } else if is("NotValidForName") || is("hostname mismatch") || is("IP address mismatch") {
        Some(format!(
            "the certificate of {host} does not name this host as a subjectAltName; create one with `openssl req -x509 \
             -addext basicConstraints=critical,CA:FALSE -addext {}`",
            subject_alt_name(url)
        ))
    } else if is("UnsupportedCertVersion") {
        Some(format!(
            "the certificate of {host} is not an X.509 certificate of version 3; create one with `openssl req -x509 \
             -addext {}`",
            subject_alt_name(url)
        ))
    } else if is_unknown_issuer {
        Some(format!(
            "the certificate of {host} is not signed by a trusted authority; if it is your own, name its file in {VARIABLE}"
        ))
    } else if is("Expired")
        || is("NotValidYet")
        || is("certificate has expired")
        || is("certificate is not yet valid")
    {
        Some(format!(
            "the certificate of {host} has expired or is not valid yet; renew it, or correct this machine's clock"
        ))
    } else {
        None
    }
}

fn subject_alt_name(url: &str) -> String {
    let uri: Uri = url.parse().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let kind = if bare.parse::<IpAddr>().is_ok() {
        "IP"
    } else {
        "DNS"
    };
    format!("subjectAltName={kind}:{bare}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_or_empty_variable_changes_nothing() {
        for value in [None, Some(OsString::new())] {
            assert!(matches!(from_variable(value), Ok(None)));
        }
    }

    #[test]
    fn unusable_file_is_reported_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let error = || from_variable(Some(path.clone().into())).unwrap_err();
        assert!(error().to_string().contains("roots.pem: "), "{}", error());
        std::fs::write(&path, "no certificate").unwrap();
        let message = error().to_string();
        assert!(
            message.contains("no certificate in PEM format"),
            "{message}"
        );
        let file = File::create(&path).unwrap();
        file.set_len(MAX_PEM_BYTES + 1).unwrap();
        let message = error().to_string();
        assert!(message.contains("larger than 16 MiB"), "{message}");
        let error = error().for_request("https://storage.example/?secret");
        assert!(!error.is_retryable() && error.is_unsent());
        assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
    }
}
