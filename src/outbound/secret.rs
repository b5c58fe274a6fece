//! A secret that a call needs: a token, a password, a private key.
//!
//! Guarantees: never printed by `Debug`, no `Display`, no `Serialize`; it leaves only by
//! [`Secret::expose`], so that every use can be found by its name.
//! Does not know: where it came from (`env:` and `file:` references are resolved by the settings).

use std::fmt;

use serde::Deserialize;

/// A resolved secret.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the header or the signature that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(***)");
    }
}
