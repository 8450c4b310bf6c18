//! What to do about an error of a storage.

use super::code::S3ErrorCode;
use super::error::S3Error;

impl S3Error {
    /// What to do next, if that is known.
    pub(super) fn advice(&self) -> Option<String> {
        use S3ErrorCode as Code;
        if matches!(self.status, 200..=299 | 303) && self.code.is_none() {
            return Some(
                "this is not the response of a storage: check the address, and the network for a login page or a proxy"
                    .into(),
            );
        }
        if self.is_expired() {
            return Some("the form or URL has expired: ask for a new one".into());
        }
        if self.is_too_large() {
            let limit = self
                .extra("MaxSizeAllowed")
                .or_else(|| self.extra("MaxSize"));
            let limit = limit
                .map(|max| format!(" (at most {max} bytes)"))
                .unwrap_or_default();
            return Some(format!(
                "make the image smaller{limit}: a lower quality, a smaller size or a limit of bytes (--max-bytes)"
            ));
        }
        if self.is_retryable() {
            return Some("try again".into());
        }
        if let Some(advice) = self.other_address() {
            return Some(advice);
        }
        let known = match self.code.as_ref()? {
            Code::SignatureDoesNotMatch | Code::InvalidAccessKeyId | Code::InvalidToken => {
                "the form was altered or is not for this storage: post every field exactly as it was given"
            }
            Code::EntityTooSmall => {
                let min = self.extra("MinSizeAllowed").unwrap_or("more");
                return Some(format!(
                    "the form requires at least {min} bytes: send a larger image (a larger --size, or a higher --quality)"
                ));
            }
            Code::RequestTimeTooSkewed => {
                let server = self.extra("ServerTime");
                let server = server.map(|time| format!(" (the storage's is at {time})"));
                return Some(format!(
                    "set the clock of the machine that signs{}: it differs too much from the storage's",
                    server.unwrap_or_default()
                ));
            }
            Code::AccessControlListNotSupported => {
                "this bucket does not use ACLs: ask for a form without the fields acl and x-amz-acl"
            }
            Code::BadDigest | Code::InvalidDigest => CHECKSUM,
            Code::NotImplemented if self.says("header") => {
                "the storage does not support one of the headers: ask for a form or URL without it"
            }
            Code::NotImplemented => {
                "the storage does not accept presigned forms: ask for a presigned PUT URL instead"
            }
            Code::MethodNotAllowed => {
                "the address does not accept this method: a form is posted to the address of a bucket, and a storage \
                 without presigned forms needs a presigned PUT URL"
            }
            Code::MaxPostPreDataLengthExceeded => {
                "the fields take more than 20 KB: ask for a form with fewer or shorter ones"
            }
            Code::NoSuchBucket => "create the bucket, or correct its name where the form is signed",
            Code::InvalidPolicyDocument => "post every field exactly as it was given, and no other",
            Code::AccessDenied if self.says("is not authorized to perform") => {
                "whoever signed the form may not store this file: allow it in the policy of the signer or the bucket"
            }
            Code::AccessDenied
                if self.says("extra input fields")
                    || self.says("must appear in the list of policy conditions") =>
            {
                "the policy has no condition for a field: post every field exactly as it was given, and no other"
            }
            Code::AccessDenied if self.says("policy condition failed") => {
                "a field is not what the policy requires: post every field exactly as it was given"
            }
            Code::AccessDenied => "the form or URL does not allow this upload",
            Code::InvalidArgument
                if self.says("server side encryption") || self.says("server-side-encryption") =>
            {
                "ask for a form that has the fields for encryption which the message names"
            }
            Code::InvalidRequest if self.says("object lock") => {
                "the bucket has object lock: ask for a form with the Content-MD5 or x-amz-checksum-* of the file, and \
                 send that file unchanged (--raw)"
            }
            Code::InvalidRequest if self.says("AWS4-HMAC-SHA256") => {
                "the form has an old signature: sign it with signature version 4"
            }
            Code::InvalidRequest if self.says("transfer acceleration") => {
                "turn on Transfer Acceleration for the bucket, or ask for a form for its usual address"
            }
            Code::Other(code) => return other(code).map(str::to_owned),
            _ => return None,
        };
        Some(known.into())
    }

