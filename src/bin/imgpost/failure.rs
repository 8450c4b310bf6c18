//! What went wrong, in one line, and the exit code that goes with it.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use imgpost::leonardo::Error;
use imgpost::{PolicyError, PrepareError, PresignedPostError};

use crate::signals;

/// A message and an exit code.
pub struct Failure {
    message: String,
    code: Code,
    told: bool,
    names_file: bool,
    reader_left: bool,
}

/// The exit codes. 2 is clap's, for wrong usage. A cancel has the code of the signal that caused it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Some = 1,
    Usage = 2,
    Image = 3,
    Api = 4,
    Storage = 5,
    Network = 6,
    Expired = 7,
    Unconfirmed = 8,
    Cancelled,
}

impl Failure {
    fn new(message: impl Into<String>, code: Code) -> Self {
        Self {
            message: message.into(),
            code,
            told: false,
            names_file: false,
            reader_left: false,
        }
    }

    /// A file that is no image could not be read or written.
    pub fn file(path: &Path, error: io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()), Code::Usage)
    }

    /// An image has more bytes than are read.
    pub fn image_too_large(name: &str, max_bytes: u64) -> Self {
        let message = format!("{name} has more than {max_bytes} bytes; give a smaller image");
        Self {
            names_file: true,
            ..Self::new(message, Code::Image)
        }
    }

    /// A file that cannot be used as an image, which can be said without decoding it.
    pub fn image(path: &Path, reason: &str) -> Self {
        Self {
            names_file: true,
            ..Self::new(format!("{}: {reason}", path.display()), Code::Image)
        }
    }

    /// The sandbox's port could not be opened.
    pub fn port(port: u16, error: io::Error) -> Self {
        let message =
            format!("port {port} cannot be opened: {error}; choose another, or 0 for any");
        Self::new(message, Code::Network)
    }

    /// The arguments make no sense together.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(message, Code::Usage)
    }

    /// Some of several images failed, if any did; each was told when it did.
    pub fn of_some(failed: usize, all: usize) -> Result<(), Self> {
        let failure = || Self::new(format!("{failed} of {all} images failed"), Code::Some);
        match failed {
            0 => Ok(()),
            _ => Err(failure()),
        }
    }

    /// The API knows no job of any kind with this id.
    pub fn no_such_job(id: &str) -> Self {
        let message = format!(
            "there is no job {id}; check the id, and that the API key is that of its account"
        );
        Self::new(message, Code::Api)
    }

    /// A job is complete, but the API gives the URLs of only some of its results, or it has none.
    pub fn missing_results(id: &str, listed: usize, all: usize) -> Self {
        let message = if all == 0 {
            format!("job {id} is complete, but the API lists no results; wait for it again later")
        } else {
            format!(
                "job {id} is complete, but the API gives URLs for only {listed} of its {all} results; wait for it again later"
            )
        };
        Self::new(message, Code::Api)
    }

    /// A failure after this job was started, which was charged: the message names it, so that it is not lost.
    pub fn after_start_of(mut self, id: &str) -> Self {
        if !self.told && !self.message.contains(id) {
            self.message +=
                &format!("; job {id} was started, and `imgpost wait {id}` prints its results");
        }
        self
    }

    /// Ctrl-C came when so many of several images were done.
    pub fn cancelled(done: usize, all: usize) -> Self {
        Self::new(
            format!("cancelled; {done} of {all} images are done"),
            Code::Cancelled,
        )
    }

    /// Some of several results were not downloaded, if any were not; each was reported.
    pub fn of_downloads(failed: usize, all: usize) -> Result<(), Self> {
        if failed == 0 {
            return Ok(());
        }
        Err(Self::new(
            format!(
                "{failed} of {all} results were not downloaded; `imgpost wait` with --download tries again"
            ),
            Code::Some,
        ))
    }

    /// Ctrl-C came when so many of several results were downloaded.
    pub fn download_cancelled(done: usize, all: usize) -> Self {
        Self::new(
            format!("cancelled; {done} of {all} results are downloaded"),
            Code::Cancelled,
        )
    }

    /// Standard output did not take a result, and [`Context`](crate::context::Context) has reported that unless the
    /// reader has left, as `head` does.
    pub fn lost_output(reader_left: bool) -> Self {
        Self {
            told: true,
            reader_left,
            ..Self::new("", Code::Some)
        }
    }

    /// The same failure, after which no more of several images were begun.
    pub fn stopped(self, done: usize, all: usize) -> Self {
        if self.reader_left {
            return self;
        }
        let message = format!("stopped; {done} of {all} images are done");
        Self::new(message, Code::Some)
    }

    /// Whether there is no more to report.
    pub fn is_told(&self) -> bool {
        self.told
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.code {
            Code::Cancelled => signals::exit_code(),
            code => code as u8,
        })
    }

    /// The same failure, of an image that came from a stream of this name.
    pub fn with_name(self, name: &str) -> Self {
        Self {
            message: format!("{name}: {}", self.message),
            names_file: true,
            ..self
        }
    }

    /// The message with the file it is about in front, unless it names the file itself.
    pub fn about(&self, file: &Path) -> String {
        if self.names_file {
            self.message.clone()
        } else {
            format!("{}: {}", file.display(), self.message)
        }
    }
}

impl Failure {
    pub fn of(error: &Error) -> Self {
        let names_file = matches!(
            error.core(),
            Some(imgpost::Error::Prepare(_) | imgpost::Error::File(_))
        );
        let code = match error {
            error if error.is_cancelled() => Code::Cancelled,
            error if error.is_expired() => Code::Expired,
            error if error.is_invalid() => Code::Usage,
            Error::Unconfirmed(_) => Code::Unconfirmed,
            Error::Download(_) => Code::Network,
            _ => match error.core() {
                Some(imgpost::Error::Prepare(_) | imgpost::Error::File(_)) => Code::Image,
                Some(imgpost::Error::PresignedPost(_) | imgpost::Error::Storage(_)) => {
                    Code::Storage
                }
                Some(imgpost::Error::Transport(_)) => Code::Network,
                _ => Code::Api,
            },
        };
        let mut message = format!("{error:#}");
        if error.is_expired() {
            message += " (`imgpost upload` requests another form by itself)";
        }
        if matches!(error, Error::Unconfirmed(call) if call.is_charged()) {
            message += " (`imgpost me` prints the remaining tokens)";
        }
        Self {
            names_file,
            ..Self::new(message, code)
        }
    }
}

macro_rules! from_error {
    ($($error:ty)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(&error.into())
            }
        }
    )*};
}

from_error!(Error imgpost::Error PrepareError PresignedPostError PolicyError);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
