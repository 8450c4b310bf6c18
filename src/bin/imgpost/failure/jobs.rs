//! Failures of jobs and of their results.

use super::{Code, Failure};

impl Failure {
    /// The API has no job with this id.
    pub fn no_such_job(id: &str) -> Self {
        let message = format!(
            "there is no job {id}; check the id, and that the API key is that of its account"
        );
        Self::new(message, Code::Api)
    }

    /// A job is complete, but the API returns URLs for only some of its results, or lists none.
    pub fn missing_results(id: &str, listed: usize, all: usize) -> Self {
        let message = if all == 0 {
            format!("job {id} is complete, but the API lists no results; wait for it again later")
        } else {
            format!(
                "job {id} is complete, but the API returns URLs for only {listed} of its {all} results; wait for it again later"
            )
        };
        Self::new(message, Code::Api)
    }

    /// The API returned no image, because its content filter blocked it.
    pub fn blocked(id: &str) -> Self {
        let message = format!(
            "the API blocked the image of generation {id} and returned nothing; use another image"
        );
        Self::new(message, Code::Api)
    }

    /// The same failure after a job was started, and charged: the message contains its id, so that it is not lost.
    pub fn after_start_of(mut self, id: &str) -> Self {
        if !self.is_reported && !self.message.contains(id) {
            self.message +=
                &format!("; job {id} was started, and `imgpost wait {id}` prints its results");
        }
        self
    }

    /// Some of several results were not downloaded, unless `failed` is 0. Each failure was reported before.
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

    /// A signal came when `done` of `all` results were downloaded.
    pub fn download_cancelled(done: usize, all: usize) -> Self {
        Self::status(
            format!("cancelled; {done} of {all} results are downloaded"),
            Code::Cancelled,
        )
    }

    /// The same failure of the result with this id.
    pub fn of_result(mut self, id: &str) -> Self {
        self.message = format!("{id}: {}", self.message);
        self
    }
}