    /// What to do about a bucket, or a storage, that is somewhere else.
    fn other_address(&self) -> Option<String> {
        let is_redirect = matches!(self.status, 301 | 302 | 307 | 308);
        let is_region = match &self.code {
            Some(S3ErrorCode::Other(code)) => matches!(
                code.as_str(),
                "AuthorizationHeaderMalformed"
                    | "AuthorizationQueryParametersError"
                    | "IllegalLocationConstraintException"
            ),
            _ => false,
        };
        if !is_redirect && !is_region {
            return None;
        }
        let endpoint = self.extra("Endpoint");
        let place = match (self.region(), endpoint) {
            (Some(region), Some(endpoint)) => format!("in the region {region}, at {endpoint}"),
            (Some(region), None) => format!("in the region {region}"),
            (None, Some(endpoint)) => format!("at {endpoint}"),
            (None, None) => String::new(),
        };
        if !place.is_empty() {
            return Some(format!(
                "the bucket is {place}: sign for that region and address"
            ));
        }
        let Some(location) = self.extra("Location").filter(|_| is_redirect) else {
            let advice = "the form's address is not where this bucket is: ask for a new form, signed for its region";
            return Some(advice.into());
        };
        let is_https = location.starts_with("https://");
        let with_https = if is_https { " with https" } else { "" };
        Some(format!(
            "the address leads to {location}: ask for a new form, for that address{with_https}"
        ))
    }

    /// The region of the bucket: by its name, in the address, or in the message.
    fn region(&self) -> Option<&str> {
        let of_endpoint = || {
            let (host, _) = self.extra("Endpoint")?.rsplit_once(".amazonaws.com")?;
            let (_, region) = host.rsplit_once("s3")?;
            let region = region.trim_start_matches(['-', '.']);
            (!region.is_empty() && !region.contains('.')).then_some(region)
        };
        let of_message = || {
            let (_, expected) = self.message.split_once("expecting '")?;
            Some(expected.split_once('\'')?.0)
        };
        let given = self.extra("Region").or_else(|| self.extra("BucketRegion"));
        given.or_else(of_endpoint).or_else(of_message)
    }

    /// Whether the message contains these words, in any case.
    fn says(&self, words: &str) -> bool {
        self.message
            .to_ascii_lowercase()
            .contains(&words.to_ascii_lowercase())
    }
}

/// The AWS SDK for JavaScript signs the checksum of an empty file into URLs for PUT
/// ([aws-sdk-js-v3#6994](https://github.com/aws/aws-sdk-js-v3/issues/6994)).
const CHECKSUM: &str = "the checksum in the form or URL is not that of the file: send the original unchanged (--raw), or ask \
                        for a form or URL without a checksum (in the AWS SDK for JavaScript, requestChecksumCalculation: \
                        \"WHEN_REQUIRED\")";

fn other(code: &str) -> Option<&'static str> {
    Some(match code {
        code if code.starts_with("KMS.") => {
            "the bucket's encryption key cannot be used: its owner has to enable it and let the signer use it"
        }
        code if code.contains("QuotaExceeded") || code.contains("StorageFull") => {
            "the storage is full: free some space, or raise the quota"
        }
        "CallbackFailed" => {
            "the file is stored, but the storage could not report it to the application: check the form's callback"
        }
        "AuthenticationFailed" => {
            "the URL was altered, or its signature is not valid now: use it exactly as it was given, or ask for another"
        }
        "AuthorizationPermissionMismatch" | "AuthorizationFailure" => {
            "the URL does not allow this upload: ask for one with the permissions to create and to write"
        }
        "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => CHECKSUM,
        "InvalidHeaderValue" | "MissingRequiredHeader" => {
            "send the headers that the URL's producer gave: {\"url\": …, \"method\": \"PUT\", \"headers\": …}"
        }
        "Unauthorized" | "UnauthorizedAccess" => {
            "whoever signed the form or URL may not store this file: check the signer's key and its permissions"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
