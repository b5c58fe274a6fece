//! A CRM in memory, as strict as the strictest: its index is slow, it has no unique key, and
//! people move leads in it.
//!
//! Guarantees: a put that does not look makes a second record; an owner is set only where the
//! condition holds; what a human set is known. Does not know: rules, reps.

use std::sync::{Arc, Mutex, MutexGuard};

use handoff::{
    crm::{
        Answers, Boxed, Caps, Crm, Expect, Find, Found, Owner, OwnerSet, Put, PutDone, PutHow,
        Seen, SetOwner,
    },
    model::{
        failure::Failure,
        field::Fields,
        news::{KnownRecord, Response},
        time::{Span, Time},
    },
};
use uuid::Uuid;

use super::{
    faults::{Call, OutFault},
    house::House,
    step::{answer_at, seam},
};

/// The connection's name.
pub const NAME: &str = "hubspot";
/// How long a new record is not found by its address.
const INDEX_LAG: i64 = 10_000;

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: String,
    pub key: Option<Uuid>,
    pub email: Option<String>,
    pub fields: Fields,
    pub owner: Option<String>,
    /// A human set the present owner: then.
    pub by_hand: Option<u64>,
    /// A human took the owner away, and nobody was set since.
    pub was_taken_away: bool,
    /// Every owner that was written by us.
    pub ours: Vec<String>,
    pub response: Option<Response>,
    /// When it was made, in true milliseconds.
    pub made: i64,
}

/// The CRM's memory.
#[derive(Debug)]
pub struct Model {
    house: Arc<House>,
    records: Mutex<Vec<Record>>,
    /// Until then nobody is answered, in true milliseconds.
    down_until: Mutex<i64>,
}

impl Model {
    /// An empty CRM.
    pub fn new(house: &Arc<House>) -> Arc<Self> {
        let house = Arc::clone(house);
        Arc::new(Self { house, records: Mutex::default(), down_until: Mutex::new(0) })
    }

