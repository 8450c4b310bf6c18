//! The account of the API key.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, CallRequest};
use super::client::Client;
use super::error::{ApiError, Error};
use super::response::wrapped;

/// An account and its remaining tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserDetails {
    /// The owner of the account.
    pub user: Option<User>,
    /// The number of API jobs that can run at once.
    pub api_concurrency_slots: Option<i64>,
    /// Remaining tokens that were bought for the API.
    pub api_paid_tokens: Option<i64>,
    /// Remaining tokens of the API plan.
    pub api_subscription_tokens: Option<i64>,
    /// When the tokens of the API plan are renewed: a date and time in ISO 8601.
    pub api_plan_token_renewal_date: Option<String>,
    /// Remaining tokens that were bought.
    pub paid_tokens: Option<i64>,
    /// Remaining tokens of the plan.
    pub subscription_tokens: Option<i64>,
    /// Remaining tokens for texts.
    pub subscription_gpt_tokens: Option<i64>,
    /// Remaining tokens for training models.
    pub subscription_model_tokens: Option<i64>,
    /// When the tokens of the plan are renewed: a date and time in ISO 8601.
    pub token_renewal_date: Option<String>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The owner of an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub username: Option<String>,
    /// Other members of the response.
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
        first.ok_or_else(|| ApiError::lacks("account in user_details").into())
    }
}

/// The account.
impl Client {
    /// Reads the account of the API key: `GET /v1/me`.
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
