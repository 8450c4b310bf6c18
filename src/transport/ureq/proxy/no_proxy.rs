//! The hosts that are reached without the proxy.

use std::net::IpAddr;

/// What `NO_PROXY` lists, by curl's rules (<https://curl.se/docs/manpage.html#NOPROXY>), with the ports and the `*.` that
/// other programs know.
#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    /// `None` for every port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// The name and all names below it.
    Domain(String),
    /// All names below it.
    Subdomains(String),
    /// The addresses that begin with the same bits.
    Network(IpAddr, u32),
}

impl NoProxy {
    /// Reads a list with commas, white space or both between its entries. Invalid entries are ignored: the proxy is used.
    pub fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter_map(Rule::parse).collect())
    }

    /// Whether no request goes through the proxy.
    pub fn is_everything(&self) -> bool {
        let all = Rule {
            hosts: Hosts::All,
            port: None,
        };
        self.0.contains(&all)
    }

    /// `host` as a URL has it, an IPv6 address in brackets.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.0.iter().any(|rule| {
            let is_host = match (&rule.hosts, address) {
                (Hosts::All, _) => true,
                (Hosts::Network(network, bits), Some(address)) => {
                    is_within(address, *network, *bits)
                }
                (Hosts::Domain(name), None) => host == *name || is_below(&host, name),
                (Hosts::Subdomains(name), None) => is_below(&host, name),
                _ => false,
            };
            is_host && rule.port.is_none_or(|of_rule| of_rule == port)
        })
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let parent = host.strip_suffix(name);
    parent.is_some_and(|subdomain| subdomain.len() > 1 && subdomain.ends_with('.'))
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    // Without a single bit to compare, the shift is by the whole width.
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let differing = a.to_bits() ^ b.to_bits();
            differing.checked_shr(u32::BITS - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let differing = a.to_bits() ^ b.to_bits();
            differing.checked_shr(u128::BITS - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

impl Rule {
    fn parse(entry: &str) -> Option<Self> {
        let (host, port) = split_port(entry)?;
        Some(Self {
            hosts: Hosts::parse(host)?,
            port,
        })
    }
}

/// The host without its brackets, and the port if there is one.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match entry.strip_prefix('[') {
        Some(entry) => {
            let (host, rest) = entry.split_once(']')?;
            if rest.is_empty() {
                return Some((host, None));
            }
            (host, rest.strip_prefix(':')?)
        }
        // The colons of an IPv6 address belong to it.
        None if entry.matches(':').count() != 1 => return Some((entry, None)),
        None => entry.split_once(':')?,
    };
    Some((host, Some(port.parse().ok()?)))
}

