//! Observe mode: what was asked for, what is kept on a lead that is watched, and what came of it.
//!
//! Guarantees: nothing here writes or tells. Does not know: how two routers are compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::{Span, Time};

/// The shortest pause between two looks at the CRM.
const PAUSE_MIN: Span = Span::minutes(1);

/// Handoff decides and neither writes nor tells; it looks in the CRM what another router did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observing {
    /// The CRM connection that is looked at.
    #[serde(rename = "c")]
    pub crm: String,
    /// So long after a lead came it is looked for the first time.
    #[serde(rename = "a")]
    pub after: Span,
    /// So long after a lead came it is given up.
    #[serde(rename = "u")]
    pub until: Span,
}

/// What a lead that is only watched carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Since when the CRM is waited for.
    pub since: Time,
    /// When it is given up.
    pub until: Time,
    /// Whom the decision passed over, and why, in words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed_over: BTreeMap<String, String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Seen>,
}

impl Watched {
    /// When to look again after a look that found nobody: the pauses grow by half of the time that
    /// has passed, and the last look is at the end. None when it is over.
    #[must_use]
    pub fn next_look(&self, now: Time) -> Option<Time> {
        let pause = Span(now.since(self.since).0 / 2).max(PAUSE_MIN);
        (now < self.until).then(|| now.plus(pause).min(self.until))
    }
}

/// What the CRM showed, held against what handoff decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The same person has it.
    Agrees,
    /// Another member of the same pool has it: another turn.
    Turn,
    /// Somebody has it whom handoff passed over for a reason.
    Skipped,
    /// Somebody has it to whom the rule that decided gives nothing.
    Elsewhere,
    /// The owner there is no rep of the rulebook.
    UnknownOwner,
    /// Somebody has it while handoff had it wait.
    Held,
    /// Somebody has it while handoff set it aside.
    SetAside,
    /// Handoff could not read the fill at all; whoever got it is not looked for.
    Rejected,
    /// The CRM showed no owner in time.
    Nobody,
    /// The lead has no mail address, by which alone it could have been looked up.
    NotLookedUp,
}

impl Seen {
    /// Every kind, with its word in JSON, columns and metrics, and as people say it.
    pub const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Agrees, "agrees", "the same person"),
        (Self::Turn, "turn", "another member of the same pool"),
        (Self::Skipped, "skipped", "somebody whom handoff passed over"),
        (Self::Elsewhere, "elsewhere", "somebody whom the rule does not name"),
        (Self::UnknownOwner, "unknown_owner", "an owner whom the rulebook does not know"),
        (Self::Held, "held", "handoff had it wait"),
        (Self::SetAside, "set_aside", "handoff set it aside"),
        (Self::Rejected, "rejected", "handoff could not read it"),
        (Self::Nobody, "nobody", "the CRM showed nobody"),
        (Self::NotLookedUp, "not_looked_up", "it has no mail address to look it up by"),
    ];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(seen, ..)| *seen == self).map_or("", |(_, word, _)| word)
    }

    /// Of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(seen, ..)| *seen)
    }

    /// As people say it.
    #[must_use]
    pub fn says(self) -> &'static str {
        Self::ALL.iter().find(|(seen, ..)| *seen == self).map_or("", |(_, _, says)| says)
    }

    /// Whether both routers gave the lead to somebody or to nobody: these make the agreement rate.
    #[must_use]
    pub fn is_compared(self) -> bool {
        !matches!(self, Self::Nobody | Self::NotLookedUp | Self::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_the_crm_grow_rarer_and_end_in_time() {
        let watched =
            Watched { since: Time(0), until: Time(Span::hours(24).0), ..Watched::default() };
        let mut at = Time(Span::minutes(15).0);
        let mut looks = vec![at];
        while let Some(next) = watched.next_look(at) {
            assert!(next > at && next <= watched.until);
            at = next;
            looks.push(at);
        }
        assert_eq!(at, watched.until, "the last look is at the end");
        assert!((8..16).contains(&looks.len()), "{}", looks.len());
        assert_eq!(watched.next_look(watched.until.plus(Span(1))), None);
    }

    #[test]
    fn every_kind_has_the_word_that_it_has_in_json() {
        for (seen, word, says) in Seen::ALL {
            assert_eq!(serde_json::to_value(seen).unwrap(), word);
            assert_eq!((seen.word(), seen.says(), Seen::of_word(word)), (word, says, Some(seen)));
        }
    }
}
