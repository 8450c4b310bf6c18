//! Forms, and what is posted with them.

use std::path::Path;

use super::call::Call;
use super::client::Client;
use super::error::{ApiError, Error};
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::upload::{Receipt, UploadError};

impl Client {
    /// Posts `image` with the form that `call` gets; when that expires while there is work to do, with another one,
    /// once. Gives the id and what the storage answered.
    pub(super) fn upload_with(
        &self,
        call: &impl Call<Response = PresignedPost>,
        image: &PreparedImage,
    ) -> Result<(String, Receipt), Error> {
        let [uploaded] = self.upload_all_with(
            || Ok([self.call(call)?]),
            |_, form| self.uploader.try_upload(form, image),
        )?;
        Ok(uploaded)
    }

    /// As [`upload_with`](Self::upload_with), with a file as it is.
    pub(super) fn upload_file_with(
        &self,
        call: &impl Call<Response = PresignedPost>,
        path: &Path,
    ) -> Result<(String, Receipt), Error> {
        let [uploaded] = self.upload_all_with(
            || Ok([self.call(call)?]),
            |_, form| self.uploader.try_upload_file(form, path, None),
        )?;
        Ok(uploaded)
    }

    /// Requests forms with `request` and posts with each of them. If one expires before its file is stored, requests
    /// other forms and posts with all of them again, once.
    pub(super) fn upload_all_with<const N: usize>(
        &self,
        request: impl Fn() -> Result<[PresignedPost; N], Error>,
        post: impl Fn(usize, &PresignedPost) -> Result<Receipt, UploadError>,
    ) -> Result<[(String, Receipt); N], Error> {
        let post_all = |forms: &[PresignedPost; N]| -> Result<Vec<Receipt>, UploadError> {
            let forms = forms.iter().enumerate();
            forms.map(|(index, form)| post(index, form)).collect()
        };
        let mut forms = request()?;
        let receipts = match post_all(&forms) {
            Err(UploadError {
                error,
                is_form_expired,
            }) if is_form_expired => {
                log::info!(
                    "the form expired before the file was stored, requesting another: {error}"
                );
                forms = request()?;
                let mut receipts = post_all(&forms).map_err(|failed| failed.error)?;
                for receipt in &mut receipts {
                    receipt.form_renewed = true;
                }
                receipts
            }
            posted => posted.map_err(|failed| failed.error)?,
        };
        let ids = forms.iter().map(form_id).collect::<Result<Vec<_>, _>>()?;
        let uploaded: Vec<_> = ids.into_iter().zip(receipts).collect();
        Ok(uploaded
            .try_into()
            .expect("every form has an id and a receipt"))
    }
}

fn form_id(form: &PresignedPost) -> Result<String, Error> {
    let id = form.id().map(str::to_owned);
    id.ok_or_else(|| ApiError::null("the id of the image").into())
}
