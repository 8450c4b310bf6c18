//! Corrects for the clock skew between this machine and the storage.

use std::time::{Duration, SystemTime};

use super::attempt::UploadError;
use super::presigned::{PresignedRef, sealed::Sealed};
use super::{Receipt, Uploader};
use crate::error::Error;
use crate::transport::{Method, Request};
use crate::url;

const TIMEOUT: Duration = Duration::from_secs(5);

impl Uploader {
    /// Runs `upload`. If `presigned` has expired by this machine's clock, runs it once more with that of the storage.
    pub(super) fn correcting_clock(
        &self,
        presigned: PresignedRef<'_>,
        upload: impl Fn(PresignedRef<'_>) -> Result<Receipt, UploadError>,
    ) -> Result<Receipt, Error> {
        let error = match upload(presigned) {
            Ok(receipt) => return Ok(receipt),
            Err(failed) => failed.error,
        };
        let is_expired_here = matches!(&error, Error::PresignedPost(error) if error.is_expired());
        let Some(server) = is_expired_here
            .then(|| self.storage_time(presigned))
            .flatten()
        else {
            return Err(error);
        };
        let corrected = presigned.with_server_time(server, SystemTime::now());
        upload(corrected.presigned()).map_err(|failed| failed.error)
    }

    /// The time by the storage's clock. The request contains nothing secret.
    fn storage_time(&self, presigned: PresignedRef<'_>) -> Option<SystemTime> {
        let url = url::origin(presigned.url())?;
        let mut request = Request::new(Method::Get, &url);
        request.timeout = self.timeout.min(TIMEOUT);
        request.idle_timeout = self.idle_timeout.min(TIMEOUT);
        request.cancel_token = Some(&self.cancel_token);
        request.max_response_bytes = 0;
        self.transport.send(request).ok()?.date()
    }
}
