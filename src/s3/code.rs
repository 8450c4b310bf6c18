//! The codes of S3's errors.

use crate::open_enum::open_enum;

open_enum! {
    /// The code of an error, as S3 spells it
    /// ([error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)). Those that a
    /// post can be answered with have a variant.
    S3ErrorCode {
        /// The policy forbids the post, or has expired.
        AccessDenied = "AccessDenied",
        /// The file is larger than the policy allows.
        EntityTooLarge = "EntityTooLarge",
        /// The file is smaller than the policy allows.
        EntityTooSmall = "EntityTooSmall",
        /// The session token of the form has expired.
        ExpiredToken = "ExpiredToken",
        /// Fewer bytes came than were announced.
        IncompleteBody = "IncompleteBody",
        /// Something went wrong in the storage. Try again.
        InternalError = "InternalError",
        /// The form was signed with a key the storage does not know.
        InvalidAccessKeyId = "InvalidAccessKeyId",
        /// A field is missing, comes after the file, or makes no sense.
        InvalidArgument = "InvalidArgument",
        /// The policy cannot be read.
        InvalidPolicyDocument = "InvalidPolicyDocument",
        /// The request makes no sense to the storage.
        InvalidRequest = "InvalidRequest",
        /// The session token of the form is missing or wrong.
        InvalidToken = "InvalidToken",
        /// The body is no form.
        MalformedPOSTRequest = "MalformedPOSTRequest",
        /// The fields before the file take more than 20 KB.
        MaxPostPreDataLengthExceeded = "MaxPostPreDataLengthExceeded",
        /// The address does not take posts.
        MethodNotAllowed = "MethodNotAllowed",
        /// The length of the body was not announced.
        MissingContentLength = "MissingContentLength",
        /// There is no such bucket.
        NoSuchBucket = "NoSuchBucket",
        /// Another request is changing the same file or bucket. Try again.
        OperationAborted = "OperationAborted",
        /// The bucket is at another address.
        PermanentRedirect = "PermanentRedirect",
        /// The body is no `multipart/form-data`.
        PreconditionFailed = "PreconditionFailed",
        /// The clocks of the signer and the storage differ too much.
        RequestTimeTooSkewed = "RequestTimeTooSkewed",
        /// The body did not come in time. Try again.
        RequestTimeout = "RequestTimeout",
        /// The storage is busy. Try again.
        ServiceUnavailable = "ServiceUnavailable",
        /// The policy or the signature was altered.
        SignatureDoesNotMatch = "SignatureDoesNotMatch",
        /// The storage is busy. Try again, less often.
        SlowDown = "SlowDown",
        /// The bucket is at another address for the moment.
        TemporaryRedirect = "TemporaryRedirect",
    }
}
