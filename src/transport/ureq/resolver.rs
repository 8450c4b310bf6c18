//! Looks up host names. A lookup can be cancelled.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::exchange::SharedExchange;
use crate::url;

/// Maximum number of addresses that ureq keeps for a host.
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
        let found: Vec<SocketAddr> = if let Ok(address) = name.parse() {
            vec![address]
        } else if url::is_below_localhost(authority.host()) {
            // Plain http is permitted to these names, so no name server may decide where they lead.
            let port = name
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok());
            let port = port.ok_or(Error::HostNotFound)?;
            vec![
                (Ipv4Addr::LOCALHOST, port).into(),
                (Ipv6Addr::LOCALHOST, port).into(),
            ]
        } else {
            let lookup = move || name.to_socket_addrs().map(Iterator::collect);
            self.0.run_interruptibly(timeout, lookup)?.map_err(failed)?
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

/// A host name that cannot be looked up. The operating system has no error kind for it.
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
