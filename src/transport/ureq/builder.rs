//! The settings of a transport by ureq.

use std::fmt;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use super::idle::MAX_IDLE;
use super::proxy::{FORM, ProxySettings};
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use super::tls;
use super::{MAX_TIMEOUT, UreqTransport};

/// The settings of a [`UreqTransport`]. What is not set comes from the environment, as for [`UreqTransport::new`].
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
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    root_certificates: Option<ureq::tls::RootCerts>,
}

type ConfigBuilder = ureq::config::ConfigBuilder<ureq::typestate::AgentScope>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

fn with_connect_timeout(config: ConfigBuilder, timeout: Duration) -> ConfigBuilder {
    let timeout = Some(timeout.min(MAX_TIMEOUT));
    config.timeout_resolve(timeout).timeout_connect(timeout)
}

impl UreqTransportBuilder {
    /// Trusts only the certificate authorities in `pem`. Default: those in the file that `SSL_CERT_FILE` names; without
    /// that variable Mozilla's, or those of the operating system with the features `native-tls` and `platform-verifier`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] if `pem` contains no certificate or an invalid one.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificates(self, pem: &[u8]) -> io::Result<Self> {
        Ok(Self {
            root_certificates: Some(tls::parse(pem)?),
            ..self
        })
    }

    /// Sends https requests through this proxy (`http://[user:password@]host:port`). Default: the proxy of the environment.
    /// The connection to a proxy with `https://` is encrypted; SOCKS is not supported.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] if `url` is not the URL of such a proxy. The error states the reason, and does not
    /// repeat the URL, which may contain a password.
    pub fn proxy(self, url: &str) -> io::Result<Self> {
        let proxy = ProxySettings::from_url(url).map_err(|error| {
            let why = format!("the URL of the proxy is unusable: {error}; write it as {FORM}");
            io::Error::new(io::ErrorKind::InvalidInput, why)
        });
        Ok(Self {
            proxy: proxy?,
            ..self
        })
    }

    /// Uses no proxy, whatever the environment says.
    #[must_use]
    pub fn no_proxy(self) -> Self {
        Self {
            proxy: ProxySettings::default(),
            ..self
        }
    }

    /// Maximum duration of the lookup of a host, and of its connection with TLS. Default: 10 s each.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self {
            config: with_connect_timeout(self.config, timeout),
            ..self
        }
    }

    /// Builds the transport.
    #[must_use]
    pub fn build(self) -> UreqTransport {
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let (config, roots_error) = match tls::config(self.root_certificates) {
            Ok(tls) => (self.config.tls_config(tls), None),
            Err(error) => (self.config, Some(error)),
        };
        #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
        let config = self.config;
        UreqTransport {
            config: config.build(),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            roots_error,
            proxy: self.proxy,
            idle: Mutex::default(),
        }
    }
}

impl Default for UreqTransportBuilder {
    fn default() -> Self {
        let config = with_connect_timeout(ureq::Agent::config_builder(), CONNECT_TIMEOUT)
            // As an error, an error status would lose its body, which says what is wrong.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // ureq would read the environment itself, ignore what it does not understand, and go to the host directly.
            .proxy(None)
            .max_idle_age(MAX_IDLE)
            .user_agent(concat!("imgpost/", env!("CARGO_PKG_VERSION")));
        Self {
            config,
            proxy: ProxySettings::from_variables(|name| std::env::var_os(name)),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            root_certificates: None,
        }
    }
}

impl fmt::Debug for UreqTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransportBuilder")
    }
}
