//! People and destinations beside the board: who is here, what is behind.
//!
//! Guarantees: standing is computed as the decision computes it. Does not know: rotations' turns.

use std::collections::BTreeSet;

use super::{
    card,
    show::{Moment, Person, rough},
};
use crate::{
    decide::{Desk, Reach, available},
    model::time::Span,
    rulebook::{Rep, absence_word},
    store::Tally,
};

/// A rep in the strip.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub person: Person,
    /// Leads owed an answer.
    pub open: i64,
    /// Whether they can take a lead now, as a class: `here`, `away` or `off`.
    pub class: &'static str,
    /// In words.
    pub word: &'static str,
    /// Until when, if that is known.
    pub until: Option<Moment>,
}

/// Everybody who is still with us, as they stand.
#[must_use]
pub fn standings(desk: Desk<'_>) -> Vec<Standing> {
    desk.book.reps.values().filter(|rep| !rep.has_left).map(|rep| standing(desk, rep)).collect()
}

fn standing(desk: Desk<'_>, rep: &Rep) -> Standing {
    let hours = rep.hours.as_ref().and_then(|id| desk.book.hours.get(id));
    let is_open = hours.is_none_or(|hours| hours.is_open(desk.now));
    let (class, word, until) = match available::of_named(desk, rep) {
        available::Standing::Away { absence, until } => ("away", absence_word(absence), until),
        _ if !is_open => ("off", "off hours", hours.and_then(|hours| hours.next_open(desk.now))),
        _ => ("here", "here", None),
    };
    Standing {
        person: card::person(desk.book, &rep.id),
        open: desk.team.open.get(&rep.id).copied().unwrap_or(0).max(0),
        class,
        word,
        until: until.map(|until| Moment::new(until, desk.now)),
    }
}

/// A destination and how it keeps up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Its name.
    pub name: String,
    /// As a class: `fine`, `behind` or `stuck`.
    pub class: &'static str,
    /// In words.
    pub word: String,
}

/// Work that is due may be this late before a destination counts as behind.
const BEHIND: Span = Span::seconds(5);

/// Every destination that is connected or has work.
#[must_use]
pub fn outside(reach: &Reach, tally: &Tally) -> Vec<Outside> {
    let mut names: BTreeSet<&str> = reach.crms.iter().map(String::as_str).collect();
    let jobs = || tally.jobs.iter().filter_map(|(key, jobs)| Some((key.split_once(':')?.1, jobs)));
    names.extend(jobs().map(|(lane, _)| lane));
    names
        .into_iter()
        .map(|name| {
            let own = || jobs().filter(|(lane, _)| *lane == name).map(|(_, jobs)| jobs);
            let dead: i64 = own().map(|jobs| jobs.dead).sum();
            let open: i64 = own().map(|jobs| jobs.open).sum();
            let late = Span(own().map(|jobs| jobs.late_ms).max().unwrap_or(0));
            let (class, word) = match (dead, late > BEHIND) {
                (0, false) if open == 0 => ("fine", "up to date".to_owned()),
                (0, false) => ("fine", format!("{open} to do")),
                (0, true) => ("behind", format!("{open} to do, {} behind", rough(late))),
                (dead, _) => ("stuck", format!("{dead} given up, {open} to do")),
            };
            Outside { name: name.to_owned(), class, word }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::read::JobTally;

    #[test]
    fn a_destination_is_fine_behind_or_stuck() {
        let mut tally = Tally::default();
        for (key, open, dead, late_ms) in [
            ("write:hubspot", 4, 0, 65_000),
            ("ask:hubspot", 1, 0, 0),
            ("tell:email", 2, 1, 0),
            ("tell:slack", 1, 0, 5_000),
            ("review", 9, 0, 900_000),
        ] {
            tally.jobs.insert(key.to_owned(), JobTally { open, dead, late_ms });
        }
        let reach = Reach { crms: vec!["hubspot".into(), "salesforce".into()], ..Reach::default() };
        let shown: Vec<(String, &str, String)> = outside(&reach, &tally)
            .into_iter()
            .map(|one| (one.name, one.class, one.word))
            .collect();
        assert_eq!(
            shown,
            [
                ("email".into(), "stuck", "1 given up, 2 to do".into()),
                ("hubspot".into(), "behind", "5 to do, 1m 05s behind".into()),
                ("salesforce".into(), "fine", "up to date".into()),
                ("slack".into(), "fine", "1 to do".into()),
            ]
        );
    }
}
