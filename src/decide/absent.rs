//! Absences: they begin, end, come from a calendar, or a CRM says that somebody is gone.
//!
//! Guarantees: each is an event with its decision, never a rulebook version; the whole list of one
//! rep is replaced at once, so that the same news twice changes nothing the second time.
//! Does not know: what an absence means for a lead; `available` does.

use super::{Desk, note};
use crate::model::{
    news::Absence,
    plan::{Plan, What},
    team::{Away, TeamChange},
};

/// More absences of one rep are not kept.
const KEPT_MAX: usize = 200;

/// An absence begins, or is known of before.
#[must_use]
pub fn begins(desk: Desk<'_>, rep: &str, away: Away) -> Plan {
    let mut all = now_there(desk, rep);
    if !all.contains(&away) {
        all.push(away);
    }
    noted(desk, rep, all)
}

/// The rep is back: what holds now ends, also what the calendar said and that a CRM refused them.
/// What begins later stands.
#[must_use]
pub fn ends(desk: Desk<'_>, rep: &str) -> Plan {
    let mut all = now_there(desk, rep);
    all.retain(|away| !away.holds(desk.now));
    noted(desk, rep, all)
}

/// What the calendar says takes the place of what it said before. Somebody who said that they are
/// back stays back until the calendar says something new of now.
#[must_use]
pub fn by_calendar(desk: Desk<'_>, rep: &str, said: &[Away]) -> Plan {
    let mut all = now_there(desk, rep);
    all.retain(|away| !away.is_from_calendar);
    let is_ahead = |away: &&Away| away.until.is_none_or(|until| until > desk.now);
    for away in said.iter().filter(is_ahead) {
        // A calendar cannot say that a CRM refuses somebody.
        let absence = match away.absence {
            Absence::Deactivated => Absence::Out,
            absence => absence,
        };
        all.push(Away { absence, is_from_calendar: true, ..*away });
    }
    if all == desk.team.away.get(rep).cloned().unwrap_or_default() {
        return Plan::nothing();
    }
    let mut plan = noted(desk, rep, all);
    if let Some(decision) = &mut plan.decision {
        note::put(decision, "calendar", true);
    }
    plan
}

/// A CRM refuses this person as an owner: no lead until somebody says that they are back.
#[must_use]
pub fn deactivated(desk: Desk<'_>, rep: &str, destination: &str) -> Plan {
    let mut all = now_there(desk, rep);
    if all.iter().any(|away| away.absence == Absence::Deactivated) {
        return Plan::nothing();
    }
    all.push(Away {
        absence: Absence::Deactivated,
        from: desk.now,
        until: None,
        is_from_calendar: false,
    });
    let mut plan = noted(desk, rep, all);
    if let Some(decision) = &mut plan.decision {
        note::put(decision, "refused_by", destination);
    }
    plan
}

/// What is on record and not over.
fn now_there(desk: Desk<'_>, rep: &str) -> Vec<Away> {
    let mut all = desk.team.away.get(rep).cloned().unwrap_or_default();
    all.retain(|one| one.until.is_none_or(|until| until > desk.now));
    all
}

fn noted(desk: Desk<'_>, rep: &str, mut all: Vec<Away>) -> Plan {
    if !desk.book.reps.contains_key(rep) {
        return Plan::nothing();
    }
    all.truncate(KEPT_MAX);
    let mut decision = note::decision(desk, What::AwayNoted);
    note::put(&mut decision, "rep", rep);
    note::put(&mut decision, "away", &all);
    Plan {
        team: vec![TeamChange::Away { rep: rep.to_owned(), away: all }],
        decision: Some(decision),
        ..Plan::nothing()
    }
}
