//! The cost of a job.

use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;

open_enum! {
    /// The unit of a [`Cost`].
    CostUnit {
        /// Credits of the plan.
        Credits = "CREDITS",
        /// US dollars, for accounts that pay as they go.
        Dollars = "DOLLARS",
    }
}

/// The cost of a job.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// A decimal number, as the API writes it.
    pub amount: String,
    /// The unit of the amount.
    pub unit: CostUnit,
}
