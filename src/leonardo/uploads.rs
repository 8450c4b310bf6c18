//! Forms, and what is posted with them.

use std::path::Path;

use super::call::Call;
use super::client::Client;
use super::error::ApiError;
use crate::error::Error;
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

    /// Posts with every form that `ask` gets, and with other forms, once, when one of them expires.
    pub(super) fn upload_all_with<const N: usize>(
        &self,
        ask: impl Fn() -> Result<[PresignedPost; N], Error>,
        post: impl Fn(usize, &PresignedPost) -> Result<Receipt, UploadError>,
    ) -> Result<[(String, Receipt); N], Error> {
        let post_all = || -> Result<Vec<(String, Receipt)>, UploadError> {
            let forms = ask()?;
            let all = forms.iter().enumerate();
            all.map(|(index, form)| Ok((form_id(form)?, post(index, form)?)))
                .collect()
        };
        let uploaded = match post_all() {
            Err(UploadError {
                error,
                is_form_expired,
            }) if is_form_expired => {
                log::info!("a form expires before its file is stored, asking for another: {error}");
                let mut uploaded = post_all().map_err(|failed| failed.error)?;
                for (_, receipt) in &mut uploaded {
                    receipt.form_renewed = true;
                }
                uploaded
            }
            other => other.map_err(|failed| failed.error)?,
        };
        Ok(uploaded
            .try_into()
            .expect("there is a receipt for every form"))
    }
}

fn form_id(form: &PresignedPost) -> Result<String, Error> {
    let id = form.id().map(str::to_owned);
    id.ok_or_else(|| ApiError::null("the id of the image").into())
}
