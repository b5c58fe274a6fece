//! The ledger: which alerts are raised, which are over, and who is owed which word of it.
//!
//! Guarantees: pure; whoever is told is told once that it is raised, again after each `repeat`
//! while it stands, and once that it is over, also if all of it passed while they could not be
//! reached. What comes and goes within minutes is one alert. A word's key is the same on every
//! attempt.
//! Does not know: channels; a destination is a name.

use std::collections::BTreeMap;

use super::Judged;
use crate::model::{
    alert::{Key, RaisedAlert, Told},
    time::{Span, Time},
};

/// An alert is over when nothing was found for so long.
pub const OVER_AFTER: Span = Span::minutes(2);
/// Whoever could not be told for so long is not told any more that something is over.
const FORGET_AFTER: Span = Span::hours(24);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was raised, with what was found.
    Raised(Key, String),
    /// It is over, after so long.
    Over(Key, Span),
}

/// Which word of an alert is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is raised.
    Raised,
    /// It still stands.
    Still,
    /// It is over.
    Over,
}

/// One word about one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which word.
    pub word: Word,
    /// Which alert, about what.
    pub about: Key,
    /// What was found.
    pub says: String,
    /// When it was raised.
    pub since: Time,
    /// When it was over.
    pub over_at: Option<Time>,
    /// The same on every attempt to say this.
    pub key: String,
}

impl Notice {
    /// The same for every word about one raising: what a pager opens and closes.
    #[must_use]
    pub fn incident(&self) -> String {
        incident(&self.about, self.since)
    }
}

fn incident(about: &Key, since: Time) -> String {
    format!("alert:{}:{}:{}", about.alert.name(), about.subject, since.0)
}

/// Everything that is raised, or over and not told to everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    standing: BTreeMap<Key, RaisedAlert>,
}

impl Ledger {
    /// Takes over what was kept; what is known already stays as it is.
    pub fn take(&mut self, kept: Vec<RaisedAlert>) {
        for one in kept {
            self.standing.entry(one.key.clone()).or_insert(one);
        }
    }

    /// All of it, to be kept.
    #[must_use]
    pub fn rows(&self) -> Vec<RaisedAlert> {
        self.standing.values().cloned().collect()
    }

    /// What is raised now.
    pub fn raised(&self) -> impl Iterator<Item = &RaisedAlert> {
        self.standing.values().filter(|one| one.over_at.is_none())
    }

    /// Brings the ledger to what holds at `now`; answers what changed.
    pub fn update(&mut self, judged: &Judged, now: Time) -> Vec<Change> {
        let mut changes = Vec::new();
        for (key, says) in &judged.holds {
            match self.standing.get_mut(key) {
                Some(one) if one.over_at.is_none() => {
                    one.gone_since = None;
                    one.says.clone_from(says);
                }
                known => {
                    let again = raised(key, says, known.as_deref(), now);
                    self.standing.insert(key.clone(), again);
                    changes.push(Change::Raised(key.clone(), says.clone()));
                }
            }
        }
        let gone = |one: &&mut RaisedAlert| {
            one.over_at.is_none()
                && !judged.holds.contains_key(&one.key)
                && !judged.is_unknown(&one.key)
        };
        for one in self.standing.values_mut().filter(gone) {
            // A clock that was set back must not keep it from ending.
            let since = one.gone_since.map_or(now, |since| since.min(now));
            one.gone_since = Some(since);
            if now.since(since) >= OVER_AFTER {
                one.over_at = Some(now);
                changes.push(Change::Over(one.key.clone(), now.since(one.since)));
            }
        }
        changes
    }

    /// What this destination is to be told at `now`.
    #[must_use]
    pub fn owed(&self, destination: &str, repeat: Span, now: Time) -> Vec<Notice> {
        self.standing.values().filter_map(|one| owed(one, destination, repeat, now)).collect()
    }

    /// A destination was told.
    pub fn told(&mut self, destination: &str, notices: &[Notice], now: Time) {
        for notice in notices {
            if let Some(one) = self.standing.get_mut(&notice.about)
                && one.since == notice.since
            {
                let told = Told { at: now, is_over: notice.word == Word::Over };
                one.told.insert(destination.to_owned(), told);
            }
        }
    }

    /// Drops what is over and owed to none of these destinations any more.
    pub fn forget(&mut self, destinations: &[String], now: Time) {
        self.standing.retain(|_, one| {
            let Some(over_at) = one.over_at else { return true };
            let has_heard =
                |destination: &String| one.told.get(destination).is_some_and(|told| told.is_over);
            !destinations.iter().all(has_heard) && now.since(over_at) < FORGET_AFTER
        });
    }
}

/// Whoever has not heard that the last one is over need not hear that it is raised again: for them
/// it is the same incident.
fn raised(key: &Key, says: &str, before: Option<&RaisedAlert>, now: Time) -> RaisedAlert {
    let told: BTreeMap<String, Told> = before
        .map(|one| one.told.iter())
        .into_iter()
        .flatten()
        .filter(|(_, told)| !told.is_over)
        .map(|(destination, told)| (destination.clone(), *told))
        .collect();
    let since = before.filter(|_| !told.is_empty()).map_or(now, |one| one.since);
    RaisedAlert {
        key: key.clone(),
        since,
        raised_at: now,
        says: says.to_owned(),
        gone_since: None,
        over_at: None,
        told,
    }
}

