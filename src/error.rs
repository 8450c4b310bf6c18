//! The one error of the crate, around those of its layers.

use std::fmt;
use std::io;

use crate::leonardo::{ApiError, DownloadError, UnconfirmedCall};
use crate::prepare::PrepareError;
use crate::presigned::{PolicyError, PresignedPostError, PresignedPutError};
use crate::s3::S3Error;
use crate::text::one_line;
use crate::transport::TransportError;

/// Why the job was not done. The variant says whose answer it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The image could not be prepared; nothing was sent. Give another file or other options.
    Prepare(PrepareError),
    /// The presigned form cannot be posted; nothing was sent. Get a new one.
    PresignedPost(PresignedPostError),
    /// The storage refused the file. [`S3Error`] has its code and message.
    Storage(Box<S3Error>),
    /// No answer came from the API or the storage. Check the network, or try again.
    Transport(TransportError),
    /// The API refused the call. [`ApiError`] has its status and message.
    Api(Box<ApiError>),
    /// A call was sent that must not be sent twice, and no usable response came: it may have been carried out, and
    /// charged. Check before you send it again; [`UnconfirmedCall`] says where. Not retryable.
    Unconfirmed(Box<UnconfirmedCall>),
    /// Something the call needs is missing or out of range, for example the API key; nothing was sent.
    Invalid(String),
    /// The file to be posted as it is cannot be read, or changes while it is read; nothing was stored.
    File(io::Error),
    /// The job was ended by its [`CancelToken`](crate::CancelToken) or its progress callback.
    Cancelled,
    /// A job ended without a result. Change the prompt or the settings and ask again.
    JobFailed {
        /// The id of the job.
        id: String,
    },
    /// A job was not done within the time given. It goes on, and can be waited for again.
    WaitTimeout {
        /// The id of the job.
        id: String,
    },
    /// A result of a job could not be fetched.
    Download(DownloadError),
}

impl Error {
    /// Whether the same upload or call may succeed a moment later, and does no harm a second time.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_retryable(),
            Self::Transport(error) => error.is_retryable(),
            Self::Api(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the form has expired: another one is needed.
    pub fn is_expired(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_expired(),
            Self::PresignedPost(error) => error.is_expired(),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepare(error) => error.fmt(f),
            Self::PresignedPost(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Api(error) => error.fmt(f),
            Self::Unconfirmed(error) => error.fmt(f),
            Self::Invalid(why) => f.write_str(why),
            Self::File(_) => f.write_str("the file cannot be read as it is"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::JobFailed { id } => write!(
                f,
                "job {} failed; change the prompt or the settings and ask again",
                one_line(id)
            ),
            Self::WaitTimeout { id } => write!(
                f,
                "job {} is not done yet; it goes on, wait for it again",
                one_line(id)
            ),
            Self::Download(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Prepare(error) => error.source(),
            Self::PresignedPost(error) => error.source(),
            Self::Transport(error) => error.source(),
            Self::Unconfirmed(error) => error.source(),
            Self::File(error) => Some(error),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($layer:ty => $variant:expr;)*) => {$(
        impl From<$layer> for Error {
            fn from(error: $layer) -> Self {
                $variant(error.into())
            }
        }
    )*};
}

from! {
    PrepareError => Error::Prepare;
    PresignedPostError => Error::PresignedPost;
    PolicyError => Error::PresignedPost;
    PresignedPutError => Error::PresignedPost;
    S3Error => Error::Storage;
    TransportError => Error::Transport;
    ApiError => Error::Api;
    DownloadError => Error::Download;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_enough_to_be_returned_everywhere() {
        assert!(size_of::<Error>() <= 72, "{}", size_of::<Error>());
    }
}
