//! Validates the `Host` header. A web page can make its own host name resolve to 127.0.0.1 and read the responses of
//! servers on this machine (DNS rebinding); the `Host` of its requests gives it away.

use std::net::SocketAddr;

/// Checks that the `Host` headers of a request name the sandbox at `address`. The error is the status and the text of
/// the response.
pub(super) fn check<'a>(
    mut hosts: impl Iterator<Item = &'a str>,
    address: SocketAddr,
) -> Result<(), (u16, String)> {
    let port = address.port();
    let names = ["127.0.0.1", "localhost", "[::1]"];
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        let message = "a request must have one Host header (RFC 9112, 3.2)\n";
        return Err((400, message.into()));
    };
    let is_ours = names.iter().any(|name| {
        let named = format!("{name}:{port}");
        host.eq_ignore_ascii_case(&named) || port == 80 && host.eq_ignore_ascii_case(name)
    });
    if is_ours {
        return Ok(());
    }
    let ours = names.map(|name| format!("{name}:{port}")).join(", ");
    let message = format!(
        "the sandbox accepts only requests for {ours}, not for {host:?}: a web page of another host must not read the \
         stored files\n"
    );
    Err((421, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(hosts: &[&str], port: u16) -> u16 {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        check(hosts.iter().copied(), address).map_or_else(|(status, _)| status, |()| 200)
    }

    #[test]
    fn only_names_of_the_loopback_interface_are_ours() {
        for host in [
            "127.0.0.1:4000",
            "localhost:4000",
            "LOCALHOST:4000",
            "[::1]:4000",
        ] {
            assert_eq!(status(&[host], 4000), 200, "{host}");
        }
        for host in [
            "",
            "localhost",
            "localhost:4001",
            "localhost:04000",
            "localhost.:4000",
            "example.com:4000",
            "127.0.0.1.example.com:4000",
            "localhost:4000.example.com",
            "127.0.0.2:4000",
            "user@127.0.0.1:4000",
        ] {
            assert_eq!(status(&[host], 4000), 421, "{host}");
        }
        assert_eq!(status(&["localhost"], 80), 200);
        assert_eq!(status(&[], 4000), 400);
        assert_eq!(status(&["localhost:4000", "example.com"], 4000), 400);
    }
}
