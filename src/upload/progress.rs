//! Reports the progress of an upload, and cancels it.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::error::Error;

/// Progress of one attempt to upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the request body passed to the connection in this attempt.
    pub sent: u64,
    /// Bytes of the request body.
    pub total: u64,
    /// Number of the attempt, from 1.
    pub attempt: u32,
}

pub(super) type OnProgress = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>;

/// Largest piece that is read at once, so that a slow connection reports progress and notices a cancellation often.
const MAX_READ: usize = 64 * 1024;

/// A request body that reports its progress and stops when the upload is cancelled.
pub(super) struct ProgressReader<'a, R> {
    inner: R,
    progress: Progress,
    on_progress: Option<&'a OnProgress>,
    cancel_token: &'a CancelToken,
    error: Option<Error>,
}

impl<'a, R: Read> ProgressReader<'a, R> {
    /// Reads the `total` bytes of `inner` in attempt number `attempt`.
    pub fn new(
        inner: R,
        total: u64,
        attempt: u32,
        on_progress: Option<&'a OnProgress>,
        cancel_token: &'a CancelToken,
    ) -> Self {
        Self {
            inner,
            progress: Progress {
                sent: 0,
                total,
                attempt,
            },
            on_progress,
            cancel_token,
            error: None,
        }
    }

    /// Whether the whole body was read.
    pub fn is_complete(&self) -> bool {
        self.progress.sent == self.progress.total
    }

    /// Why reading failed. A transport reports an I/O error of its own instead.
    pub fn into_error(self) -> Option<Error> {
        self.error
    }

    fn report(&mut self) -> io::Result<()> {
        let flow = match self.on_progress {
            Some(on_progress) => on_progress(self.progress),
            None => ControlFlow::Continue(()),
        };
        if flow.is_break() || self.cancel_token.is_cancelled() {
            self.error = Some(Error::Cancelled);
            return Err(io::Error::other("cancelled"));
        }
        Ok(())
    }
}

impl<R: Read> Read for ProgressReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.report()?;
        let length = buffer.len().min(MAX_READ);
        let read = match self.inner.read(&mut buffer[..length]) {
            Ok(read) => read,
            Err(error) => {
                let kind = error.kind();
                // Only a file can fail: bytes in memory are always readable.
                if let Ok(error) = error.downcast() {
                    self.error = Some(Error::File(error));
                }
                return Err(kind.into());
            }
        };
        self.progress.sent += read as u64;
        if self.is_complete() {
            self.report()?;
        }
        Ok(read)
    }
}