    /// Its records.
    pub fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().expect("no panic in here")
    }

    /// Nobody is answered for so long.
    pub fn go_down(&self, span: Span) {
        *self.down_until.lock().expect("no panic in here") = self.house.time.ms() + span.0;
    }

    fn is_down(&self) -> bool {
        self.house.time.ms() < *self.down_until.lock().expect("no panic in here")
    }

    /// Somebody was there before us.
    pub fn had(&self, email: &str, owner: Option<&str>) {
        let id = self.fresh();
        self.records().push(Record {
            id,
            key: None,
            email: Some(email.to_owned()),
            fields: Fields::default(),
            owner: owner.map(str::to_owned),
            by_hand: owner.map(|_| 0),
            was_taken_away: false,
            ours: Vec::new(),
            response: None,
            made: i64::MIN / 2,
        });
    }

    fn fresh(&self) -> String {
        format!("r{}", self.records().len() + 1)
    }

    /// A human gives a record to somebody, or takes the owner away.
    pub fn by_hand(&self, at: usize, owner: Option<String>) -> Option<Record> {
        let tick = self.house.state().seen.tick();
        let mut records = self.records();
        let record = records.get_mut(at)?;
        if record.owner == owner {
            return None;
        }
        record.by_hand = owner.is_some().then_some(tick);
        record.was_taken_away = owner.is_none();
        record.owner = owner;
        Some(record.clone())
    }

    fn put(&self, put: &Put) -> Result<PutDone, Failure> {
        let now = self.house.time.ms();
        let here = self.house.state().here;
        self.house.state().seen.wrote(here, put.key, self.house.time.now());
        let mut records = self.records();
        let email = put.fields.text("email");
        let is_indexed = |one: &Record| now - one.made >= INDEX_LAG;
        let at = match &put.record {
            Some(id) => records.iter().position(|one| one.id == *id),
            None if put.is_uncertain => records.iter().position(|one| one.key == Some(put.key)),
            None => None,
        }
        .or_else(|| {
            let is_theirs = |one: &Record| email.is_some() && one.email.as_deref() == email;
            records.iter().position(|one| is_theirs(one) && is_indexed(one))
        });
        if let Some(at) = at {
            let record = &mut records[at];
            let how = if record.key == Some(put.key) { PutHow::Updated } else { PutHow::Matched };
            record.key = Some(put.key);
            record.fields = put.fields.clone();
            return Ok(PutDone { record: record.id.clone(), how, owner: record.owner.clone() });
        }
        let id = format!("r{}", records.len() + 1);
        records.push(Record {
            id: id.clone(),
            key: Some(put.key),
            email: email.map(str::to_owned),
            fields: put.fields.clone(),
            owner: None,
            by_hand: None,
            was_taken_away: false,
            ours: Vec::new(),
            response: None,
            made: now,
        });
        Ok(PutDone { record: id, how: PutHow::Created, owner: None })
    }

    fn set_owner(&self, ask: &SetOwner) -> Result<OwnerSet, Failure> {
        let mut records = self.records();
        let Some(record) = records.iter_mut().find(|one| one.id == ask.record) else {
            return Err(Failure::Gone);
        };
        let here = self.house.state().here;
        if let Some(key) = record.key {
            self.house.state().seen.wrote(here, key, self.house.time.now());
        }
        match &record.owner {
            Some(now) if *now == ask.owner => {
                // From here on nobody can tell whose choice it was.
                record.ours.push(now.clone());
                return Ok(OwnerSet::Already);
            }
            Some(now) => {
                let is_expected = matches!(&ask.expect, Expect::Ours(ours) if ours.contains(now));
                if !is_expected {
                    return Ok(OwnerSet::Changed { now: Some(now.clone()) });
                }
            }
            None => {}
        }
        self.write_owner(record, &ask.owner);
        Ok(OwnerSet::Done)
    }

    /// We write an owner: over one that a human set only after it was heard of.
    pub fn write_owner(&self, record: &mut Record, owner: &str) {
        let mut state = self.house.state();
        if let (Some(since), Some(before), Some(key)) = (record.by_hand, &record.owner, record.key)
            && before != owner
            && !record.ours.contains(before)
            && !state.seen.has_learnt(key, before, since)
            && !state.seen.is_in_doubt(state.here, key, before)
        {
            state.seen.wrong.push(format!(
                "I9: {before}, whom a human chose for {}, was overwritten by {owner}",
                record.id
            ));
        }
        drop(state);
        record.owner = Some(owner.to_owned());
        record.by_hand = None;
        record.was_taken_away = false;
        if !record.ours.iter().any(|one| one == owner) {
            record.ours.push(owner.to_owned());
        }
    }

    fn find(&self, who: &Find) -> Found {
        let now = self.house.time.ms();
        let records = self.records();
        let person = who.email.as_ref().and_then(|email| {
            records
                .iter()
                .find(|one| one.email.as_ref() == Some(email) && now - one.made >= INDEX_LAG)
        });
        let known = |one: &Record| KnownRecord {
            record: one.id.clone(),
            name: None,
            owner: one.owner.clone(),
        };
        let account = who.domain.as_deref().filter(|domain| *domain == "linden.example");
        let account = account.map(|domain| KnownRecord {
            record: format!("a-{domain}"),
            name: Some("Linden".to_owned()),
            owner: Some("o-dan".to_owned()),
        });
        let ours = who.record.as_ref().and_then(|id| records.iter().find(|one| one.id == *id));
        let response = ours.and_then(|one| one.response.clone());
        let response = response.filter(|one| who.since.is_some_and(|since| one.at >= since));
        Found { person: person.map(known), account, response }
    }
}

/// The CRM as a replica calls it.
pub struct Connection {
    pub model: Arc<Model>,
    /// Nothing is sent once the lease is over, as by every adapter.
    pub keeps_lease: bool,
}

