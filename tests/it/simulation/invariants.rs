//! What must hold, by the numbers of the list of invariants.
//!
//! After every action (cheap): what the witness noted at the seams (I5 one id per delivery, I9 no
//! owner of a human overwritten, I10 no lease given twice and no stale settle kept, no effect after
//! a lease, I11 nothing told twice, I12 no review by a clock just set, I14 nothing told after an
//! answer, I21 one rulebook), I7 gapless numbers, I25 the books.
//! After the end (dear), when nothing goes wrong any more and nothing is left to do: I5 every
//! delivery is one event and is decided; I7 one lead per person, turns given = leads given; I8
//! every decision again, to the byte; I9 every job that was wanted was done, one record per lead,
//! the CRM shows the owner; I11 no rung early, twice or forgotten; I15 poison is rejected or dead
//! and nothing else is.
//! Elsewhere, with what a simulation has not: I6 and I13 (`road`), I16 to I20 and I22 (`faults`),
//! I18 (`crm`), I23 (`safety`).

use std::collections::{BTreeMap, BTreeSet};

use handoff::{
    decide::{Desk, sla},
    model::{
        event::{Event, EventKind, Fate},
        id::{EventId, Seq},
        job::JobKind,
        lead::{Lead, State},
        news::News,
    },
    replay::{self, Which},
    store::{EventFilter, JobFilter},
};

use super::{
    crm::Record,
    replay::Replay,
    rulebooks,
    world::{World, now},
};
use crate::harness::desk;

/// How many actions stand between two looks at the books.
const BOOKS_EVERY: usize = 8;

/// What is wrong after an action.
pub fn cheap(world: &mut World, action: usize) -> Vec<String> {
    let mut wrong = std::mem::take(&mut world.ground.house.state().seen.wrong);
    let before = world.history.len();
    world.read_on();
    for (place, one) in world.history.iter().enumerate().skip(before) {
        if one.seq.0 != place as i64 + 1 {
            wrong.push(format!("I7: decision {} stands at {}", one.seq.0, place + 1));
        }
    }
    if action.is_multiple_of(BOOKS_EVERY) {
        wrong.extend(books(world));
    }
    wrong
}

fn books(world: &World) -> Vec<String> {
    let audit = now(world.ground.store.audit(world.ground.house.time.now())).expect("a read");
    audit.differences().into_iter().map(|one| format!("I25: {one}")).collect()
}

/// What is wrong when everything is over.
pub fn dear(world: &mut World) -> Vec<String> {
    let mut wrong = cheap(world, 0);
    let (events, swept) = events(world);
    let leads = world.leads();
    wrong.extend(deliveries(world, &events, &swept));
    let replay = Replay::of(&world.history, &events, &world.editions);
    wrong.extend(replay.wrong.iter().cloned());
    if replay.wrong.is_empty() {
        wrong.extend(same_state(world, &replay, &leads));
    }
    wrong.extend(from_records(world));
    wrong.extend(turns(world, &replay));
    wrong.extend(one_lead_per_person(&leads));
    wrong.extend(jobs(world, &replay));
    wrong.extend(reviews(world, &leads));
    wrong.extend(records(world, &leads));
    wrong
}

/// I8: by nothing but what the store keeps, as an operator would ask for it; and what the records
/// say was moved adds up to the people who are there.
fn from_records(world: &World) -> Vec<String> {
    let store = world.ground.store.as_ref();
    let mut replay = replay::Replay::of(store);
    let report = now(replay.verify(&Which::default(), |_, _| {})).expect("reads");
    let mut wrong: Vec<String> =
        report.first.iter().map(|found| format!("I8: from its record: {found:?}")).collect();
    if report.same != world.history.len() as u64 {
        wrong.push(format!("I8: {} decisions, and {report:?}", world.history.len()));
    }
    let after_all = Seq(world.history.len() as i64 + 1);
    let people = now(replay.before(after_all)).expect("reads").cloned();
    let there = now(store.team()).expect("a read");
    if !world.history.is_empty() && people.as_ref() != Some(&there) {
        wrong.push(format!("I8: what was moved is {people:?}, and there is {there:?}"));
    }
    wrong
}

/// Every event with the body that arrived, and those whose body is swept.
fn events(world: &World) -> (BTreeMap<EventId, Event>, BTreeSet<EventId>) {
    let state = world.ground.house.state();
    let kept: BTreeMap<_, _> = state.seen.kept.values().map(|kept| (kept.uuid, kept)).collect();
    let mut filter = EventFilter { max: 500, ..EventFilter::default() };
    let (mut all, mut swept) = (BTreeMap::new(), BTreeSet::new());
    loop {
        let page = now(world.ground.store.events(filter.clone())).expect("a read");
        for mut event in page.rows {
            if event.arrived.body.is_empty() {
                swept.insert(event.id);
            }
            if let Some(kept) = kept.get(&event.uuid) {
                event.arrived = kept.event.clone();
            }
            all.insert(event.id, event);
        }
        filter.before = page.next;
        if filter.before.is_none() {
            return (all, swept);
        }
    }
}

