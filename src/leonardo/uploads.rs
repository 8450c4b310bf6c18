//! Uploads with forms that are requested when they are needed.

use std::path::Path;

use super::call::Call;
use super::client::Client;
use super::error::Error;
use super::upload_form::UploadForm;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::upload::{Receipt, UploadError};

impl Client {
    /// Uploads `image` with the form that `call` requests. Returns the id and the receipt.
    pub(super) fn upload_with(
        &self,
        call: &impl Call<Response = UploadForm>,
        image: &PreparedImage,
    ) -> Result<(String, Receipt), Error> {
        let [uploaded] = self.upload_all_with(
            || Ok([self.call(call)?]),
            |_, form| self.uploader.try_upload(form, image),
        )?;
        Ok(uploaded)
    }

    /// Uploads a file unchanged with the form that `call` requests. Returns the id and the receipt.
    pub(super) fn upload_file_with(
        &self,
        call: &impl Call<Response = UploadForm>,
        path: &Path,
    ) -> Result<(String, Receipt), Error> {
        let [uploaded] = self.upload_all_with(
            || Ok([self.call(call)?]),
            |_, form| self.uploader.try_upload_file(form, path, None),
        )?;
        Ok(uploaded)
    }

    /// Uploads with each form that `request` returns; `upload` gets its index. If a form expires before its file is
    /// stored, requests new forms and uploads all files again, once.
    pub(super) fn upload_all_with<const N: usize>(
        &self,
        request: impl Fn() -> Result<[UploadForm; N], Error>,
        upload: impl Fn(usize, &PresignedPost) -> Result<Receipt, UploadError>,
    ) -> Result<[(String, Receipt); N], Error> {
        let upload_all = |forms: [UploadForm; N]| -> Result<Vec<(String, Receipt)>, UploadError> {
            let forms = forms.into_iter().enumerate();
            forms
                .map(|(index, UploadForm { id, form })| Ok((id, upload(index, &form)?)))
                .collect()
        };
        let uploaded = match upload_all(request()?) {
            Err(UploadError {
                error,
                is_form_expired,
            }) if is_form_expired => {
                log::info!(
                    "the form expired before the file was stored, requesting another: {error}"
                );
                let mut uploaded = upload_all(request()?).map_err(|failed| failed.error)?;
                for (_, receipt) in &mut uploaded {
                    receipt.form_renewed = true;
                }
                uploaded
            }
            uploaded => uploaded.map_err(|failed| failed.error)?,
        };
        Ok(uploaded
            .try_into()
            .expect("there is a receipt for every form"))
    }
}
