//! The codes of S3's errors.

use crate::open_enum::open_enum;

open_enum! {
    /// The code of an error, as S3 spells it
    /// ([error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)). Those that
    /// an upload can fail with have a variant.
    S3ErrorCode {
        /// The bucket does not use ACLs.
        AccessControlListNotSupported = "AccessControlListNotSupported",
        /// The policy forbids the post, or has expired.
        AccessDenied = "AccessDenied",
        /// The checksum is not that of the file.
        BadDigest = "BadDigest",
        /// The file is larger than the policy allows.
        EntityTooLarge = "EntityTooLarge",
        /// The file is smaller than the policy allows.
        EntityTooSmall = "EntityTooSmall",
        /// The session token of the form has expired.
        ExpiredToken = "ExpiredToken",
        /// Fewer bytes arrived than were announced.
        IncompleteBody = "IncompleteBody",
        /// The storage failed. Try again.
        InternalError = "InternalError",
        /// The storage does not know the key that the form was signed with.
        InvalidAccessKeyId = "InvalidAccessKeyId",
        /// A field is missing, is behind the file, or has an invalid value.
        InvalidArgument = "InvalidArgument",
        /// The checksum is not valid.
        InvalidDigest = "InvalidDigest",
        /// The policy cannot be read.
        InvalidPolicyDocument = "InvalidPolicyDocument",
        /// The storage does not accept the request.
        InvalidRequest = "InvalidRequest",
        /// The session token of the form is missing or wrong.
        InvalidToken = "InvalidToken",
        /// The body is not a valid form.
        MalformedPOSTRequest = "MalformedPOSTRequest",
        /// The fields before the file take more than 20 KB.
        MaxPostPreDataLengthExceeded = "MaxPostPreDataLengthExceeded",
        /// The address does not take posts.
        MethodNotAllowed = "MethodNotAllowed",
        /// The length of the body was not announced.
        MissingContentLength = "MissingContentLength",
        /// There is no such bucket.
        NoSuchBucket = "NoSuchBucket",
        /// The storage does not support what was requested.
        NotImplemented = "NotImplemented",
        /// Another request is changing the same file or bucket. Try again.
        OperationAborted = "OperationAborted",
        /// The bucket is at another address.
        PermanentRedirect = "PermanentRedirect",
        /// The body is not `multipart/form-data`.
        PreconditionFailed = "PreconditionFailed",
        /// The clocks of the signer and the storage differ too much.
        RequestTimeTooSkewed = "RequestTimeTooSkewed",
        /// The body did not arrive in time. Try again.
        RequestTimeout = "RequestTimeout",
        /// The storage is busy. Try again.
        ServiceUnavailable = "ServiceUnavailable",
        /// The policy or the signature was altered.
        SignatureDoesNotMatch = "SignatureDoesNotMatch",
        /// The storage is busy. Try again later.
        SlowDown = "SlowDown",
        /// The bucket is temporarily at another address.
        TemporaryRedirect = "TemporaryRedirect",
    }
}
