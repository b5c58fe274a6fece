//! What a form on an action page orders, and the event that it becomes.
//!
//! Guarantees: the same press on the same page is the same event, however often it is sent; what
//! a rep types is bounded. Does not know: whether the order still makes sense; the decision does.

use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    model::{
        event::{EventKind, NewEvent},
        id::digest,
        news::{Absence, Act, News, Outcome},
        time::Time,
    },
    notify::link::Grant,
};

/// The most characters of a rep's own words.
pub const WORDS_MAX: usize = 300;

/// Why a lead may not be a fit: what is stored, and what the page calls it.
pub const REASONS: [(&str, &str); 7] = [
    ("too small", "too small"),
    ("wrong region", "wrong region"),
    ("no budget or need", "no budget or need"),
    ("already a customer", "already a customer"),
    ("student or job seeker", "student or job seeker"),
    ("competitor or supplier", "competitor or supplier"),
    ("not a real person", "spam, not a real person"),
];

/// What was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Something about a lead, on a page that showed it at this revision.
    Lead {
        /// The lead.
        lead: Uuid,
        /// What.
        act: Act,
        /// The revision that the page showed.
        seen: i64,
    },
    /// Out today, on a page without a lead.
    Out,
}

impl Order {
    /// Reads a form.
    ///
    /// # Errors
    /// A sentence about what is missing in it.
    pub fn read(grant: &Grant, form: &[u8]) -> Result<Self, String> {
        let field = |name: &str| {
            form_urlencoded::parse(form).find(|(known, _)| known == name).map(|(_, value)| value)
        };
        let pressed = field("act").ok_or("The form does not say which button was pressed.")?;
        let lead = match grant {
            Grant::Act { lead, .. } => *lead,
            Grant::OutToday { .. } if pressed == "out_today" => return Ok(Self::Out),
            _ => return Err("This link does not allow that.".to_owned()),
        };
        let outcome = |outcome| Act::Answered { outcome };
        let act = match pressed.as_ref() {
            "on_it" => Act::OnIt,
            "out_today" => Act::OutToday,
            "owner_out" => Act::OwnerOut,
            "refused" => Act::Refused {
                why: reason(None, field("words").as_deref())
                    .ok_or("Say in a few words why it is not one for you.")?,
            },
            "answered" => outcome(Outcome::Qualified),
            "nurture" => outcome(Outcome::Nurture),
            "not_a_fit" => outcome(Outcome::NotAFit {
                why: reason(field("reason").as_deref(), field("words").as_deref())
                    .ok_or("Say why it is not a fit: choose a reason or write one.")?,
            }),
            _ => return Err("The form names a button that this page does not have.".to_owned()),
        };
        let seen = field("seen").and_then(|seen| seen.parse().ok()).unwrap_or(0);
        Ok(Self::Lead { lead, act, seen })
    }

    /// The event of it. `period` tells two orders apart that are alike: the end of the day of an
    /// absence.
    #[must_use]
    pub fn event(&self, token: &str, rep: &str, period: Time, now: Time) -> Option<NewEvent> {
        let (news, key) = match self {
            Self::Lead { lead, act, seen } => {
                let key = (serde_json::to_string(act).ok()?, *seen);
                (News::Acted { lead: *lead, rep: rep.to_owned(), act: act.clone() }, key)
            }
            Self::Out => {
                let (absence, until) = (Absence::Out, Some(period));
                (
                    News::Away { rep: rep.to_owned(), absence, from: now, until },
                    ("out".into(), period.0),
                )
            }
        };
        // The token itself stays out of the store: it is still good for acting.
        let key = digest(&[token.as_bytes(), key.0.as_bytes(), &key.1.to_be_bytes()]);
        Some(NewEvent {
            kind: EventKind::News,
            source: "handoff:link".to_owned(),
            delivery: hex::encode(key),
            received_at: now,
            content_type: None,
            actor: Some(rep.to_owned()),
            body: serde_json::to_vec(&news).ok()?,
        })
    }
}

/// A chosen reason, the rep's own words, or both.
fn reason(chosen: Option<&str>, words: Option<&str>) -> Option<String> {
    let chosen = REASONS.iter().map(|(stored, _)| *stored).find(|one| Some(*one) == chosen);
    let words = words.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().filter(|one| !one.is_control()).take(WORDS_MAX).collect();
    match (chosen, words.is_empty()) {
        (Some(chosen), true) => Some(chosen.to_owned()),
        (Some(chosen), false) => Some(format!("{chosen}: {words}")),
        (None, false) => Some(words),
        (None, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant::Act { lead: Uuid::from_u128(7), rep: "ada".into() }
    }

    fn why(form: &str) -> Result<String, String> {
        match Order::read(&grant(), form.as_bytes())? {
            Order::Lead { act: Act::Answered { outcome: Outcome::NotAFit { why } }, .. } => Ok(why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn not_a_fit_needs_a_reason() {
        assert_eq!(why("act=not_a_fit&reason=too+small&words="), Ok("too small".into()));
        assert_eq!(why("act=not_a_fit&reason=&words=no+thanks"), Ok("no thanks".into()));
        assert_eq!(
            why("act=not_a_fit&reason=too+small&words=two%0D%0Apeople"),
            Ok("too small: two people".into())
        );
        assert!(why("act=not_a_fit&reason=forged&words=+").is_err());
        assert!(why("act=not_a_fit").is_err());
    }

    #[test]
    fn words_are_cut_at_their_limit() {
        for (typed, kept) in [(WORDS_MAX, WORDS_MAX), (WORDS_MAX + 1, WORDS_MAX)] {
            let long = "ä".repeat(typed);
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("act", "not_a_fit")
                .append_pair("words", &long)
                .finish();
            assert_eq!(why(&form).unwrap().chars().count(), kept);
        }
    }

    #[test]
    fn the_same_press_is_one_event_and_every_other_is_another() {
        let event = |form: &str, now| {
            let order = Order::read(&grant(), form.as_bytes()).unwrap();
            order.event("token", "ada", Time(0), Time(now)).unwrap().delivery
        };
        let first = event("act=on_it&seen=3", 1);
        assert_eq!(first, event("act=on_it&seen=3", 900));
        assert_ne!(first, event("act=on_it&seen=4", 1));
        assert_ne!(first, event("act=nurture&seen=3", 1));
        assert!(!first.contains("token"));
    }

    #[test]
    fn a_link_orders_nothing_that_it_does_not_grant() {
        let out = Grant::OutToday { rep: "ada".into() };
        let board = Grant::Board { rep: "ada".into() };
        for (grant, form) in [
            (&out, "act=on_it"),
            (&board, "act=on_it"),
            (&board, "act=out_today"),
            (&grant(), "act=delete"),
            (&grant(), "seen=1"),
            (&grant(), ""),
        ] {
            assert!(Order::read(grant, form.as_bytes()).is_err(), "{grant:?} {form}");
        }
        assert_eq!(Order::read(&out, b"act=out_today"), Ok(Order::Out));
        assert!(Order::read(&grant(), &[0xff, b'=', 0xfe, b'&']).is_err());
    }
}
