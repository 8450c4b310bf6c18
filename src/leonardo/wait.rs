//! Waits for jobs.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::error::Error;
use super::job::{Job, JobResource, JobStatus};

/// The pause after the first poll. It grows by half with each poll, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// How long a new job may be unknown. The API does not promise that a job can be read as soon as it was started, and jobs
/// of version 2 are read through version 1. The job was charged, so the wait must not end with "not found".
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

type OnPoll = Arc<dyn Fn(Poll) -> ControlFlow<()> + Send + Sync>;

/// Options for waiting for a job.
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

/// A poll of a job that is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// The status of the job, if the API reports one. It may not know a new job yet.
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
    /// Maximum time to wait. Zero polls the job once. Default: 10 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls `on_poll` after every poll of a job that is not complete. `ControlFlow::Break` ends the wait with
    /// [`Error::Cancelled`], and the job continues. Default: none.
    #[must_use]
    pub fn on_poll(
        mut self,
        on_poll: impl Fn(Poll) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_poll = Some(Arc::new(on_poll));
        self
    }
}

/// Waits for jobs.
impl Client {
    /// Waits until a job is complete and returns the resource that it created: a [`Generation`](super::Generation) or a
    /// [`Variation`](super::Variation). It waits at most ten minutes, and polls at once, after a second, and then at
    /// growing intervals of up to five seconds.
    ///
    /// If the job was [started](Self::generate) by this process, "not found" is not an error in the first ten seconds.
    ///
    /// # Errors
    ///
    /// [`Error::JobFailed`] if the job ends without a result; [`Error::WaitTimeout`] if it is not complete in time;
    /// otherwise as [`call`](Self::call). [`Error::is_not_found`] is true if there is no job with this id. After any error
    /// but `JobFailed`, the job continues, and you can wait for it again.
    pub fn wait<R: JobResource>(&self, job: &Job<R>) -> Result<R, Error> {
        self.wait_with(job, &WaitOptions::default())
    }

    /// As [`wait`](Self::wait), with these options.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_with<R: JobResource>(
        &self,
        job: &Job<R>,
        options: &WaitOptions,
    ) -> Result<R, Error> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut polls = 0;
        let mut may_be_unknown = job.is_new;
        loop {
            polls += 1;
            let polled = match self.call(&R::get(&job.id)) {
                Err(error)
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
            let on_poll = options.on_poll.as_ref();
            if on_poll.is_some_and(|on_poll| on_poll(poll).is_break()) {
                return Err(Error::Cancelled);
            }
            if elapsed.saturating_add(pause) > options.timeout {
                let id = job.id.clone();
                return Err(Error::WaitTimeout { id });
            }
            if self.cancel_token.wait(pause) {
                return Err(Error::Cancelled);
            }
            pause = (pause * 3 / 2).min(MAX_PAUSE);
        }
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