/// I5 and I15: each delivery is one event, and is decided; nothing else is there.
fn deliveries(
    world: &World,
    events: &BTreeMap<EventId, Event>,
    swept: &BTreeSet<EventId>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let state = world.ground.house.state();
    let mut count: BTreeMap<(&str, &str), Vec<&Event>> = BTreeMap::new();
    for event in events.values() {
        let key = (event.arrived.source.as_str(), event.arrived.delivery.as_str());
        count.entry(key).or_default().push(event);
    }
    let wanted = state.seen.kept.keys().chain(state.seen.acknowledged.keys());
    let wanted: BTreeSet<(&str, &str)> =
        wanted.map(|(source, delivery)| (source.as_str(), delivery.as_str())).collect();
    for key in wanted {
        match count.get(&key).map(Vec::as_slice) {
            None => wrong.push(format!("I5: the delivery {key:?} was acknowledged and is lost")),
            Some([_]) => {}
            Some(many) => wrong.push(format!("I5: {key:?} is there {} times", many.len())),
        }
    }
    for event in &world.sent {
        if !count.contains_key(&(event.source.as_str(), event.delivery.as_str())) {
            wrong.push(format!("I5: {} was sent until acknowledged and is lost", event.delivery));
        }
    }
    for ((_, delivery), uuid) in &state.seen.acknowledged {
        if !events.values().any(|event| event.uuid == *uuid) {
            wrong
                .push(format!("I5: {delivery} was answered with the id {uuid}, which is nobody's"));
        }
    }
    for (id, event) in events {
        let is_fill = event.arrived.kind == EventKind::Fill;
        let body = String::from_utf8_lossy(&event.arrived.body);
        let is_bad = is_fill && !(body.contains("\"email\"") || body.contains("\"phone\""));
        let is_good = match event.fate {
            // A body that is past its keep cannot be decided again.
            Fate::Dead => swept.contains(id),
            Fate::Underway => false,
            Fate::Opened | Fate::Joined => is_fill && !is_bad,
            Fate::Rejected => is_bad,
            Fate::Noted => !is_fill,
        };
        if !is_good {
            let (delivery, fate) = (&event.arrived.delivery, event.fate.word());
            wrong.push(format!("I15: {delivery} ended as {fate}: {:?}", event.reason));
        }
    }
    wrong
}

/// I8: what the decisions add up to is what is there.
fn same_state(world: &World, replay: &Replay, leads: &[Lead]) -> Vec<String> {
    let mut wrong = Vec::new();
    let replayed: Vec<&Lead> = replay.leads.values().collect();
    for (there, made) in leads.iter().zip(&replayed) {
        if there != *made {
            wrong.push(format!("I8: a lead is not what was decided:\n{there:?}\n{made:?}"));
        }
    }
    if leads.len() != replayed.len() {
        wrong.push(format!("I8: {} leads, decided were {}", leads.len(), replayed.len()));
    }
    let team = now(world.ground.store.team()).expect("a read");
    if team.rotations != replay.team.rotations {
        wrong.push(format!(
            "I8: the turns are not those decided:\n{:?}\n{:?}",
            team.rotations, replay.team.rotations
        ));
    }
    let mut away = replay.team.away.clone();
    away.retain(|_, all| !all.is_empty());
    if team.away != away {
        wrong.push(format!("I8: absences are not those decided: {:?} {away:?}", team.away));
    }
    wrong
}

/// I7: turns given, less those given back, are the leads that rotations gave.
fn turns(world: &World, replay: &Replay) -> Vec<String> {
    let team = now(world.ground.store.team()).expect("a read");
    let mut wrong = Vec::new();
    for (pool, rotation) in &team.rotations {
        for (rep, turn) in &rotation.turns {
            let counted =
                replay.turns.get(&(pool.clone(), rep.clone())).copied().unwrap_or_default();
            if i64::from(turn.received) != counted {
                wrong.push(format!(
                    "I7: {rep} had {} turns of {pool} and {counted} leads of it",
                    turn.received
                ));
            }
        }
    }
    wrong
}

fn one_lead_per_person(leads: &[Lead]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for lead in leads {
        let who = lead.fields.text("email").or(lead.fields.text("phone")).unwrap_or_default();
        if !seen.insert(who.to_owned()) {
            wrong.push(format!("I7: {who} has two leads"));
        }
    }
    wrong
}

