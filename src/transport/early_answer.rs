//! Answers that come before the request has been sent.

use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Makes connections on which a refusal is heard even if it comes early.
///
/// A server that refuses a request by its first bytes answers at once and closes the connection. The rest of the body
/// then meets a broken pipe, although the answer has arrived and says why.
#[derive(Debug)]
pub(super) struct EarlyAnswers;

impl<In: Transport> Connector<In> for EarlyAnswers {
    type Out = Listening<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Listening {
            inner,
            answered: false,
        }))
    }
}

#[derive(Debug)]
pub(super) struct Listening<T> {
    inner: T,
    /// The other side has refused and reads no more.
    answered: bool,
}

impl<T: Transport> Listening<T> {
    /// Whether the other side has said no. A yes to what it has not read is not believed.
    fn is_refused(&mut self, timeout: NextTimeout) -> bool {
        let success = b"HTTP/1.1 2";
        matches!(self.inner.maybe_await_input(timeout), Ok(true))
            && !self.inner.buffers().input().starts_with(success)
    }
}

impl<T: Transport> Transport for Listening<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.answered {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(Error::Io(error)) if is_closed(&error) && self.is_refused(timeout) => {
                self.answered = true;
                Ok(())
            }
            sent => sent,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        !self.answered && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}
