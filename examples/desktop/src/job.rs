//! How far an upload is: what the window shows of it, changed by what the worker tells.

use imgpost::{Extension, Size};

/// The state of the one upload there can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Job {
    /// None was begun, or what came of the last one is no longer of interest.
    #[default]
    None,
    /// The picture is cropped, scaled and encoded.
    Preparing,
    /// It is under way.
    Sending(Sent),
    /// Cancel was pressed; the worker has not said yet that it stopped.
    Cancelling(Option<Sent>),
    Stored(Stored),
    Cancelled,
    Failed(String),
}

/// Bytes of the body that were handed to the connection, in which attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub sent: u64,
    pub total: u64,
    pub attempt: u32,
}

/// What came of an upload that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: String,
    pub size: Size,
    pub extension: Extension,
    pub bytes: u64,
}

/// What the worker tells of an upload. One of the last three comes last, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    Sent(Sent),
    Stored(Stored),
    Cancelled,
    Failed(String),
}

impl Job {
    /// Whether the worker is at it: no other one can be begun.
    pub fn is_running(&self) -> bool {
        matches!(
            self,
            Self::Preparing | Self::Sending(_) | Self::Cancelling(_)
        )
    }

    /// Begins, unless one is running; says whether it did.
    pub fn begin(&mut self) -> bool {
        let can_begin = !self.is_running();
        if can_begin {
            *self = Self::Preparing;
        }
        can_begin
    }

    /// Cancel was pressed; says whether there is something to cancel.
    pub fn cancel(&mut self) -> bool {
        let sent = match self {
            Self::Preparing => None,
            Self::Sending(sent) => Some(*sent),
            _ => return false,
        };
        *self = Self::Cancelling(sent);
        true
    }

    /// The worker told something.
    pub fn told(&mut self, event: JobEvent) {
        *self = match event {
            // What was sent before the worker heard of it does not bring the upload back to life.
            JobEvent::Sent(sent) if matches!(self, Self::Cancelling(_)) => {
                Self::Cancelling(Some(sent))
            }
            JobEvent::Sent(sent) => Self::Sending(sent),
            // It may have been stored before it could be cancelled; then that is what happened.
            JobEvent::Stored(stored) => Self::Stored(stored),
            JobEvent::Cancelled => Self::Cancelled,
            JobEvent::Failed(why) => Self::Failed(why),
        };
    }

    /// Another picture is shown: what came of the last one goes away.
    pub fn forget(&mut self) {
        if !self.is_running() {
            *self = Self::None;
        }
    }
}

impl Sent {
    /// From 0 to 1.
    pub fn share(&self) -> f32 {
        match self.total {
            0 => 0.0,
            total => self.sent as f32 / total as f32,
        }
    }

    /// For the line under the bar: `1.2 of 5.3 MB`. What was handed to the connection is not yet there.
    pub fn line(&self) -> String {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        if self.sent == self.total {
            return String::from("Waiting for the storage…");
        }
        let mut line = format!(
            "{:.1} of {:.1} MB",
            megabytes(self.sent),
            megabytes(self.total)
        );
        if self.attempt > 1 {
            line += &format!(", attempt {}", self.attempt);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Sent = Sent {
        sent: 1_000_000,
        total: 2_000_000,
        attempt: 1,
    };

    fn stored() -> Stored {
        Stored {
            id: "id".into(),
            size: Size::new(8, 8),
            extension: Extension::Jpg,
            bytes: 2,
        }
    }

    #[test]
    fn an_upload_goes_from_beginning_to_end_and_again() {
        let mut job = Job::default();
        assert!(!job.is_running() && !job.cancel());
        assert!(job.begin() && job.is_running());
        assert!(!job.begin());
        job.told(JobEvent::Sent(HALF));
        assert_eq!(job, Job::Sending(HALF));
        job.told(JobEvent::Stored(stored()));
        assert_eq!(job, Job::Stored(stored()));
        assert!(!job.is_running() && job.begin());
        job.told(JobEvent::Failed("why".into()));
        assert!(!job.is_running() && job.begin());
    }

    #[test]
    fn a_cancelled_one_stays_so_until_the_worker_has_stopped() {
        let mut job = Job::Preparing;
        assert!(job.cancel() && !job.cancel());
        assert_eq!(job, Job::Cancelling(None));
        job.told(JobEvent::Sent(HALF));
        assert_eq!(job, Job::Cancelling(Some(HALF)));
        assert!(job.is_running() && !job.begin());
        job.forget();
        assert!(job.is_running());
        job.told(JobEvent::Cancelled);
        assert_eq!(job, Job::Cancelled);
        job.forget();
        assert_eq!(job, Job::None);
    }

    #[test]
    fn what_was_stored_before_it_could_be_cancelled_is_told() {
        let mut job = Job::Cancelling(Some(HALF));
        job.told(JobEvent::Stored(stored()));
        assert_eq!(job, Job::Stored(stored()));
    }

    #[test]
    fn how_far_it_is_can_be_read() {
        assert_eq!(HALF.share(), 0.5);
        assert_eq!(HALF.line(), "1.0 of 2.0 MB");
        let again = Sent { attempt: 2, ..HALF };
        assert_eq!(again.line(), "1.0 of 2.0 MB, attempt 2");
        let all = Sent {
            sent: HALF.total,
            ..HALF
        };
        assert_eq!(all.share(), 1.0);
        assert_eq!(all.line(), "Waiting for the storage…");
        let nothing = Sent { total: 0, ..HALF };
        assert_eq!(nothing.share(), 0.0);
    }
}
