//! Fields of a form by name: S3 ignores the case of names, and uses the first field of a name.

use crate::redact::Redactor;

/// The shortest secret that is looked for: a shorter one could be part of any word.
const MIN_SECRET: usize = 8;

pub(crate) fn value<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    name: &str,
) -> Option<&'a str> {
    let mut fields = fields.into_iter();
    fields.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value))
}

/// The parameters of an address, as they are written in it.
pub(super) fn query(url: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// Finds the values of those fields that are not public.
pub(super) fn redactor<'a>(
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    is_public: impl Fn(&str) -> bool,
) -> Redactor {
    let secrets = fields.filter(|(name, _)| !is_public(name));
    let secrets = secrets.flat_map(|(name, value)| [Some(value), access_key_id(name, value)]);
    let secrets = secrets
        .flatten()
        .filter(|secret| secret.len() >= MIN_SECRET);
    Redactor::new(secrets)
}

/// The part of a credential that names the signer. The rest is the date, the region and the service.
fn access_key_id<'a>(name: &str, value: &'a str) -> Option<&'a str> {
    let is_credential = name.to_ascii_lowercase().ends_with("-credential");
    let end = value
        .find('/')
        .or_else(|| value.find("%2F"))
        .or_else(|| value.find("%2f"));
    Some(&value[..end.unwrap_or(value.len())]).filter(|_| is_credential)
}

/// Whether the value of a field may be shown. Unknown fields are secret.
pub(crate) fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PUBLIC.contains(&name.as_str()) || PUBLIC_PREFIXES.iter().any(|p| name.starts_with(p))
}

/// What is stored and how, and when and by which algorithm the form was signed.
const PUBLIC: &[&str] = &[
    "acl",
    "algorithm",
    "bucket",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "expires",
    "key",
    "q-key-time",
    "q-sign-algorithm",
    "q-sign-time",
    "redirect",
    "success_action_redirect",
    "success_action_status",
    "tagging",
    "x-amz-acl",
    "x-amz-algorithm",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-cos-acl",
    "x-cos-storage-class",
    "x-goog-acl",
    "x-goog-algorithm",
    "x-goog-date",
    "x-goog-storage-class",
    "x-kss-acl",
    "x-kss-storage-class",
    "x-obs-acl",
    "x-obs-storage-class",
    "x-oss-date",
    "x-oss-object-acl",
    "x-oss-signature-version",
    "x-oss-storage-class",
    "x-tos-acl",
    "x-tos-algorithm",
    "x-tos-date",
    "x-tos-storage-class",
];

/// The metadata of the file, its checksums and its locks.
const PUBLIC_PREFIXES: &[&str] = &[
    "x-amz-checksum-",
    "x-amz-meta-",
    "x-amz-object-lock-",
    "x-cos-meta-",
    "x-goog-meta-",
    "x-kss-meta-",
    "x-obs-meta-",
    "x-oss-meta-",
    "x-tos-meta-",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_fields_are_secret_and_stored_ones_public() {
        for name in [
            "Policy",
            "signature",
            "X-Amz-Signature",
            "x-amz-credential",
            "X-Amz-Security-Token",
            "AWSAccessKeyId",
            "GoogleAccessId",
            "x-goog-signature",
            "x-goog-credential",
            "OSSAccessKeyId",
            "x-oss-signature",
            "x-oss-credential",
            "x-oss-security-token",
            "q-ak",
            "q-signature",
            "x-cos-security-token",
            "AccessKeyId",
            "KSSAccessKeyId",
            "x-kss-signature",
            "x-obs-security-token",
            "x-tos-credential",
            "x-tos-security-token",
            "x-tos-signature",
            "authorization",
            "token",
            "x-amz-server-side-encryption-customer-key",
            "x-amz-server-side-encryption-customer-key-MD5",
            "callback",
            "authenticity_token",
            "key2",
            "",
        ] {
            assert!(!is_public(name), "{name}");
        }
        for name in PUBLIC.iter().copied().chain([
            "Key",
            "Content-Type",
            "Cache-Control",
            "X-Amz-Algorithm",
            "X-Amz-Date",
            "x-amz-meta-owner",
            "X-Amz-Meta-",
            "x-amz-checksum-sha256",
        ]) {
            assert!(is_public(name), "{name}");
        }
    }
}
