//! What the query of a signed URL says: who signed it, which headers, and until when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::presigned::fields;
use crate::time::Timestamp;

/// The decoded parameters of a URL.
pub(super) struct Query(Vec<(String, String)>);

/// How a URL was signed, as far as it matters for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// The URL lists the headers that were signed (signature version 4 of AWS, and its like at Google and Volcengine,
    /// and Tencent's). Others may be added.
    SignedHeaders,
    /// Every `Content-Type` is part of the signature, also one that the signer did not foresee (signature version 2,
    /// and both of Alibaba's).
    ContentType,
    /// An Azure shared access signature, which covers no header.
    Azure,
    /// Not signed in a way that is known here.
    Unknown,
}

impl Query {
    pub fn new(url: &str) -> Self {
        let decoded = |(name, value)| (decode(name).to_ascii_lowercase(), decode(value));
        Self(fields::query(url).map(decoded).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs.find_map(|(n, value)| (n == name).then_some(value.as_str()))
    }

    pub fn scheme(&self) -> Scheme {
        let has = |name| self.get(name).is_some();
        if self.signed_headers_parameter().is_some() {
            Scheme::SignedHeaders
        } else if has("x-oss-signature") || has("signature") {
            Scheme::ContentType
        } else if has("sig") && has("sv") {
            Scheme::Azure
        } else {
            Scheme::Unknown
        }
    }

    /// Whether the URL is signed at all.
    pub fn is_signed(&self) -> bool {
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.any(|name| name.ends_with("signature") || matches!(name, "sig" | "token"))
    }

    fn signed_headers_parameter(&self) -> Option<&str> {
        [
            "x-amz-signedheaders",
            "x-goog-signedheaders",
            "x-tos-signedheaders",
            "q-header-list",
        ]
        .iter()
        .find_map(|name| self.get(name))
    }

    /// The names of the headers that were signed, in lower case.
    pub fn signed_headers(&self) -> impl Iterator<Item = String> {
        let listed = self.signed_headers_parameter().unwrap_or_default();
        let additional = self.get("x-oss-additional-headers").unwrap_or_default();
        listed
            .split(';')
            .chain(additional.split(';'))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
    }

    /// When the signature expires; none if the URL does not say, or not in a form that is known here.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let lasting = ["amz", "goog", "oss", "tos"].iter().find_map(|cloud| {
            let date = self.get(&format!("x-{cloud}-date"))?;
            let life = self.get(&format!("x-{cloud}-expires"))?;
            SystemTime::from(Timestamp::parse_iso8601(date)?)
                .checked_add(Duration::from_secs(life.parse().ok()?))
        });
        let unix =
            |seconds: &str| UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?));
        lasting
            .or_else(|| azure_date(self.get("se").filter(|_| self.get("sig").is_some())?))
            .or_else(|| unix(self.get("q-sign-time")?.split_once(';')?.1))
            .or_else(|| unix(self.get("expires")?))
    }
}

/// [The three forms](https://learn.microsoft.com/rest/api/storageservices/formatting-datetime-values) that Azure
/// allows: a day, with the minute, with the second.
fn azure_date(text: &str) -> Option<SystemTime> {
    let text = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        17 => format!("{}:00Z", text.strip_suffix('Z')?),
        _ => text.to_owned(),
    };
    Some(Timestamp::parse_iso8601(&text)?.into())
}

/// Replaces each `%2F` by the byte it stands for. What is no escape stays.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |index: usize| char::from(*after.get(index)?).to_digit(16);
        let escaped = digit(0).zip(digit(1)).filter(|_| first == b'%');
        rest = if let Some((high, low)) = escaped {
            bytes.push((high * 16 + low) as u8);
            &after[2..]
        } else {
            bytes.push(first);
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_of_every_scheme_is_read() {
        let expected: SystemTime = Timestamp::parse_iso8601("2026-11-22T15:00:00Z")
            .unwrap()
            .into();
        for query in [
            "X-Amz-Date=20261122T140000Z&X-Amz-Expires=3600&X-Amz-Signature=s",
            "X-Goog-Date=20261122T140000Z&X-Goog-Expires=3600&X-Goog-Signature=s",
            "x-oss-date=20261122T145900Z&x-oss-expires=60&x-oss-signature=s",
            "X-Tos-Date=20261122T145900Z&X-Tos-Expires=60&X-Tos-Signature=s",
            "AWSAccessKeyId=a&Expires=1795359600&Signature=s",
            "GoogleAccessId=a&Expires=1795359600&Signature=s",
            "OSSAccessKeyId=a&Expires=1795359600&Signature=s",
            "sv=2024-11-04&se=2026-11-22T15%3A00%3A00Z&sr=b&sp=cw&sig=s",
            "sv=2024-11-04&se=2026-11-22T15:00Z&sr=b&sp=cw&sig=s",
            "q-sign-time=1795356000%3B1795359600&q-signature=s",
        ] {
            let query = Query::new(&format!("https://example.com/k?{query}"));
            assert_eq!(query.expires_at(), Some(expected), "{:?}", query.0);
            assert!(query.is_signed());
        }
        for query in [
            "",
            "X-Amz-Date=20261122T140000Z",
            "X-Amz-Date=20261322T140000Z&X-Amz-Expires=3600",
            "X-Amz-Date=20261122T140000Z&X-Amz-Expires=18446744073709551615",
            "X-Amz-Date=2026112\u{e9}T14000Z&X-Amz-Expires=3600",
            "Expires=soon",
            "se=2026-11-22",
            "q-sign-time=1",
        ] {
            let query = Query::new(&format!("https://example.com/k?{query}"));
            assert_eq!(query.expires_at(), None, "{:?}", query.0);
        }
    }

    #[test]
    fn escapes_are_decoded_and_everything_else_stays() {
        for (text, decoded) in [
            ("a%2Fb%3b", "a/b;"),
            ("%e2%82%ac", "\u{20ac}"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%zz+", "%zz+"),
        ] {
            assert_eq!(decode(text), decoded);
        }
    }
}
