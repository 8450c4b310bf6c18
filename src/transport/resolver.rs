//! Looks up host names in a way that can be cancelled.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::exchange::SharedExchange;

/// As many addresses as ureq keeps of a host.
const MAX_ADDRESSES: usize = 16;

/// Looks up the hosts of one agent.
#[derive(Debug)]
pub(super) struct InterruptibleResolver(pub SharedExchange);

impl Resolver for InterruptibleResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (scheme, authority) = uri
            .scheme()
            .zip(uri.authority())
            .ok_or(Error::HostNotFound)?;
        let name = DefaultResolver::host_and_port(scheme, authority).ok_or(Error::HostNotFound)?;
        let failed = |why: io::Error| Error::Other(Box::new(LookupError { why }));
        let found: Vec<SocketAddr> = match name.parse() {
            Ok(address) => vec![address],
            Err(_) => {
                let lookup = move || name.to_socket_addrs().map(Iterator::collect);
                self.0.run_interruptibly(timeout, lookup)?.map_err(failed)?
            }
        };
        let mut addresses = self.empty();
        for address in found.into_iter().take(MAX_ADDRESSES) {
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(failed(io::Error::other("the host has no address")));
        }
        Ok(addresses)
    }
}

/// A host name that cannot be looked up. The operating system has no error of a kind of its own for it.
#[derive(Debug)]
pub(super) struct LookupError {
    why: io::Error,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for LookupError {}
