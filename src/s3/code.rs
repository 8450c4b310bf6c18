//! The codes of S3's errors.

use std::fmt;

macro_rules! codes {
    ($($name:ident: $meaning:literal,)*) => {
        /// The code of an error, as S3 spells it
        /// ([error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)). Those that a
        /// post can be answered with have a variant.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum S3ErrorCode {
            $(#[doc = $meaning] $name,)*
            /// Any other one.
            Other(String),
        }

        impl S3ErrorCode {
            /// The code as S3 spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Other(code) => code,
                }
            }
        }

        impl From<&str> for S3ErrorCode {
            fn from(code: &str) -> Self {
                match code {
                    $(stringify!($name) => Self::$name,)*
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

codes! {
    AccessDenied: "The policy forbids the post, or has expired.",
    EntityTooLarge: "The file is larger than the policy allows.",
    EntityTooSmall: "The file is smaller than the policy allows.",
    ExpiredToken: "The session token of the form has expired.",
    IncompleteBody: "Fewer bytes came than were announced.",
    InternalError: "Something went wrong in the storage. Try again.",
    InvalidAccessKeyId: "The form was signed with a key the storage does not know.",
    InvalidArgument: "A field is missing, comes after the file, or makes no sense.",
    InvalidPolicyDocument: "The policy cannot be read.",
    InvalidRequest: "The request makes no sense to the storage.",
    InvalidToken: "The session token of the form is missing or wrong.",
    MalformedPOSTRequest: "The body is no form.",
    MaxPostPreDataLengthExceeded: "The fields before the file take more than 20 KB.",
    MethodNotAllowed: "The address does not take posts.",
    MissingContentLength: "The length of the body was not announced.",
    NoSuchBucket: "There is no such bucket.",
    PermanentRedirect: "The bucket is at another address.",
    PreconditionFailed: "The body is no `multipart/form-data`.",
    RequestTimeTooSkewed: "The clocks of the signer and the storage differ too much.",
    RequestTimeout: "The body did not come in time. Try again.",
    ServiceUnavailable: "The storage is busy. Try again.",
    SignatureDoesNotMatch: "The policy or the signature was altered.",
    SlowDown: "The storage is busy. Try again, less often.",
    TemporaryRedirect: "The bucket is at another address for the moment.",
}

impl fmt::Display for S3ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in [
            "SlowDown",
            "AccessDenied",
            "MalformedPOSTRequest",
            "NoSuchThing",
            "",
        ] {
            assert_eq!(S3ErrorCode::from(code).as_str(), code);
        }
        assert_eq!(S3ErrorCode::from("SlowDown"), S3ErrorCode::SlowDown);
    }
}