impl Hosts {
    fn parse(host: &str) -> Option<Self> {
        if host == "*" {
            return Some(Self::All);
        }
        let (address, bits) = match host.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (host, None),
        };
        let name = host.trim_end_matches('.');
        if let Ok(address) = address.parse::<IpAddr>() {
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(width), str::parse).ok()?;
            return (bits <= width).then_some(Self::Network(address, bits));
        }
        let (name, make): (_, fn(String) -> Self) = match name.strip_prefix("*.") {
            Some(name) => (name, Self::Subdomains),
            None => (name.strip_prefix('.').unwrap_or(name), Self::Domain),
        };
        let is_name = !name.is_empty() && !name.contains(['/', '*', ':', '@']);
        is_name.then(|| make(name.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// curl's rules, <https://curl.se/docs/manpage.html#--noproxy> and its unit test 1614, unless a line says otherwise.
    #[test]
    fn hosts_are_excluded_by_the_rules_of_curl() {
        for (list, host, expected) in [
            ("", "example.com", false),
            (" , ,\t", "example.com", false),
            // One asterisk is every host.
            ("*", "example.com", true),
            ("*", "192.0.2.1", true),
            ("*", "[2001:db8::1]", true),
            // As for Go, also in a list.
            ("localhost, *", "example.com", true),
            // A name stands for itself and what is below it, with a leading dot as without.
            ("example.com", "example.com", true),
            ("example.com", "www.example.com", true),
            ("example.com", "a.b.example.com", true),
            ("example.com", "nonexample.com", false),
            ("example.com", "example.com.evil.test", false),
            ("example.com", "example.org", false),
            ("example.com", "com", false),
            (".example.com", "example.com", true),
            (".example.com", "www.example.com", true),
            (".example.com", "nonexample.com", false),
            ("com", "example.com", true),
            // curl knows no pattern; for Go and others, this is what is below the name.
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("ex*.com", "example.com", false),
            // Letter case and trailing dots make no difference.
            ("EXAMPLE.com", "example.COM", true),
            ("example.com.", "example.com", true),
            ("example.com", "example.com.", true),
            ("example.com.", "www.example.com.", true),
            // Commas, blanks or both stand between the entries.
            ("a.test,example.com", "example.com", true),
            ("a.test example.com", "example.com", true),
            ("a.test, example.com ,b.test", "example.com", true),
            ("a.test\texample.com", "example.com", true),
            ("\texample.com", "example.com", true),
            (",example.com,", "example.com", true),
            ("a.test,b.test", "example.com", false),
            // Addresses are compared as addresses, and never by a part of their text.
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("2.1", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.1.example.com", false),
            ("192.0.2.1.", "192.0.2.1", false),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("[2001:db8::1]", "[2001:db8::1]", true),
            ("2001:DB8:0:0::1", "[2001:db8::1]", true),
            ("2001:db8::2", "[2001:db8::1]", false),
            ("::1", "[::1]", true),
            ("localhost", "127.0.0.1", false),
            ("127.0.0.1", "localhost", false),
            // Ranges of addresses.
            ("192.168.0.0/16", "192.168.0.1", true),
            ("192.168.0.0/16", "192.168.255.255", true),
            ("192.168.0.0/16", "192.169.0.1", false),
            ("192.168.1.99/24", "192.168.1.2", true),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.0", false),
            ("10.0.0.0/8", "10.example.com", false),
            ("fe80::/10", "[febf::1]", true),
            ("fe80::/10", "[fec0::1]", false),
            ("2001:db8::/32", "[2001:db8:ffff::1]", true),
            ("::/0", "192.0.2.1", false),
            // For curl the prefix 0 is none; here it is what CIDR says.
            ("0.0.0.0/0", "192.0.2.1", true),
            ("::/0", "[2001:db8::1]", true),
            // Invalid entries exclude nothing.
            ("192.168.0.0/33", "192.168.0.0", false),
            ("fe80::/129", "[fe80::]", false),
            ("192.168.0.0/", "192.168.0.0", false),
            ("192.168.0.0/x", "192.168.0.0", false),
            ("http://example.com", "example.com", false),
            ("example.com/", "example.com", false),
            ("user@example.com", "example.com", false),
            ("[::1", "[::1]", false),
            (".", "example.com", false),
            ("*.", "example.com", false),
        ] {
            let matches = NoProxy::parse(list).matches(host, 443);
            assert_eq!(matches, expected, "{host} in {list:?}");
        }
    }

    /// curl ignores them; wget and Go compare them.
    #[test]
    fn a_port_limits_an_entry() {
        for (list, host) in [
            ("example.com:8443", "www.example.com"),
            (".example.com:8443", "example.com"),
            ("192.0.2.1:8443", "192.0.2.1"),
            ("[2001:db8::1]:8443", "[2001:db8::1]"),
            ("*:8443", "example.com"),
        ] {
            let no_proxy = NoProxy::parse(list);
            assert!(no_proxy.matches(host, 8443), "{list}");
            assert!(!no_proxy.matches(host, 443), "{list}");
            assert!(!no_proxy.is_everything());
        }
        for bad in [
            "example.com:",
            "example.com:x",
            "example.com:99999",
            "[::1]x",
            ":443",
        ] {
            assert!(NoProxy::parse(bad).0.is_empty(), "{bad}");
        }
    }

    #[test]
    fn an_asterisk_excludes_everything() {
        assert!(NoProxy::parse("*").is_everything());
        assert!(NoProxy::parse("example.com, *").is_everything());
        assert!(!NoProxy::parse("*.example.com").is_everything());
    }
}
