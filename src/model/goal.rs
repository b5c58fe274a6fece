//! Whom re-routed leads go to.
//!
//! Guarantees: plain data. Does not know: who has them.

use serde::{Deserialize, Serialize};

/// Whom leads go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This rep.
    Rep(String),
    /// Somebody of this pool, by its turns.
    Pool(String),
    /// Whoever the rulebook in force gives them to.
    Rules,
}