impl Connection {
    async fn call<A: Clone, T: Clone>(
        &self,
        call: Call,
        asked: Vec<A>,
        now: Time,
        one: impl Fn(&A) -> Result<T, Failure>,
    ) -> Answers<T> {
        let house = Arc::clone(&self.model.house);
        let busy = || Failure::Busy { after: None, why: "planted".to_owned() };
        if self.keeps_lease && house.is_too_late() {
            return asked.iter().map(|_| Err(Failure::TooLate)).collect();
        }
        let fault = house.state().faults.at_out(call);
        if let Some(fault) = fault {
            house.state().faults.fired(fault.name(call));
        }
        let all = |failure: Failure| vec![Err(failure); asked.len()];
        let late = |seconds: u16| house.time.ms() + i64::from(seconds) * 1000;
        let answers = match fault {
            _ if self.model.is_down() => {
                house.state().faults.fired("crm: down");
                all(Failure::MaybeDone)
            }
            Some(OutFault::CallLost) => all(Failure::MaybeDone),
            Some(OutFault::Busy) => all(busy()),
            Some(OutFault::Throttled(seconds)) => {
                let until = now.plus(Span::seconds(seconds.into()));
                all(Failure::Throttled { until, scope: "burst" })
            }
            Some(OutFault::AuthLost) => all(Failure::AuthLost { why: "planted".to_owned() }),
            Some(OutFault::Refused) => spoil(&asked, one, |at| {
                (at == 0).then(|| Failure::Refused { why: "planted".to_owned() })
            }),
            Some(OutFault::OwnerInvalid) => spoil(&asked, one, |at| {
                (at == 0).then(|| Failure::OwnerInvalid { owner: "planted".to_owned() })
            }),
            Some(OutFault::Mixed) => spoil(&asked, one, |at| (at % 2 == 1).then(busy)),
            Some(OutFault::SlowCall(seconds)) => {
                answer_at(late(seconds), &house.time, &house.waits).await;
                asked.iter().map(one).collect()
            }
            Some(fault) => {
                let mut answers: Answers<T> = asked.iter().map(one).collect();
                match fault {
                    OutFault::AnswerLost => answers = all(Failure::MaybeDone),
                    OutFault::Short => _ = answers.pop(),
                    OutFault::SlowAnswer(seconds) => {
                        answer_at(late(seconds), &house.time, &house.waits).await;
                    }
                    _ => {}
                }
                answers
            }
            None => asked.iter().map(one).collect(),
        };
        seam().await;
        answers
    }
}

fn spoil<A, T>(
    asked: &[A],
    one: impl Fn(&A) -> Result<T, Failure>,
    bad: impl Fn(usize) -> Option<Failure>,
) -> Answers<T> {
    asked.iter().enumerate().map(|(at, ask)| bad(at).map_or_else(|| one(ask), Err)).collect()
}

impl Crm for Connection {
    fn caps(&self) -> Caps {
        Caps { put_max: 4, find_max: 4, has_unique_key: false }
    }

    fn put(&self, leads: Vec<Put>, now: Time) -> Boxed<'_, Answers<PutDone>> {
        Box::pin(self.call(Call::Put, leads, now, |put| self.model.put(put)))
    }

    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> Boxed<'_, Answers<OwnerSet>> {
        Box::pin(self.call(Call::SetOwner, owners, now, |ask| self.model.set_owner(ask)))
    }

    fn find(&self, people: Vec<Find>, now: Time) -> Boxed<'_, Answers<Found>> {
        Box::pin(self.call(Call::Find, people, now, |who| Ok(self.model.find(who))))
    }

    fn owners(&self, _now: Time) -> Boxed<'_, Result<Vec<Owner>, Failure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn calls(&self) -> u64 {
        0
    }

    fn whoami(&self, _now: Time) -> Boxed<'_, Result<String, Failure>> {
        Box::pin(async { Ok("the simulation".to_owned()) })
    }

    fn read_callback(&self, _body: &[u8]) -> Vec<Seen> {
        Vec::new()
    }
}
