//! Waiting for a job.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::job::JobStatus;
use crate::cancel::CancelToken;
use crate::error::Error;

/// The pauses between two looks at a job grow from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type OnPoll = Arc<dyn Fn(Poll) -> ControlFlow<()> + Send + Sync>;

/// How long to wait for a job, and whom to tell of it.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use std::time::Duration;
/// use imgpost::leonardo::{Client, Wait};
///
/// # let client = Client::from_env()?;
/// let wait = Wait::default().timeout(Duration::from_secs(120)).on_poll(|poll| {
///     println!("{:?} after {:?}", poll.status, poll.elapsed);
///     ControlFlow::Continue(())
/// });
/// let pictures = client.wait_with("00000000-0000-4000-8000-000000000001", &wait)?.images;
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone)]
pub struct Wait {
    timeout: Duration,
    on_poll: Option<OnPoll>,
}

/// A look at a job that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// How far the job is, where the API says so.
    pub status: Option<JobStatus>,
    /// How long it has been waited for.
    pub elapsed: Duration,
    /// How often it has been looked at.
    pub polls: u32,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            on_poll: None,
        }
    }
}

impl Wait {
    /// How long to wait at most. Default: 10 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls `on_poll` after every look at a job that is not done. `ControlFlow::Break` ends the waiting with
    /// [`Error::Cancelled`]; the job goes on.
    #[must_use]
    pub fn on_poll(
        mut self,
        on_poll: impl Fn(Poll) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_poll = Some(Arc::new(on_poll));
        self
    }

    /// Looks at a job, with growing pauses, until it is complete.
    pub(super) fn until_done<T>(
        &self,
        id: &str,
        cancel_token: &CancelToken,
        look: impl Fn() -> Result<T, Error>,
        status: impl Fn(&T) -> Option<&JobStatus>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut polls = 0;
        loop {
            polls += 1;
            let state = look()?;
            let status = match status(&state) {
                Some(JobStatus::Complete) => return Ok(state),
                Some(JobStatus::Failed) => return Err(Error::JobFailed { id: id.into() }),
                status => status.cloned(),
            };
            let elapsed = started.elapsed();
            let poll = Poll {
                status,
                elapsed,
                polls,
            };
            if self
                .on_poll
                .as_ref()
                .is_some_and(|on_poll| on_poll(poll).is_break())
            {
                return Err(Error::Cancelled);
            }
            if elapsed + pause > self.timeout {
                return Err(Error::WaitTimeout { id: id.into() });
            }
            if cancel_token.wait(pause) {
                return Err(Error::Cancelled);
            }
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
