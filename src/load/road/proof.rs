//! The proof after a run: every acknowledged delivery is where it belongs, once.
//!
//! Guarantees: the stopped daemon's store and the stand-in's own records are read, not what was
//! counted on the way; what is missing is named. Does not know: how fast anything was.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use uuid::Uuid;

use super::waits::number;
use crate::{
    demo::crm::StandIn,
    model::{event::Fate, lead::State, time::Time},
    store::{EventFilter, LeadFilter, Store, read::PAGE_MAX, sqlite::SqliteStore},
};

/// The most numbers that are named of one kind of failure.
const NAMED: usize = 5;

/// What was looked for and what was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Proof {
    /// Acknowledged deliveries that were looked for.
    pub acknowledged: u64,
    /// Events of this run in the store.
    pub stored: u64,
    /// Its leads there.
    pub leads: u64,
    /// Its records in the CRM.
    pub records: u64,
    /// Events in the store that nobody saw acknowledged: their answers were lost.
    pub unacknowledged: u64,
    /// Whether every fill has one fate and every lead one state.
    pub balances: bool,
    /// Whether counting the rows gives the same.
    pub recounts: bool,
    /// What is wrong, by kind, with how often.
    pub wrong: BTreeMap<&'static str, u64>,
    /// The first delivery numbers of each kind.
    pub examples: BTreeMap<&'static str, Vec<u64>>,
}

impl Proof {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.balances && self.recounts && self.wrong.is_empty()
    }

    fn wrong(&mut self, what: &'static str, number: u64) {
        *self.wrong.entry(what).or_default() += 1;
        let examples = self.examples.entry(what).or_default();
        if examples.len() < NAMED {
            examples.push(number);
        }
    }
}

/// What was found of one delivery.
#[derive(Clone, Copy, Default)]
struct Found {
    is_acknowledged: bool,
    events: u8,
    is_opened: bool,
    leads: u8,
    records: u8,
    lead: Option<Uuid>,
    /// The place of its owner in the list of owners.
    owner: Option<u8>,
    record_is_owned: bool,
    agrees: bool,
}

/// What a run was.
pub struct Run<'a> {
    /// What its people are told from all others by.
    pub name: &'a str,
    /// When it began.
    pub began: Time,
    /// The acknowledged numbers.
    pub acknowledged: &'a [u64],
    /// The CRM's ids of the reps.
    pub owners: &'a [(&'static str, String)],
}

/// Looks for everything.
///
/// # Errors
/// The store cannot be read.
pub async fn prove(run: &Run<'_>, store: &Path, crm: &StandIn) -> anyhow::Result<Proof> {
    let store = SqliteStore::open_offline(store)?;
    let mut all: Vec<Found> = Vec::new();
    for number in run.acknowledged {
        at(&mut all, *number).is_acknowledged = true;
    }
    let mut proof = Proof { acknowledged: run.acknowledged.len() as u64, ..Proof::default() };
    events(run, &store, &mut all).await?;
    leads(run, &store, &mut all).await?;
    records(run, crm, &mut all);
    for (number, found) in all.iter().enumerate() {
        judge(number as u64, found, &mut proof);
    }
    let tally = store.tally(Time(0)).await?;
    let counted = store.recount(Time(0)).await?;
    proof.balances = tally.balances();
    proof.recounts = tally.fates == counted.fates && tally.states == counted.states;
    Ok(proof)
}

fn at(all: &mut Vec<Found>, number: u64) -> &mut Found {
    // More than these were never sent.
    let place = usize::try_from(number).unwrap_or(0).min(1 << 28);
    if all.len() <= place {
        all.resize(place + 1, Found::default());
    }
    all.get_mut(place).unwrap_or_else(|| unreachable!("it was just made"))
}

/// Every event of the run: the newest first, until those of before.
async fn events(run: &Run<'_>, store: &SqliteStore, all: &mut Vec<Found>) -> anyhow::Result<()> {
    let mut filter = EventFilter { max: PAGE_MAX, ..EventFilter::default() };
    loop {
        let page = store.events(filter.clone()).await?;
        let is_of_before = page.rows.last().is_some_and(|row| row.arrived.received_at < run.began);
        for event in page.rows {
            let number = event.arrived.delivery.strip_prefix(run.name);
            let number = number.and_then(|rest| rest.strip_prefix('-')?.parse().ok());
            let Some(number) = number else { continue };
            let found = at(all, number);
            found.events = found.events.saturating_add(1);
            found.is_opened = event.fate == Fate::Opened;
        }
        match page.next.filter(|_| !is_of_before) {
            Some(next) => filter.before = Some(next),
            None => return Ok(()),
        }
    }
}

