//! Text written by strangers (provisional until the full type lands).
//!
//! Guarantees: no `Display`, masked `Debug`. Does not know: where it will be shown.

use serde::{Deserialize, Serialize};

/// Text written by a stranger.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// For comparing and looking up, never for printing.
    pub fn as_str_for_logic(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Untrusted({} bytes)", self.0.len())
    }
}
