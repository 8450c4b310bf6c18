//! The settings of a connection by ureq.

use std::fmt;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use super::proxy::{FORM, ProxySettings};
use super::ureq_transport::{LONGEST_TIMEOUT, UreqTransport};

/// The settings of a [`UreqTransport`].
///
/// ```
/// use imgpost::transport::UreqTransport;
///
/// let transport = UreqTransport::builder().proxy("http://proxy.example.com:3128")?.build();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UreqTransportBuilder {
    config: ConfigBuilder,
    proxy: ProxySettings,
}

type ConfigBuilder = ureq::config::ConfigBuilder<ureq::typestate::AgentScope>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

fn with_connect_timeout(config: ConfigBuilder, timeout: Duration) -> ConfigBuilder {
    let timeout = Some(timeout.min(LONGEST_TIMEOUT));
    config.timeout_resolve(timeout).timeout_connect(timeout)
}

impl UreqTransportBuilder {
    /// Trusts the certificate authorities in `pem`, and no others. Default: Mozilla's, or those of the operating system
    /// with the features `native-tls` and `platform-verifier`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when `pem` holds no certificate, or one that cannot be read.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificates(self, pem: &[u8]) -> io::Result<Self> {
        use ureq::tls::{PemItem, RootCerts, parse_pem};
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|e| invalid(e.to_string()))? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(invalid("there is no certificate in PEM format".into()));
        }
        let roots = RootCerts::new_with_certs(&certificates);
        Ok(Self {
            config: self.config.tls_config(tls_config(roots)),
            ..self
        })
    }

    /// Sends https through this proxy (`http://[user:password@]host:port`), whatever the environment says. The connection
    /// to a proxy with `https://` is encrypted; SOCKS is not supported.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] when `url` is not the URL of such a proxy. The error says why, and does not repeat
    /// the URL, which may hold a password.
    pub fn proxy(self, url: &str) -> io::Result<Self> {
        let proxy = ProxySettings::from_url(url).map_err(|error| {
            let why = format!("the URL of the proxy cannot be used: {error}; give {FORM}");
            io::Error::new(io::ErrorKind::InvalidInput, why)
        });
        Ok(Self {
            proxy: proxy?,
            ..self
        })
    }

    /// Sends nothing through a proxy, whatever the environment says.
    #[must_use]
    pub fn no_proxy(self) -> Self {
        Self {
            proxy: ProxySettings::default(),
            ..self
        }
    }

    /// How long the lookup of a host may take, and how long its connection with TLS. Default: 10 s each.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self {
            config: with_connect_timeout(self.config, timeout),
            ..self
        }
    }

    /// Makes the transport.
    #[must_use]
    pub fn build(self) -> UreqTransport {
        UreqTransport {
            config: self.config.build(),
            proxy: self.proxy,
            idle: Mutex::default(),
        }
    }
}

impl Default for UreqTransportBuilder {
    fn default() -> Self {
        let config = with_connect_timeout(ureq::Agent::config_builder(), CONNECT_TIMEOUT)
            // An error status would be an error without its body, and the body says what is wrong.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // ureq reads the environment by itself, ignores what it does not understand, and goes to the host directly.
            .proxy(None)
            .user_agent(concat!("imgpost/", env!("CARGO_PKG_VERSION")));
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let config = config.tls_config(tls_config(root_certs()));
        Self {
            config,
            proxy: ProxySettings::from_variables(|name| std::env::var_os(name)),
        }
    }
}

impl fmt::Debug for UreqTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransportBuilder")
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn tls_config(roots: ureq::tls::RootCerts) -> ureq::tls::TlsConfig {
    use ureq::tls::{TlsConfig, TlsProvider};
    let provider = if cfg!(feature = "native-tls") {
        TlsProvider::NativeTls
    } else {
        TlsProvider::Rustls
    };
    TlsConfig::builder()
        .provider(provider)
        .root_certs(roots)
        .build()
}

/// The platform's own TLS is asked for in order to use the platform's own certificates.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn root_certs() -> ureq::tls::RootCerts {
    if cfg!(any(feature = "native-tls", feature = "platform-verifier")) {
        ureq::tls::RootCerts::PlatformVerifier
    } else {
        ureq::tls::RootCerts::WebPki
    }
}