async fn leads(run: &Run<'_>, store: &SqliteStore, all: &mut Vec<Found>) -> anyhow::Result<()> {
    let mut filter = LeadFilter { max: PAGE_MAX, ..LeadFilter::default() };
    loop {
        let page = store.leads(filter.clone()).await?;
        let is_of_before = page.rows.last().is_some_and(|row| row.lead.opened_at < run.began);
        for row in page.rows {
            let email = row.lead.fields.text("email").unwrap_or_default();
            let Some(number) = number(run.name, email) else { continue };
            let found = at(all, number);
            found.leads = found.leads.saturating_add(1);
            found.lead = Some(row.lead.uuid);
            let owner = row.lead.owner.filter(|_| row.lead.state == State::Assigned);
            let place = |owner: String| run.owners.iter().position(|(rep, _)| *rep == owner);
            found.owner = owner.and_then(place).and_then(|place| u8::try_from(place).ok());
        }
        match page.next.filter(|_| !is_of_before) {
            Some(next) => filter.before = Some(next),
            None => return Ok(()),
        }
    }
}

fn records(run: &Run<'_>, crm: &StandIn, all: &mut Vec<Found>) {
    crm.people(|person| {
        let Some(number) = number(run.name, person.email) else { return };
        let found = at(all, number);
        found.records = found.records.saturating_add(1);
        found.record_is_owned = !person.owner.is_empty();
        let owner = found.owner.and_then(|place| run.owners.get(usize::from(place)));
        found.agrees = owner.is_some_and(|(_, id)| id == person.owner)
            && found.lead.is_some_and(|lead| Uuid::parse_str(person.key) == Ok(lead));
    });
}

fn judge(number: u64, found: &Found, proof: &mut Proof) {
    proof.stored += u64::from(found.events);
    proof.leads += u64::from(found.leads);
    proof.records += u64::from(found.records);
    let twice = [
        (found.events, "stored twice"),
        (found.leads, "two leads"),
        (found.records, "two records in the CRM"),
    ];
    for (count, what) in twice {
        if count > 1 {
            proof.wrong(what, number);
        }
    }
    if !found.is_acknowledged {
        proof.unacknowledged += u64::from(found.events);
        return;
    }
    // The first thing that is wrong on its road is what is told.
    let steps = [
        (found.events > 0, "acknowledged and not stored"),
        (found.is_opened, "stored and not decided"),
        (found.leads > 0, "decided and no lead"),
        (found.owner.is_some(), "a lead without an owner"),
        (found.records > 0, "no record in the CRM"),
        (found.record_is_owned, "a record without an owner"),
        (found.agrees, "a record with another owner or key"),
    ];
    if let Some((_, what)) = steps.into_iter().find(|(holds, _)| !holds) {
        proof.wrong(what, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Found), wanted: &[&str]) {
        let mut found = Found {
            is_acknowledged: true,
            events: 1,
            is_opened: true,
            leads: 1,
            records: 1,
            lead: Some(Uuid::nil()),
            owner: Some(0),
            record_is_owned: true,
            agrees: true,
        };
        change(&mut found);
        let mut proof = Proof { balances: true, recounts: true, ..Proof::default() };
        judge(7, &found, &mut proof);
        assert_eq!(proof.wrong.keys().copied().collect::<Vec<_>>(), wanted);
        assert_eq!(proof.holds(), wanted.is_empty());
        assert!(proof.examples.values().all(|numbers| numbers == &[7]));
    }

    #[test]
    fn whatever_is_missing_or_double_is_found() {
        check(|_| (), &[]);
        check(|one| one.events = 0, &["acknowledged and not stored"]);
        check(|one| one.events = 2, &["stored twice"]);
        check(|one| one.is_opened = false, &["stored and not decided"]);
        check(|one| one.leads = 0, &["decided and no lead"]);
        check(|one| one.leads = 2, &["two leads"]);
        check(|one| one.owner = None, &["a lead without an owner"]);
        check(|one| one.records = 0, &["no record in the CRM"]);
        check(|one| one.records = 2, &["two records in the CRM"]);
        check(|one| one.record_is_owned = false, &["a record without an owner"]);
        check(|one| one.agrees = false, &["a record with another owner or key"]);
        check(|one| (one.is_acknowledged, one.records) = (false, 0), &[]);
    }
}
