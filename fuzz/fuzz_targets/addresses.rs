//! Promise: a redirect leads nowhere but where its `Location` says, and never from https to http; `NO_PROXY` excludes
//! exactly the hosts that its entries name; a proxy's URL is accepted or rejected without being repeated.

#![no_main]

use std::net::IpAddr;

use http::Uri;
use imgpost::transport::UreqTransport;
use imgpost_fuzz::{assert_printable, split, text};
use libfuzzer_sys::fuzz_target;
use no_proxy::NoProxy;

#[path = "../../src/transport/ureq/proxy/no_proxy.rs"]
mod no_proxy;
#[path = "../../src/url.rs"]
#[allow(dead_code, reason = "other modules use the rest")]
mod url;

// A port in two bytes; then an address, a location, the list of `NO_PROXY`, a host, and the URL of a proxy.
fuzz_target!(|data: &[u8]| {
    let Some((port, rest)) = data.split_first_chunk() else {
        return;
    };
    let port = u16::from_be_bytes(*port);
    let mut parts = split(rest, 5);
    let mut next = || text(parts.next().unwrap_or_default());
    let (from, location) = (next(), next());
    check_redirect(&from, &location);
    let (list, host) = (next(), next());
    let uri = url::parse(&format!("https://{host}/"));
    if let Some(host) = uri.ok().as_ref().and_then(Uri::host) {
        check_no_proxy(&list, host, port);
    }
    check_proxy(&next());
});

fn check_redirect(from: &str, location: &str) {
    for url in [from, location] {
        assert!(!url::host(url).contains('@'), "{url}");
    }
    let Some(to) = url::redirect(from, location) else {
        return;
    };
    let [from, to] = [from, to.as_str()].map(|url| url.parse::<Uri>().unwrap());
    let is_https = |uri: &Uri| uri.scheme_str() == Some("https");
    assert!(
        is_https(&to) || !is_https(&from) && (is_loopback(&to) || !is_loopback(&from)),
        "{to}"
    );
    let [authority, old] = [&to, &from].map(|uri| uri.authority().unwrap().as_str());
    assert!(!authority.contains('@'));
    let behind_slashes = location.split_once("//").map(|(_, rest)| rest);
    match behind_slashes.filter(|rest| rest.starts_with(authority)) {
        Some(_) => {}
        None => assert_eq!((authority, to.scheme()), (old, from.scheme()), "{location}"),
    }
    if location.starts_with('/') && !location.starts_with("//") {
        let path = location.split('#').next();
        assert_eq!(to.path_and_query().map(|path| path.as_str()), path);
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn check_no_proxy(list: &str, host: &str, port: u16) {
    let no_proxy = NoProxy::parse(list);
    let excluded = no_proxy.matches(host, port);
    assert!(excluded || !no_proxy.is_everything());
    let is_separator = |c: char| c == ',' || c.is_whitespace();
    let mut entries: Vec<_> = list.split(is_separator).collect();
    let has_empty_label = host.starts_with('.') || host.contains("..");
    if !has_empty_label {
        let names = |entry: &&str| names(entry, host, port);
        assert_eq!(entries.iter().any(names), excluded, "{host:?} {list:?}");
    }
    // Order and case make no difference.
    entries.reverse();
    let reversed = NoProxy::parse(&entries.join(", ").to_ascii_uppercase());
    assert_eq!(reversed.matches(&host.to_ascii_uppercase(), port), excluded);
}

/// Whether one entry names the host, read here once more.
fn names(entry: &str, host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    let host = host.to_ascii_lowercase();
    let entry = entry.to_ascii_lowercase();
    let (name, of_entry) = match entry.rsplit_once(':') {
        Some((name, of_entry)) if name.ends_with(']') || !name.contains(':') => {
            let Ok(of_entry) = of_entry.parse::<u16>() else {
                return false;
            };
            (name, Some(of_entry))
        }
        _ => (entry.as_str(), None),
    };
    let is_port = of_entry.is_none_or(|of_entry| of_entry == port);
    is_port && names_host(name, &host)
}

fn names_host(name: &str, host: &str) -> bool {
    let bare = match name.strip_prefix('[') {
        Some(rest) => match rest.strip_suffix(']') {
            Some(bare) => bare,
            None => return false,
        },
        None => name,
    };
    if bare == "*" {
        return true;
    }
    let (address, bits) = match bare.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (bare, None),
    };
    match (address.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        (Ok(network), Ok(host)) => {
            let [network, host] = [network, host].map(binary);
            let bits = bits.map_or(Ok(network.len()), str::parse);
            let bits = bits.ok().filter(|bits| *bits <= network.len());
            network.len() == host.len() && bits.is_some_and(|bits| network[..bits] == host[..bits])
        }
        (Err(_), Err(_)) if bits.is_none() => names_domain(bare, host),
        _ => false,
    }
}

fn names_domain(name: &str, host: &str) -> bool {
    let (name, is_below) = match name.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (name.strip_prefix('.').unwrap_or(name), false),
    };
    let name = name.trim_end_matches('.');
    let labels = |name: &str| -> Vec<String> { name.rsplit('.').map(str::to_owned).collect() };
    let (host_labels, name_labels) = (labels(host), labels(name));
    !name.is_empty()
        && !name.contains(['*', ':', '@'])
        && host_labels.starts_with(&name_labels)
        && (!is_below || host_labels.len() > name_labels.len())
}

/// The bits of an address as a text.
fn binary(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    }
}

fn check_proxy(url: &str) {
    match UreqTransport::builder().proxy(url) {
        Ok(_) => {
            let url = url.trim();
            let rest = url.split_once("://").map_or(url, |(scheme, rest)| {
                assert!(["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()));
                rest
            });
            let authority = rest.strip_suffix('/').unwrap_or(rest);
            assert!(!authority.contains(['/', '?', '#']), "{url:?}");
            let address = authority.rsplit('@').next().unwrap();
            let host = match address.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => {
                    assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{url:?}");
                    host
                }
                _ => address,
            };
            assert!(!host.is_empty(), "{url:?}");
        }
        Err(error) => {
            assert_printable(&error);
            // The seeds have this word in the password.
            assert!(!format!("{error} {error:?}").contains("SECRET"));
        }
    }
}
