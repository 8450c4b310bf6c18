//! The account the key belongs to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, CallRequest, wrapped};
use super::client::Client;
use super::error::{ApiError, Error};

/// An account, and what is left of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserDetails {
    /// Whose account it is.
    pub user: Option<User>,
    /// How many jobs of the API may run at once.
    pub api_concurrency_slots: Option<i64>,
    /// What is left of the tokens that were bought for the API.
    pub api_paid_tokens: Option<i64>,
    /// What is left of the tokens of the API's plan.
    pub api_subscription_tokens: Option<i64>,
    /// When the tokens of the API's plan are renewed.
    pub api_plan_token_renewal_date: Option<String>,
    /// What is left of the tokens that were bought.
    pub paid_tokens: Option<i64>,
    /// What is left of the tokens of the plan.
    pub subscription_tokens: Option<i64>,
    /// What is left of the tokens for texts.
    pub subscription_gpt_tokens: Option<i64>,
    /// What is left of the tokens for training models.
    pub subscription_model_tokens: Option<i64>,
    /// When the tokens of the plan are renewed.
    pub token_renewal_date: Option<String>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub username: Option<String>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `GET /v1/me`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetMe;

impl Call for GetMe {
    type Response = UserDetails;

    fn request(&self) -> Result<CallRequest, Error> {
        Ok(CallRequest::get("/v1/me".into()))
    }

    fn parse(&self, body: &[u8]) -> Result<UserDetails, Error> {
        let details: Vec<UserDetails> = wrapped(body, "user_details")?;
        let first = details.into_iter().next();
        first.ok_or_else(|| ApiError::null("user_details").into())
    }
}

/// The account.
impl Client {
    /// The account the key belongs to: `GET /v1/me`.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// println!("{:?} tokens are left", client.me()?.api_subscription_tokens);
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn me(&self) -> Result<UserDetails, Error> {
        self.call(&GetMe)
    }
}
