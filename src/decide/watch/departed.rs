//! Who gets no lead any more and is still named by the rulebook.
//!
//! Guarantees: somebody whom a CRM refuses is reported even if nothing names them, for nobody else
//! would say so; every rule and pool that names somebody gone is in the sentence.
//! Does not know: how the rulebook looked when they were there.

use std::collections::BTreeMap;

use crate::{
    model::{news::Absence, team::Team, time::Time},
    rulebook::{Rep, Rulebook, Target, Then},
};

/// Places that are listed in one sentence.
const PLACES_MAX: usize = 12;

/// Those who are gone, with a sentence each.
#[must_use]
pub fn departed(book: &Rulebook, team: &Team, now: Time) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for rep in book.reps.values() {
        let is_refused = team.away.get(&rep.id).is_some_and(|away| {
            away.iter().any(|one| one.absence == Absence::Deactivated && one.holds(now))
        });
        if !rep.has_left && !is_refused {
            continue;
        }
        let mut places = places(book, rep);
        if places.is_empty() && !is_refused {
            continue;
        }
        let why = if rep.has_left { "no longer with us" } else { "refused by the CRM" };
        let more = places.len().saturating_sub(PLACES_MAX);
        places.truncate(PLACES_MAX);
        if more > 0 {
            places.push(format!("{more} more"));
        }
        let named = if places.is_empty() {
            String::new()
        } else {
            format!(", and named by {}", places.join(", "))
        };
        all.insert(rep.id.clone(), format!("{why}{named}"));
    }
    all
}

fn places(book: &Rulebook, rep: &Rep) -> Vec<String> {
    let is_them = |target: &Target| matches!(target, Target::Rep(id) if *id == rep.id);
    let rules = book.rules.iter().filter(|rule| match &rule.then {
        Then::Assign { to, if_unavailable } => {
            is_them(to) || if_unavailable.as_ref().is_some_and(is_them)
        }
        Then::SetAside(_) => false,
    });
    let pools = book
        .pools
        .values()
        .filter(|pool| pool.members.iter().any(|member| member.rep() == Some(rep.id.as_str())));
    let backups = book.reps.values().filter(|other| other.backup.as_ref() == Some(&rep.id));
    rules
        .map(|rule| format!("rule {}", rule.id))
        .chain(pools.map(|pool| format!("pool {}", pool.id)))
        .chain(backups.map(|other| format!("backup of {}", other.id)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decide::sample, model::team::Away};

    #[test]
    fn who_has_left_or_is_refused_is_reported_with_everything_that_names_them() {
        let mut book = sample::book();
        let team = Team::default();
        assert!(departed(&book, &team, sample::NOON).is_empty());
        book.reps.get_mut("ada").unwrap().has_left = true;
        book.reps.get_mut("grace").unwrap().backup = Some("ada".into());
        book.rules[0].then = Then::Assign {
            to: Target::Rep("ada".into()),
            if_unavailable: Some(Target::Pool("inbound".into())),
        };
        let refused = Away {
            absence: Absence::Deactivated,
            from: sample::NOON,
            until: None,
            is_from_calendar: false,
        };
        let team = Team { away: [("mary".to_owned(), vec![refused])].into(), ..team };
        let all = departed(&book, &team, sample::NOON);
        let said: Vec<&str> = all.values().map(String::as_str).collect();
        let want = [
            "no longer with us, and named by rule everyone, pool inbound, backup of grace",
            "refused by the CRM",
        ];
        assert_eq!(said, want);
    }
}
