//! The state of an upload as the window shows it, changed by the worker's events.

use imgpost::{Extension, Size};

/// The state of the current or the last upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UploadState {
    /// There is no upload of the image and the crop on screen.
    #[default]
    None,
    /// The image is being cropped, resized and encoded.
    Preparing,
    Sending(Sent),
    /// The user cancelled; the worker has not stopped yet.
    Cancelling(Option<Sent>),
    Stored(Stored),
    Cancelled,
    Failed(String),
}

/// Bytes of the body that were written to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub sent: u64,
    pub total: u64,
    /// 1-based.
    pub attempt: u32,
}

/// The result of a successful upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: String,
    pub size: Size,
    pub extension: Extension,
    pub bytes: u64,
}

/// What the worker reports about an upload. Every upload ends with one of the last three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadEvent {
    Sent(Sent),
    Stored(Stored),
    Cancelled,
    Failed(String),
}

impl UploadState {
    /// Whether the worker is busy, so that no other upload can start.
    pub fn is_running(&self) -> bool {
        matches!(
            self,
            Self::Preparing | Self::Sending(_) | Self::Cancelling(_)
        )
    }

    /// Starts an upload unless one is running. Returns whether it did.
    pub fn start(&mut self) -> bool {
        let can_start = !self.is_running();
        if can_start {
            *self = Self::Preparing;
        }
        can_start
    }

    /// Records that the user cancelled. Returns whether there is anything to cancel.
    pub fn cancel(&mut self) -> bool {
        let sent = match self {
            Self::Preparing => None,
            Self::Sending(sent) => Some(*sent),
            _ => return false,
        };
        *self = Self::Cancelling(sent);
        true
    }

    /// Applies an event of the worker.
    pub fn apply(&mut self, event: UploadEvent) {
        *self = match event {
            // Progress that the worker reported before it noticed the cancellation does not undo it.
            UploadEvent::Sent(sent) if matches!(self, Self::Cancelling(_)) => {
                Self::Cancelling(Some(sent))
            }
            UploadEvent::Sent(sent) => Self::Sending(sent),
            // The cancellation may have come too late.
            UploadEvent::Stored(stored) => Self::Stored(stored),
            UploadEvent::Cancelled => Self::Cancelled,
            UploadEvent::Failed(error) => Self::Failed(error),
        };
    }

    /// Removes the result of the last upload, because the window now shows another image or another crop.
    pub fn clear(&mut self) {
        if !self.is_running() {
            *self = Self::None;
        }
    }
}

impl Sent {
    /// From 0 to 1.
    pub fn fraction(&self) -> f32 {
        if self.total == 0 {
            0.0
        } else {
            self.sent as f32 / self.total as f32
        }
    }

    /// The text below the progress bar, such as `1.2 of 5.3 MB`.
    pub fn text(&self) -> String {
        // The last bytes are on their way or being stored.
        if self.sent == self.total {
            return String::from("Waiting for the response…");
        }
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let (sent, total) = (megabytes(self.sent), megabytes(self.total));
        let mut text = format!("{sent:.1} of {total:.1} MB");
        if self.attempt > 1 {
            text += &format!(", attempt {}", self.attempt);
        }
        text
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
    fn upload_can_be_repeated_after_its_end() {
        let mut state = UploadState::default();
        assert!(!state.is_running() && !state.cancel());
        assert!(state.start() && state.is_running());
        assert!(!state.start());
        state.apply(UploadEvent::Sent(HALF));
        assert_eq!(state, UploadState::Sending(HALF));
        state.apply(UploadEvent::Stored(stored()));
        assert_eq!(state, UploadState::Stored(stored()));
        assert!(!state.is_running() && state.start());
        state.apply(UploadEvent::Failed("error".into()));
        assert!(!state.is_running() && state.start());
    }

    #[test]
    fn progress_does_not_undo_a_cancellation() {
        let mut state = UploadState::Preparing;
        assert!(state.cancel() && !state.cancel());
        assert_eq!(state, UploadState::Cancelling(None));
        state.apply(UploadEvent::Sent(HALF));
        assert_eq!(state, UploadState::Cancelling(Some(HALF)));
        assert!(state.is_running() && !state.start());
        state.clear();
        assert!(state.is_running());
        state.apply(UploadEvent::Cancelled);
        assert_eq!(state, UploadState::Cancelled);
        state.clear();
        assert_eq!(state, UploadState::None);
    }

    #[test]
    fn image_stored_before_the_cancellation_is_shown() {
        let mut state = UploadState::Cancelling(Some(HALF));
        state.apply(UploadEvent::Stored(stored()));
        assert_eq!(state, UploadState::Stored(stored()));
    }

    #[test]
    fn progress_has_a_fraction_and_a_text() {
        assert_eq!(HALF.fraction(), 0.5);
        assert_eq!(HALF.text(), "1.0 of 2.0 MB");
        let retried = Sent { attempt: 2, ..HALF };
        assert_eq!(retried.text(), "1.0 of 2.0 MB, attempt 2");
        let all = Sent {
            sent: HALF.total,
            ..HALF
        };
        assert_eq!(all.fraction(), 1.0);
        assert_eq!(all.text(), "Waiting for the response…");
        let empty = Sent { total: 0, ..HALF };
        assert_eq!(empty.fraction(), 0.0);
    }
}
