//! The way to the board: a link that opens once.
//!
//! Guarantees: a key has 128 random bits and opens one session. Sessions last eight hours of the
//! demo's clock, which soon have passed at its pace: then there is another link.
//! Does not know: the pages.

use std::sync::{Arc, PoisonError};

use super::house::{House, random};
use crate::{clock::Clock as _, http::SESSION, model::time::Time};

/// The door.
pub struct Door {
    house: Arc<House>,
    /// When the last key was found to be used.
    opened_at: Option<Time>,
}

impl Door {
    /// A door without a key yet.
    #[must_use]
    pub fn new(house: Arc<House>) -> Self {
        Self { house, opened_at: None }
    }

    /// Makes a key, and says where it opens.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn link(&mut self) -> anyhow::Result<String> {
        let mut key = hex::encode(random()?);
        // The address is to fit on a line.
        key.truncate(32);
        let link = format!("{}open/{key}", self.house.base);
        *self.house.front.page_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        self.opened_at = None;
        Ok(link)
    }

    /// Another link, if the session that the last one opened has ended.
    pub fn another(&mut self) -> Option<String> {
        let is_used =
            self.house.front.page_key.lock().unwrap_or_else(PoisonError::into_inner).is_none();
        let now = self.house.clock.now();
        match self.opened_at {
            None if is_used => self.opened_at = Some(now),
            Some(at) if now.since(at) >= SESSION => return self.link().ok(),
            _ => {}
        }
        None
    }
}
