//! Fields of a form by name: S3 matches names in any capitalization, and the first of a name counts.

pub(crate) fn value<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    name: &str,
) -> Option<&'a str> {
    let mut fields = fields.into_iter();
    fields.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value))
}

/// Whether the value of a field may be shown. Unknown fields are secret.
pub(crate) fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PUBLIC.contains(&name.as_str()) || PUBLIC_PREFIXES.iter().any(|p| name.starts_with(p))
}

/// What is stored and how, and when and by which algorithm the form was signed.
const PUBLIC: [&str; 36] = [
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
    "x-goog-algorithm",
    "x-goog-date",
    "x-goog-storage-class",
    "x-oss-date",
    "x-oss-object-acl",
    "x-oss-signature-version",
    "x-oss-storage-class",
    "x-tos-algorithm",
    "x-tos-date",
];

/// The metadata of the file, its checksums and its locks.
const PUBLIC_PREFIXES: [&str; 8] = [
    "x-amz-checksum-",
    "x-amz-meta-",
    "x-amz-object-lock-",
    "x-cos-meta-",
    "x-goog-meta-",
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
            "x-amz-server-side-encryption-customer-key",
            "x-amz-server-side-encryption-customer-key-MD5",
            "callback",
            "authenticity_token",
            "key2",
            "",
        ] {
            assert!(!is_public(name), "{name}");
        }
        for name in PUBLIC.into_iter().chain([
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