/// I9: every job that was wanted was done at that revision or a newer one, or dropped.
fn jobs(world: &World, replay: &Replay) -> Vec<String> {
    let mut wrong = Vec::new();
    let filter = JobFilter { max: 500, ..JobFilter::default() };
    let open = now(world.ground.store.jobs(filter)).expect("a read").rows;
    for job in open.iter().filter(|job| job.kind != JobKind::Review) {
        wrong.push(format!(
            "I9: a {} for {} is left (dead: {}, {} attempts): {:?}",
            job.kind.word(),
            job.destination,
            job.is_dead,
            job.attempts,
            job.reason
        ));
    }
    let unique: BTreeSet<_> =
        open.iter().map(|job| (job.lead, job.kind, job.destination.as_str())).collect();
    if unique.len() != open.len() {
        wrong.push("I9: two jobs for one lead and destination".to_owned());
    }
    let state = world.ground.house.state();
    for want in replay.wants.iter().filter(|want| !want.is_drop) {
        let is_dropped = replay.wants.iter().any(|other| {
            other.is_drop
                && other.seq > want.seq
                && (other.lead, other.kind, &other.destination)
                    == (want.lead, want.kind, &want.destination)
        });
        let is_done = state.seen.attempts.iter().any(|one| {
            (one.lead, one.kind, &one.destination) == (want.lead, want.kind, &want.destination)
                && one.wanted >= want.seq
                && one.end == Some(true)
        });
        if !is_dropped && !is_done {
            wrong.push(format!(
                "I9: decision {} wanted a {} for {} about lead {}, which was never done",
                want.seq,
                want.kind.word(),
                want.destination,
                want.lead.0
            ));
        }
    }
    wrong
}

/// I11: no lead is let go: what is left of a ladder has its review, and so has what waits.
fn reviews(world: &World, leads: &[Lead]) -> Vec<String> {
    let filter = JobFilter { kind: Some(JobKind::Review), max: 500, ..JobFilter::default() };
    let open = now(world.ground.store.jobs(filter)).expect("a read").rows;
    let has_review = |lead: &Lead| open.iter().any(|job| job.lead == Some(lead.uuid));
    let team = now(world.ground.store.team()).expect("a read");
    let reach = desk::reach();
    let mut wrong = Vec::new();
    for lead in leads.iter().filter(|lead| !has_review(lead)) {
        // By every rulebook: a ladder that ended by one of them stays at its end.
        let is_left = world.editions.iter().all(|(version, variant)| {
            let book = rulebooks::compiled(*variant, *version);
            let now = world.ground.house.time.now();
            let desk = Desk { book: &book, reach: &reach, team: &team, now };
            !sla::firings(desk, lead).is_empty()
        });
        let is_forgotten = match lead.state {
            State::Waiting => true,
            State::Assigned => is_left,
            State::Answered | State::SetAside | State::Observed => false,
        };
        if is_forgotten {
            wrong.push(format!("I11: lead {} has no review any more: {lead:?}", lead.id.0));
        }
    }
    wrong
}

/// I9: one record per lead, and it shows the lead's owner.
fn records(world: &World, leads: &[Lead]) -> Vec<String> {
    let mut wrong = Vec::new();
    let records = world.ground.crm.records().clone();
    for record in &records {
        let is_twin = |one: &&Record| {
            one.id != record.id
                && (one.key.is_some() && one.key == record.key
                    || one.email.is_some() && one.email == record.email)
        };
        if let Some(twin) = records.iter().find(is_twin).filter(|twin| twin.id > record.id) {
            wrong.push(format!("I9: {} and {} are one lead", record.id, twin.id));
        }
    }
    for lead in leads {
        let Some(record) = records.iter().find(|one| one.key == Some(lead.uuid)) else {
            if lead.state != State::Waiting {
                wrong.push(format!("I9: lead {} has no record in the CRM", lead.id.0));
            }
            continue;
        };
        let wanted = match (&lead.outside_owner, &lead.owner) {
            (Some(outside), _) => Some(outside.clone()),
            (None, Some(owner)) => Some(rulebooks::owner_of(owner)),
            (None, None) => continue,
        };
        let is_excused = record.was_taken_away || was_refused(world, lead);
        if record.owner != wanted && !is_excused {
            wrong.push(format!(
                "I9: the CRM shows {:?} as owner of lead {}, which is {:?}'s",
                record.owner, lead.id.0, wanted
            ));
        }
    }
    wrong
}

/// The CRM refused its owner, and nobody else was free.
fn was_refused(world: &World, lead: &Lead) -> bool {
    world.ground.house.state().seen.kept.values().any(|kept| {
        let news = serde_json::from_slice(&kept.event.body);
        matches!(news, Ok(News::OwnerInvalid { lead: of, rep, .. })
            if of == lead.uuid && lead.owner.as_ref() == Some(&rep))
    })
}
