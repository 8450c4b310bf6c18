//! The error of the client, which wraps the error of the crate and adds the API's own failures.

mod api;
mod parameter;
mod rejection;
mod unconfirmed;

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::download::DownloadError;
use crate::error::{FileError, write_sources_if_alternate};
use crate::prepare::PrepareError;
use crate::presigned::{PolicyError, PresignedPostError, PresignedPutError};
use crate::s3::S3Error;
use crate::text::one_line;
use crate::transport::TransportError;
use crate::url::UrlError;

pub use api::ApiError;
pub use parameter::ParameterError;
pub use unconfirmed::UnconfirmedCall;
pub(super) use unconfirmed::may_be_carried_out;

/// Why a call, an upload, a job or a download failed.
///
/// It converts from [`imgpost::leonardo::Error`](crate::Error) and the errors that it wraps, so that `?` works for both.
///
/// `{}` prints the message: what is wrong and what to do next. `{:#}` prints the message and its causes, separated by
/// colons.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An error of the core: an image that cannot be prepared, a form that cannot be posted, a storage that rejects the
    /// file, a file that cannot be read or written, or a server that does not respond.
    Core(crate::Error),
    /// The API rejected the call, or its response is unusable. [`ApiError`] has its code and message.
    Api(Box<ApiError>),
    /// A call that must not be sent twice was sent, but no usable response came: it may have been carried out and
    /// charged. Check before you send it again; [`UnconfirmedCall`] says where. Not retryable.
    Unconfirmed(Box<UnconfirmedCall>),
    /// A [`CancelToken`](crate::CancelToken) or a callback cancelled the operation.
    Cancelled,
    /// A job failed on the server. Change the prompt or the settings and start another one.
    JobFailed {
        /// The id of the job.
        id: String,
    },
    /// A job was not complete within the time given. It continues on the server, and you can wait for it again.
    WaitTimeout {
        /// The id of the job.
        id: String,
    },
    /// A result could not be downloaded.
    Download(DownloadError),
    /// A parameter is missing or outside the API's limits. Nothing was sent.
    InvalidParameter(Box<ParameterError>),
    /// `LEONARDO_API_KEY` is not set.
    MissingApiKey,
    /// The API key is empty, or it contains a space, a line break or a character that is not ASCII.
    InvalidApiKey,
    /// The base URL is neither https nor on the loopback interface.
    InvalidBaseUrl {
        /// Its host and port, or a question mark: the rest may contain secrets.
        host: String,
        /// Why it cannot be used.
        error: UrlError,
    },
    /// The URL of the proxy cannot be used. The message does not repeat it, because it may contain a password.
    InvalidProxy(io::Error),
}

impl Error {
    /// Whether the same operation may succeed a moment later. It is safe to repeat.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Core(error) => error.is_retryable(),
            Self::Api(error) => error.is_retryable(),
            Self::Download(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the presigned form has expired, so that another one is needed. The client requests another one once by
    /// itself.
    pub fn is_expired(&self) -> bool {
        self.core().is_some_and(crate::Error::is_expired)
    }

    /// Whether the operation was cancelled. A call that must not be sent twice, and was sent before it was cancelled,
    /// is [`Unconfirmed`](Self::Unconfirmed) and cancelled.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Core(error) => error.is_cancelled(),
            Self::Unconfirmed(call) => call.reason().is_cancelled(),
            Self::Cancelled => true,
            _ => false,
        }
    }

    /// Whether the API has nothing with the given id.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Whether the settings of the client or the parameters of a call were rejected before anything was sent.
    pub fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::InvalidParameter(_)
                | Self::MissingApiKey
                | Self::InvalidApiKey
                | Self::InvalidBaseUrl { .. }
                | Self::InvalidProxy(_)
        )
    }

    /// The error of the core, if this wraps one.
    pub fn core(&self) -> Option<&crate::Error> {
        match self {
            Self::Core(error) => Some(error),
            _ => None,
        }
    }

    /// The API's error, if this is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// The error of the transport, if the server did not respond.
    pub fn transport(&self) -> Option<&TransportError> {
        match self.core()? {
            crate::Error::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// The wrapped error, whose message and source are also those of this error.
    fn wrapped(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Core(error) => Some(error),
            Self::Api(error) => Some(error),
            Self::Unconfirmed(error) => Some(error),
            Self::Download(error) => Some(error),
            Self::InvalidParameter(error) => Some(error),
            Self::InvalidProxy(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("cancelled"),
            Self::JobFailed { id } => write!(
                f,
                "job {} failed; change the prompt or the settings and start another one",
                one_line(id)
            ),
            Self::WaitTimeout { id } => write!(
                f,
                "job {} is not complete yet; it continues, so wait for it again",
                one_line(id)
            ),
            Self::MissingApiKey => {
                f.write_str("there is no API key; set LEONARDO_API_KEY to yours")
            }
            Self::InvalidApiKey => f.write_str(
                "the API key is empty or contains a space, a line break or a character that is not ASCII; \
                 copy it again",
            ),
            Self::InvalidBaseUrl { host, error } => {
                write!(f, "the base URL {} {error}", one_line(host))
            }
            _ => match self.wrapped() {
                Some(error) => write!(f, "{error}"),
                None => Ok(()),
            },
        }?;
        write_sources_if_alternate(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.wrapped()?.source()
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Cancelled => Self::Cancelled,
            error => Self::Core(error),
        }
    }
}

macro_rules! from_core {
    ($($layer:ty)*) => {$(
        impl From<$layer> for Error {
            fn from(error: $layer) -> Self {
                Self::Core(error.into())
            }
        }
    )*};
}

from_core!(PrepareError PresignedPostError PresignedPutError PolicyError S3Error TransportError FileError);

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<DownloadError> for Error {
    fn from(error: DownloadError) -> Self {
        Self::Download(error)
    }
}

impl From<ParameterError> for Error {
    fn from(error: ParameterError) -> Self {
        Self::InvalidParameter(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    #[test]
    fn error_is_small_enough_to_be_returned_everywhere() {
        assert!(size_of::<Error>() <= 80, "{}", size_of::<Error>());
    }

    #[test]
    fn cancellation_has_one_form() {
        let error = Error::from(crate::Error::Cancelled);
        assert!(matches!(error, Error::Cancelled), "{error:?}");
        assert!(error.is_cancelled() && !error.is_retryable());
    }

    #[test]
    fn errors_of_the_core_keep_their_message_and_their_causes() {
        let transport = || {
            let kind = TransportErrorKind::Connect;
            TransportError::new(kind, "https://example.com/", "connection refused")
        };
        let core = crate::Error::from(transport());
        let error = Error::from(transport());
        assert_eq!(error.to_string(), core.to_string());
        assert_eq!(format!("{error:#}"), format!("{core:#}"));
        assert!(format!("{error:#}").ends_with(": connection refused"));
        assert!(error.is_retryable() && error.core().is_some());
    }

    #[test]
    fn every_error_has_a_message() {
        let errors = [
            Error::Cancelled,
            Error::JobFailed { id: "1".into() },
            Error::WaitTimeout { id: "1".into() },
            Error::MissingApiKey,
            Error::InvalidApiKey,
            Error::InvalidBaseUrl {
                host: "?".into(),
                error: UrlError::NotAUrl,
            },
            Error::InvalidProxy(io::Error::other("the proxy has no host")),
            ParameterError::Missing { name: "prompt" }.into(),
            DownloadError::Redirects.into(),
            ApiError::lacks("uploadInitImage").into(),
        ];
        for error in errors {
            assert!(!error.to_string().is_empty(), "{error:?}");
        }
    }
}
