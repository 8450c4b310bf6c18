//! The credentials that sign the storage's forms.

use std::fmt;

use crate::random;

/// Temporary credentials of the sandbox's storage, random for every sandbox: see
/// [`Sandbox::credentials`](crate::sandbox::Sandbox::credentials).
///
/// The `Debug` output contains only the access key id.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`. The sandbox rejects a form without it; Leonardo's forms contain one too.
    pub session_token: String,
}

impl Credentials {
    pub(super) fn draw() -> Self {
        Self {
            access_key_id: format!("ASIA{:016X}", random::draw() as u64),
            secret_access_key: format!("{:032x}", random::draw()),
            session_token: format!("{:032x}{:032x}", random::draw(), random::draw()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
