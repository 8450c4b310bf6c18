//! The account: the user and the remaining credits.

use std::time::Duration;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Api, Call, Records, timestamp};
use crate::geometry::Size;

/// Credits of a new sandbox.
const CREDITS: u64 = 10_000;

/// An image costs one credit per started 512×512 pixels.
const PIXELS_PER_CREDIT: u64 = 512 * 512;

impl Api {
    pub(super) fn account(&self, call: &Call) -> Value {
        let left = CREDITS - self.records().spent_credits;
        let renewal = call.now + Duration::from_secs(30 * 24 * 3600);
        json!({"user_details": [{
            "user": {"id": self.user, "username": "sandbox"},
            "tokenRenewalDate": null,
            "paidTokens": 0,
            "subscriptionTokens": 0,
            "subscriptionGptTokens": 0,
            "subscriptionModelTokens": 0,
            "apiConcurrencySlots": 10,
            "apiPaidTokens": 0,
            "apiSubscriptionTokens": left,
            "apiPlanTokenRenewalDate": timestamp(renewal),
        }]})
    }
}

impl Records {
    /// Deducts `credits` from the account.
    pub fn charge(&mut self, credits: u64) -> Result<(), Refusal> {
        let left = CREDITS - self.spent_credits;
        if credits > left {
            let message =
                format!("not enough api tokens: this costs {credits}, and {left} are left");
            return Err(Refusal::new(400, "unexpected", message));
        }
        self.spent_credits += credits;
        Ok(())
    }
}

/// The cost of one image of this size, in credits.
pub(super) fn credits(size: Size) -> u64 {
    size.area().div_ceil(PIXELS_PER_CREDIT)
}

/// Adds the cost to `reply`, in both shapes of the API.
pub(super) fn with_cost(mut reply: Value, credits: u64) -> Value {
    reply["apiCreditCost"] = credits.into();
    reply["cost"] = json!({"amount": credits.to_string(), "unit": "CREDITS"});
    reply
}
