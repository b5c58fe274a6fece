//! An absence of the day: why somebody takes no leads beside the standing hours, and until when.
//!
//! Guarantees: an open end is said as one. Does not know: who said it; an event does.

use serde::{Deserialize, Serialize};

use super::time::Time;

/// Why a rep is not available beside the standing hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Ill, on a day off, on leave.
    Out,
    /// At work, but takes no new leads.
    Paused,
    /// A CRM refuses this person as an owner: no lead until somebody says that they are back.
    Deactivated,
}

/// One absence of the day, from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Out or paused.
    pub absence: Absence,
    /// From when.
    pub from: Time,
    /// Until when; open-ended if missing.
    pub until: Option<Time>,
    /// From the person's calendar, which alone takes it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_from_calendar: bool,
}

impl Away {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}
