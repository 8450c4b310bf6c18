//! Checksums that a form or the headers of a URL carry: storage rejects every file but the one they were made of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::policy_error::PolicyError;
use super::put_error::PresignedPutError;
use super::{PresignedPost, PresignedPut};

impl PresignedPost {
    /// Checks the checksums among the fields against the bytes that would be posted: `Content-MD5` and
    /// `x-amz-checksum-crc32`. Other algorithms, and values that are no checksum, are left to the storage.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Checksum`] names the field that does not match.
    pub fn validate_checksums(&self, content: &[u8]) -> Result<(), PolicyError> {
        match differing(self.fields(), content) {
            Some(name) => Err(PolicyError::Checksum { field: name.into() }),
            None => Ok(()),
        }
    }
}

impl PresignedPut {
    /// Checks the checksums among the headers against the bytes that would be sent, as
    /// [`PresignedPost::validate_checksums`]. One in the query is left to the storage, because Amazon S3 ignores it.
    ///
    /// # Errors
    ///
    /// [`PresignedPutError::Checksum`] names the header that does not match.
    pub fn validate_checksums(&self, content: &[u8]) -> Result<(), PresignedPutError> {
        match differing(self.headers(), content) {
            Some(name) => Err(PresignedPutError::Checksum {
                header: name.into(),
            }),
            None => Ok(()),
        }
    }
}

/// The name of the first checksum that is not that of `content`.
fn differing<'a>(
    mut pairs: impl Iterator<Item = (&'a str, &'a str)>,
    content: &[u8],
) -> Option<&'a str> {
    let differs = |(name, value): &(&str, &str)| {
        let Ok(expected) = STANDARD.decode(value.trim()) else {
            return false;
        };
        match (name.to_ascii_lowercase().as_str(), expected.len()) {
            ("content-md5", 16) => md5::compute(content).as_slice() != expected,
            ("x-amz-checksum-crc32", 4) => {
                crc32fast::hash(content).to_be_bytes().as_slice() != expected
            }
            _ => false,
        }
    };
    pairs.find(differs).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(name: &str, value: &str, content: &[u8]) -> Result<(), PolicyError> {
        let pairs = [(name.to_owned(), value.to_owned())];
        let put = PresignedPut::new("https://example.com/", pairs.clone()).unwrap();
        let form = PresignedPost::new("https://example.com/", pairs).unwrap();
        let validated = form.validate_checksums(content);
        match put.validate_checksums(content) {
            Err(PresignedPutError::Checksum { header }) => assert_eq!(header, name),
            other => assert_eq!(other.is_ok(), validated.is_ok()),
        }
        validated
    }

    #[test]
    fn a_checksum_of_another_file_is_found() {
        // The MD5 of "abc" (RFC 1321, A.5), and the CRC-32 of "123456789", its usual check value.
        for (name, value, content) in [
            ("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==", "abc"),
            ("X-Amz-Checksum-CRC32", "y/Q5Jg==", "123456789"),
        ] {
            assert_eq!(validate(name, value, content.as_bytes()), Ok(()));
            let error = validate(name, value, b"another").unwrap_err();
            assert_eq!(error, PolicyError::Checksum { field: name.into() });
            assert!(error.to_string().contains("--raw"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_left_to_the_storage() {
        for (name, value) in [
            ("Content-MD5", "not base64"),
            ("Content-MD5", "YWJj"),
            ("x-amz-checksum-sha256", "kAFQmDzST7DWlj99KOF/cg=="),
            ("x-amz-checksum-crc32", ""),
            ("key", "y/Q5Jg=="),
        ] {
            assert_eq!(validate(name, value, b"abc"), Ok(()), "{name} {value}");
        }
    }
}
