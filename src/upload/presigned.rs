//! What the uploader needs to know of a presigned POST and of a presigned PUT.

use std::time::{Duration, SystemTime};

use super::source::Source;
use crate::error::Error;
use crate::multipart::{Body, Content};
use crate::presigned::{
    PresignedPost, PresignedPostError, PresignedPut, PresignedPutError, PresignedUpload,
};
use crate::redact::Redactor;
use crate::transport::Method;
use crate::url::{self, UrlError};

/// A presigned request that stores one file: [`PresignedPost`], [`PresignedPut`], or [`PresignedUpload`] for either.
///
/// No other type can implement it.
pub trait Presigned: sealed::Sealed {}

impl<T: sealed::Sealed> Presigned for T {}

pub(super) mod sealed {
    use super::*;

    pub trait Sealed {
        #[doc(hidden)]
        fn presigned(&self) -> PresignedRef<'_>;
    }

    impl Sealed for PresignedPost {
        fn presigned(&self) -> PresignedRef<'_> {
            PresignedRef::Post(self)
        }
    }

    impl Sealed for PresignedPut {
        fn presigned(&self) -> PresignedRef<'_> {
            PresignedRef::Put(self)
        }
    }

    impl Sealed for PresignedUpload {
        fn presigned(&self) -> PresignedRef<'_> {
            match self {
                Self::Post(form) => PresignedRef::Post(form),
                Self::Put(put) => PresignedRef::Put(put),
            }
        }
    }
}

/// Either presigned request, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum PresignedRef<'a> {
    Post(&'a PresignedPost),
    Put(&'a PresignedPut),
}

/// The request that stores a file.
pub(super) struct FileRequest<'a> {
    pub method: Method,
    /// Headers besides `Host` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    pub body: Body<'a>,
    /// The address, without its query.
    pub url: String,
    /// Where the file will be, as far as that is known before the storage responds.
    pub key: Option<String>,
    pub location: Option<String>,
}

impl<'a> PresignedRef<'a> {
    /// The address. Its query may be secret.
    pub(super) fn url(self) -> &'a str {
        match self {
            Self::Post(form) => form.url(),
            Self::Put(put) => put.url(),
        }
    }

    pub(super) fn host(self) -> String {
        url::host(self.url())
    }

    /// The error for an address that nothing secret may be sent to.
    pub(super) fn url_error(self, error: UrlError) -> Error {
        let host = self.host();
        match self {
            Self::Post(_) => PresignedPostError::Url { host, error }.into(),
            Self::Put(_) => PresignedPutError::Url { host, error }.into(),
        }
    }

    /// The content type, or the range of types, that the producer declared.
    pub(super) fn content_type(self) -> Option<&'a str> {
        match self {
            Self::Post(form) => form.declared_content_type(),
            Self::Put(put) => put.declared_content_type(),
        }
    }

    /// Checks what storage would check at `now`.
    pub(super) fn validate(
        self,
        content: &Content<'_>,
        content_type: &str,
        now: SystemTime,
    ) -> Result<(), Error> {
        match self {
            Self::Post(form) => {
                if let Content::Bytes(bytes) = content {
                    form.validate_checksums(bytes)?;
                }
                Ok(form.validate(content.length(), content_type, now)?)
            }
            Self::Put(put) => {
                if let Content::Bytes(bytes) = content {
                    put.validate_checksums(bytes)?;
                }
                Ok(put.validate(content.length(), content_type, now)?)
            }
        }
    }

    /// How long it may still be used; `None` if it does not say.
    pub(super) fn remaining(self, now: SystemTime) -> Option<Duration> {
        match self {
            Self::Post(form) => form.remaining(now),
            Self::Put(put) => put.remaining(now),
        }
    }

    /// Corrects for clock skew: the storage's clock was at `server` when this machine's was at `local`.
    pub(super) fn with_server_time(self, server: SystemTime, local: SystemTime) -> PresignedUpload {
        match self {
            Self::Post(form) => {
                let mut form = form.clone();
                form.set_server_time(server, local);
                form.into()
            }
            Self::Put(put) => {
                let mut put = put.clone();
                put.set_server_time(server, local);
                put.into()
            }
        }
    }

    /// The address that the storage redirects to after a success.
    pub(super) fn success_redirect(self) -> Option<&'a str> {
        match self {
            Self::Post(form) => form.success_redirect(),
            Self::Put(_) => None,
        }
    }

    pub(super) fn redactor(self) -> Redactor {
        match self {
            Self::Post(form) => form.redactor(),
            Self::Put(put) => put.redactor(),
        }
    }

    /// `text` without the secrets.
    pub(super) fn redact(self, text: &str) -> String {
        match self {
            Self::Post(form) => form.redact(text),
            Self::Put(put) => put.redact(text),
        }
    }

    /// The request that stores `source`. The local name of the file is sent only if a form asks for it, with
    /// `${filename}` in its key.
    pub(super) fn request<'c>(self, source: Source<'c>) -> Result<FileRequest<'c>, Error> {
        let Source {
            names,
            content_type,
            content,
        } = source;
        let url = self.url().split(['?', '#']).next().unwrap_or_default();
        let url = url.to_owned();
        match self {
            Self::Post(form) => {
                let mut values = form.fields().map(|(_, value)| value);
                let file_name = if values.any(|value| value.contains("${filename}")) {
                    names.own
                } else {
                    names.plain
                };
                let body = form.body(&file_name, &content_type, content)?;
                Ok(FileRequest {
                    method: Method::Post,
                    headers: vec![("content-type".into(), body.content_type())],
                    body,
                    url,
                    key: form.key().map(|key| key.replace("${filename}", &file_name)),
                    location: None,
                })
            }
            Self::Put(put) => Ok(FileRequest {
                method: Method::Put,
                headers: put.headers_for(&content_type),
                body: Body::raw(&content_type, content),
                key: Some(put.path()),
                location: Some(url.clone()),
                url,
            }),
        }
    }
}