fn owed(one: &RaisedAlert, destination: &str, repeat: Span, now: Time) -> Option<Notice> {
    let told = one.told.get(destination);
    let word = match (one.over_at, told) {
        (Some(_), Some(told)) if told.is_over => return None,
        (Some(_), _) => Word::Over,
        (None, None) => Word::Raised,
        // Set back, the clock shows a word of the future.
        (None, Some(told)) if now.since(told.at).0.abs() >= repeat.0 => Word::Still,
        (None, Some(_)) => return None,
    };
    let last = told.map_or(0, |told| told.at.0);
    let incident = incident(&one.key, one.since);
    let key = match word {
        Word::Raised if one.raised_at == one.since => incident,
        Word::Raised => format!("{incident}:again:{}", one.raised_at.0),
        Word::Still => format!("{incident}:still:{last}"),
        Word::Over => format!("{incident}:over:{}", one.raised_at.0),
    };
    Some(Notice {
        word,
        about: one.key.clone(),
        says: one.says.clone(),
        since: one.since,
        over_at: one.over_at,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::Alert;

    const REPEAT: Span = Span::hours(4);

    fn key() -> Key {
        Key::new(Alert::JobDead, "write:hubspot")
    }

    fn holding() -> Judged {
        Judged { holds: [(key(), "3 jobs given up".to_owned())].into(), ..Judged::default() }
    }

    fn unknown() -> Judged {
        Judged { unknown: [Alert::JobDead].into(), ..Judged::default() }
    }

    /// Lets a day pass tick by tick; what `chat` was told, as word and minute.
    fn story(judged: impl Fn(i64) -> Judged, reachable: impl Fn(i64) -> bool) -> Vec<(Word, i64)> {
        let (mut ledger, mut said) = (Ledger::default(), Vec::new());
        for minute in 0..24 * 60 {
            let now = Time(minute * 60_000);
            ledger.update(&judged(minute), now);
            if reachable(minute) {
                let owed = ledger.owed("chat", REPEAT, now);
                said.extend(owed.iter().map(|notice| (notice.word, minute)));
                ledger.told("chat", &owed, now);
            }
            ledger.forget(&["chat".to_owned()], now);
            // What is kept is all there is: a restart at any minute changes nothing.
            let text = serde_json::to_string(&ledger.rows()).unwrap();
            ledger = Ledger::default();
            ledger.take(serde_json::from_str(&text).unwrap());
        }
        assert_eq!(ledger, Ledger::default(), "in the end nothing is owed");
        said
    }

    fn between(from: i64, to: i64, minute: i64) -> Judged {
        if (from..to).contains(&minute) { holding() } else { Judged::default() }
    }

    #[test]
    fn it_is_told_once_then_every_four_hours_and_once_that_it_is_over() {
        let said = story(|minute| between(10, 10 + 9 * 60, minute), |_| true);
        let want = [(Word::Raised, 10), (Word::Still, 250), (Word::Still, 490), (Word::Over, 552)];
        assert_eq!(said, want);
    }

    #[test]
    fn what_comes_and_goes_is_one_alert() {
        let said = story(
            |minute| if minute < 60 && minute % 2 == 0 { holding() } else { Judged::default() },
            |_| true,
        );
        assert_eq!(said, [(Word::Raised, 0), (Word::Over, 61)]);
    }

    #[test]
    fn what_nobody_can_say_is_not_over() {
        let said = story(
            |minute| match minute {
                0..10 => holding(),
                10..100 => unknown(),
                _ => Judged::default(),
            },
            |_| true,
        );
        assert_eq!(said, [(Word::Raised, 0), (Word::Over, 102)]);
    }

    #[test]
    fn whoever_could_not_be_reached_hears_of_it_once_in_the_end() {
        let said = story(|minute| between(10, 20, minute), |minute| minute >= 100);
        assert_eq!(said, [(Word::Over, 100)]);
        let said = story(|minute| between(10, 200, minute), |minute| minute >= 100);
        assert_eq!(said, [(Word::Raised, 100), (Word::Over, 202)]);
    }

    #[test]
    fn it_may_be_raised_again_after_it_was_over() {
        let said =
            story(|minute| between(10, 20, minute % 100), |minute| !(23..=100).contains(&minute));
        let raised = said.iter().filter(|(word, _)| *word == Word::Raised).count();
        let over = said.iter().filter(|(word, _)| *word == Word::Over).count();
        assert_eq!((raised, over), (15, 15), "{said:?}");
    }

    #[test]
    fn each_word_has_its_own_key_and_an_incident_has_one() {
        let mut ledger = Ledger::default();
        ledger.update(&holding(), Time(5));
        let first = ledger.owed("chat", REPEAT, Time(5)).remove(0);
        assert_eq!(first.key, "alert:job-dead:write:hubspot:5");
        assert_eq!(ledger.owed("chat", REPEAT, Time(9)).remove(0), first, "until it is told");
        ledger.told("chat", std::slice::from_ref(&first), Time(9));
        assert_eq!(ledger.owed("chat", REPEAT, Time(10)), []);
        assert_eq!(ledger.owed("mail:mary", REPEAT, Time(10)).len(), 1, "others are owed it still");
        let still = ledger.owed("chat", REPEAT, Time(9).plus(REPEAT)).remove(0);
        assert_ne!(still.key, first.key);
        assert_eq!(still.incident(), first.incident());
    }
}
