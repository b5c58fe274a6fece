//! A shelf for tokens: where the processes of one house find the token that one of them fetched.
//!
//! Guarantees asked of a shelf: one process at a time is told to fetch; what is put there is found
//! by all. What it keeps is sealed, so that whoever reads the shelf has no token.
//! Does not know: where it stands, or what a token opens.

use std::{future::Future, pin::Pin};

use serde::{Deserialize, Serialize};

use crate::model::time::{Span, Time};

/// A boxed future, so that the trait is object-safe.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever fetches has so long; then it is another's turn.
pub const FETCHING: Span = Span::seconds(20);
/// A grant that was refused is asked for no sooner than this.
pub const REFUSED_PAUSE: Span = Span::minutes(1);

/// What a look at the shelf gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shelved {
    /// A token that somebody fetched, sealed.
    Token {
        /// Which one, counted from one.
        number: u64,
        /// The token.
        sealed: String,
    },
    /// It is ours to fetch; what is fetched is this one.
    Fetch {
        /// Its number.
        number: u64,
    },
    /// Another is fetching it: look again in a moment.
    Wait,
    /// The grant was refused a moment ago, in these words.
    Refused {
        /// Its code; no secret.
        why: String,
    },
}

/// What is brought to the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The token that was fetched, sealed.
    Token(String),
    /// The grant was refused.
    Refused(String),
    /// It could not be fetched now: another may try.
    Nothing,
}

/// A shelf. A failure means that it cannot be asked: whoever needs a token fetches their own.
pub trait TokenShelf: Send + Sync {
    /// Looks for a token later than this one, of which it is known that it has expired; zero if
    /// none was had.
    fn look(&self, expired: u64) -> Boxed<'_, Result<Shelved, String>>;
    /// Brings what became of fetching this one.
    fn bring(&self, number: u64, brought: Brought) -> Boxed<'_, Result<(), String>>;
}

/// What stands on a shelf: a document that changes by pure functions, one process after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The number of the token that stands there; zero if none does.
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    /// Somebody is fetching until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fetching_until: Option<Time>,
    /// When the grant was refused, and in which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<(Time, String)>,
}

impl Slot {
    fn of(document: Option<&str>) -> Self {
        document.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The pure part of [`TokenShelf::look`].
    #[must_use]
    pub fn look(document: Option<&str>, expired: u64, now: Time) -> (Option<String>, Shelved) {
        let mut slot = Self::of(document);
        if let Some(sealed) = slot.sealed.clone().filter(|_| slot.number > expired) {
            return (None, Shelved::Token { number: slot.number, sealed });
        }
        if let Some((at, why)) = &slot.refused
            && (Span::ZERO..REFUSED_PAUSE).contains(&now.since(*at))
        {
            return (None, Shelved::Refused { why: why.clone() });
        }
        if slot.fetching_until.is_some_and(|until| now < until) {
            return (None, Shelved::Wait);
        }
        slot.fetching_until = Some(now.plus(FETCHING));
        slot.refused = None;
        // Greater than any that anybody holds, also when the shelf was lost meanwhile.
        let number = slot.number.max(expired) + 1;
        (slot.text(), Shelved::Fetch { number })
    }

    /// The pure part of [`TokenShelf::bring`].
    #[must_use]
    pub fn bring(
        document: Option<&str>,
        number: u64,
        brought: &Brought,
        now: Time,
    ) -> Option<String> {
        let mut slot = Self::of(document);
        if slot.number >= number {
            return None; // too late: another was faster after our time was over
        }
        slot.fetching_until = None;
        match brought {
            Brought::Token(sealed) => {
                (slot.number, slot.sealed) = (number, Some(sealed.clone()));
            }
            Brought::Refused(why) => slot.refused = Some((now, why.clone())),
            Brought::Nothing => {}
        }
        slot.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u64, sealed: &str) -> Shelved {
        Shelved::Token { number, sealed: sealed.to_owned() }
    }

    /// A shelf that keeps what it is told.
    #[derive(Default)]
    struct Kept(Option<String>);

    impl Kept {
        fn look(&mut self, expired: u64, now: i64) -> Shelved {
            let (text, found) = Slot::look(self.0.as_deref(), expired, Time(now));
            self.0 = text.or(self.0.take());
            found
        }

        fn bring(&mut self, number: u64, brought: &Brought, now: i64) {
            self.0 = Slot::bring(self.0.as_deref(), number, brought, Time(now)).or(self.0.take());
        }
    }

    #[test]
    fn one_fetches_and_all_find_it() {
        let mut shelf = Kept::default();
        assert_eq!(shelf.look(0, 0), Shelved::Fetch { number: 1 });
        assert_eq!(shelf.look(0, 1), Shelved::Wait);
        shelf.bring(1, &Brought::Token("a".into()), 5);
        assert_eq!(shelf.look(0, 6), token(1, "a"));
        assert_eq!(shelf.look(1, 7), Shelved::Fetch { number: 2 }, "the first has expired");
        assert_eq!(shelf.look(1, 8), Shelved::Wait);
        assert_eq!(shelf.look(0, 8), token(1, "a"), "whoever has none may find that out");
    }

    #[test]
    fn whoever_does_not_come_back_loses_the_turn() {
        let mut shelf = Kept::default();
        shelf.look(0, 0);
        assert_eq!(shelf.look(0, FETCHING.0 - 1), Shelved::Wait);
        assert_eq!(shelf.look(0, FETCHING.0), Shelved::Fetch { number: 1 });
        shelf.bring(1, &Brought::Token("second".into()), FETCHING.0 + 1);
        shelf.bring(1, &Brought::Token("late".into()), FETCHING.0 + 2);
        assert_eq!(shelf.look(0, FETCHING.0 + 3), token(1, "second"));
        assert_eq!(shelf.look(9, FETCHING.0 + 3), Shelved::Fetch { number: 10 });
    }

    #[test]
    fn a_refused_grant_is_asked_for_once_a_minute_by_all_together() {
        let mut shelf = Kept::default();
        shelf.look(0, 0);
        shelf.bring(1, &Brought::Refused("invalid_grant".into()), 10);
        let refused = Shelved::Refused { why: "invalid_grant".into() };
        assert_eq!(shelf.look(0, 11), refused);
        assert_eq!(shelf.look(0, 60_009), refused);
        assert_eq!(shelf.look(0, 60_010), Shelved::Fetch { number: 1 });
        shelf.bring(1, &Brought::Nothing, 60_011);
        assert_eq!(shelf.look(0, 60_012), Shelved::Fetch { number: 1 }, "another may try at once");
    }
}
