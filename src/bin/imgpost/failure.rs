//! Failures: a message on one line, and an exit code.

mod jobs;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use imgpost::leonardo::Error;
use imgpost::{PolicyError, PrepareError, PresignedPostError};
use serde_json::{Value, json};

use crate::advice;
use crate::read;
use crate::signals;

/// A message and an exit code.
pub struct Failure {
    /// What is wrong, and after a semicolon what to do next.
    message: String,
    code: Code,
    /// The HTTP status of the storage or of the API, if a response was the failure.
    status: Option<u16>,
    /// The file that it is about.
    file: Option<PathBuf>,
    /// Whether the message contains the file's name already.
    names_file: bool,
    /// Whether the text after the last semicolon says what to do.
    has_remedy: bool,
    is_reported: bool,
    reader_left: bool,
}

/// The exit codes. 2 is clap's code for wrong usage. A cancellation has the code of its signal.
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
            status: None,
            file: None,
            names_file: false,
            has_remedy: true,
            is_reported: false,
            reader_left: false,
        }
    }

    /// A file other than an input image could not be read or written.
    pub fn file(path: &Path, error: io::Error) -> Self {
        Self {
            file: Some(path.into()),
            names_file: true,
            ..Self::new(format!("{}: {error}", path.display()), Code::Usage)
        }
    }

    /// A stream with this name could not be read.
    pub fn stream(name: &str, error: io::Error) -> Self {
        Self {
            names_file: true,
            ..Self::new(format!("cannot read {name}: {error}"), Code::Usage)
        }
    }

    /// Invalid arguments, as clap reports them.
    pub fn arguments(text: &str) -> Self {
        let paragraph = text.lines().take_while(|line| !line.is_empty());
        let paragraph = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
        Self::usage(paragraph.strip_prefix("error: ").unwrap_or(&paragraph))
    }

    /// An image from a stream has more bytes than the limit.
    pub fn image_too_large(name: &str, max_bytes: u64) -> Self {
        let message = format!("{name} has more than {max_bytes} bytes; give a smaller image");
        Self {
            names_file: true,
            ..Self::new(message, Code::Image)
        }
    }

    /// A file that cannot be used as an image, known without decoding it.
    pub fn image(path: &Path, reason: &str) -> Self {
        Self {
            file: Some(path.into()),
            names_file: true,
            ..Self::new(format!("{}: {reason}", path.display()), Code::Image)
        }
    }

    /// The sandbox's port could not be opened.
    pub fn port(port: u16, error: io::Error) -> Self {
        let message = format!(
            "port {port} cannot be opened: {error}; choose another port, or 0 for any free one"
        );
        Self::new(message, Code::Network)
    }

    /// The arguments are wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(message, Code::Usage)
    }

    /// Some of several images failed, unless `failed` is 0. Each failure was reported before.
    pub fn of_some(failed: usize, all: usize) -> Result<(), Self> {
        if failed == 0 {
            return Ok(());
        }
        Err(Self::new(
            format!("{failed} of {all} images failed"),
            Code::Some,
        ))
    }

    /// A signal came when `done` of `all` images were done.
    pub fn cancelled(done: usize, all: usize) -> Self {
        Self::status(
            format!("cancelled; {done} of {all} images are done"),
            Code::Cancelled,
        )
    }

    /// A message without a remedy.
    fn status(message: String, code: Code) -> Self {
        Self {
            has_remedy: false,
            ..Self::new(message, code)
        }
    }

    /// Standard output did not accept a result. [`Context`](crate::context::Context) has reported that, unless the reader has
    /// left, as `head` does.
    pub fn lost_output(reader_left: bool) -> Self {
        Self {
            is_reported: true,
            reader_left,
            ..Self::new("", Code::Some)
        }
    }

    /// The same failure, which stopped a batch: no further images were started.
    pub fn stopped(self, done: usize, all: usize) -> Self {
        if self.reader_left {
            return self;
        }
        Self::status(
            format!("stopped; {done} of {all} images are done"),
            Code::Some,
        )
    }

    /// Whether it was reported already.
    pub fn is_reported(&self) -> bool {
        self.is_reported
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The same failure of an image from a stream with this name.
    pub fn with_name(self, name: &str) -> Self {
        Self {
            message: format!("{name}: {}", self.message),
            names_file: true,
            ..self
        }
    }

    /// The same failure of `file`, whose name precedes the message unless that contains it already.
    pub fn about(mut self, file: &Path) -> Self {
        if !self.names_file {
            self.message = format!("{}: {}", read::name(file), self.message);
        }
        self.file.get_or_insert_with(|| file.into());
        self
    }

    /// The same failure, with a hint if a form or URL has expired.
    pub fn with_hint_if_expired(mut self, hint: &str) -> Self {
        if self.code == Code::Expired {
            self.message += hint;
        }
        self
    }

    /// The object that `--json` prints.
    pub fn to_json(&self) -> Value {
        let split = self.message.rsplit_once("; ").filter(|_| self.has_remedy);
        let (error, remedy) = match split {
            Some((error, remedy)) => (error, Some(remedy)),
            None => (self.message.as_str(), None),
        };
        let file = self.file.as_ref().map(|file| file.display().to_string());
        json!({"error": error, "remedy": remedy, "code": self.code(), "status": self.status, "file": file})
    }

    fn code(&self) -> u8 {
        match self.code {
            Code::Cancelled => signals::exit_code(),
            code => code as u8,
        }
    }
}

impl Failure {
    pub fn from_error(error: &Error) -> Self {
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
        let status = match error.core() {
            Some(imgpost::Error::Storage(error)) => Some(error.status),
            _ => error.api().map(|error| error.status),
        };
        let message = format!("{error:#}{}", advice::option_for(error));
        Self {
            names_file,
            status,
            ..Self::new(message, code)
        }
    }
}

macro_rules! from_error {
    ($($error:ty)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::from_error(&error.into())
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
