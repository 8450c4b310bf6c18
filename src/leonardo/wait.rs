//! Waiting for a job.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::error::Error;
use super::job::{Job, JobResource, JobStatus};

/// The pauses between two polls grow from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The API does not promise that a job can be read as soon as it was started (those of version 2 are read through
/// version 1). It has been charged by then, so the wait must not end with "there is no such job".
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

type OnPoll = Arc<dyn Fn(Poll) -> ControlFlow<()> + Send + Sync>;

/// How long to wait for a job, and what to call after every poll.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use std::time::Duration;
/// use imgpost::leonardo::{Client, CreateGeneration, WaitOptions};
///
/// # let client = Client::from_env()?;
/// # let job = client.generate(&CreateGeneration::new("a lighthouse"))?;
/// let wait = WaitOptions::default().timeout(Duration::from_secs(120)).on_poll(|poll| {
///     println!("{:?} after {:?}", poll.status, poll.elapsed);
///     ControlFlow::Continue(())
/// });
/// let images = client.wait_with(&job, &wait)?.images;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone)]
pub struct WaitOptions {
    timeout: Duration,
    on_poll: Option<OnPoll>,
}

/// A poll of a job that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// The status of the job, if the API reports one; it may not know a new job yet.
    pub status: Option<JobStatus>,
    /// The time since the wait began.
    pub elapsed: Duration,
    /// The number of polls so far.
    pub polls: u32,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            on_poll: None,
        }
    }
}

impl WaitOptions {
    /// The longest time to wait. Default: 10 minutes. With zero, the job is polled once.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls `on_poll` after every poll of a job that is not done. `ControlFlow::Break` ends the wait with
    /// [`Error::Cancelled`]; the job goes on.
    #[must_use]
    pub fn on_poll(
        mut self,
        on_poll: impl Fn(Poll) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_poll = Some(Arc::new(on_poll));
        self
    }
}

/// Waiting for jobs.
impl Client {
    /// Waits until a job is complete and returns what it made: a [`Generation`](super::Generation) or a
    /// [`Variation`](super::Variation). It waits at most ten minutes, and polls at once, after a second, and then at
    /// growing intervals of up to five seconds.
    ///
    /// For the first ten seconds, an API that does not know a job that was only just [started](Self::generate) is
    /// asked again.
    ///
    /// # Errors
    ///
    /// [`Error::JobFailed`] when the job ends without a result; [`Error::WaitTimeout`] when it is not done in time;
    /// [`Error::Api`] with [`is_not_found`](super::ApiError::is_not_found) when there is no such job; else as
    /// [`call`](Self::call). After any other error than `JobFailed`, the job goes on and can be waited for again.
    pub fn wait<R: JobResource>(&self, job: &Job<R>) -> Result<R, Error> {
        self.wait_with(job, &WaitOptions::default())
    }

    /// As [`wait`](Self::wait), with a timeout and a callback of your own.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_with<R: JobResource>(&self, job: &Job<R>, wait: &WaitOptions) -> Result<R, Error> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut polls = 0;
        let mut may_be_unknown = job.is_new;
        loop {
            polls += 1;
            let polled = match self.call(&R::get(&job.id)) {
                Err(Error::Api(error))
                    if may_be_unknown
                        && error.is_not_found()
                        && started.elapsed() < UNKNOWN_FOR =>
                {
                    log::info!("the API does not know job {} yet", job.id);
                    None
                }
                polled => Some(polled?),
            };
            may_be_unknown &= polled.is_none();
            let status = polled.as_ref().and_then(R::job_status).cloned();
            match (polled, &status) {
                (Some(resource), Some(JobStatus::Complete)) => return Ok(resource),
                (_, Some(JobStatus::Failed)) => {
                    let id = job.id.clone();
                    return Err(Error::JobFailed { id });
                }
                _ => {}
            }
            let elapsed = started.elapsed();
            let poll = Poll {
                status,
                elapsed,
                polls,
            };
            let on_poll = wait.on_poll.as_ref();
            if on_poll.is_some_and(|on_poll| on_poll(poll).is_break()) {
                return Err(Error::Cancelled);
            }
            if elapsed.saturating_add(pause) > wait.timeout {
                let id = job.id.clone();
                return Err(Error::WaitTimeout { id });
            }
            if self.cancel_token.wait(pause) {
                return Err(Error::Cancelled);
            }
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
