//! Planted bugs, one at a time, each in a wrapper around a port: the simulation must find them.
//!
//! Guarantees: without a mutation nothing is wrapped; a lie is told between the seams and the real
//! thing, so that the witness sees it as a caller does. Does not know: how each is found.

use std::sync::{Arc, Mutex};

use handoff::{
    crm::{
        Answers, Boxed as CrmBoxed, Caps, Crm, Find, Found, Owner, OwnerSet, Put, PutDone, Seen,
        SetOwner,
    },
    model::{
        event::{Accepted, EventKind, NewEvent},
        failure::Failure,
        id::event_uuid,
        job::{Settled, Settlement, Verdict, Why},
        lead::State,
        plan::{Decide, Plan, Review},
        team::TeamChange,
        time::{Span, Time},
    },
    notify::{Boxed as ChannelBoxed, Channel, Message},
    store::{Batch, BatchDone, Boxed, Claim, ClaimDone, Store, StoreResult, Wrapped},
};

use super::{channels::Line, crm};

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Settle does not look whether the attempt is still the latest.
    NoFence,
    /// The upsert carries the owner that we set last.
    OwnerInUpsert,
    /// A job is finished although a newer revision is wanted.
    StaleRevision,
    /// A rung that fired is not counted.
    RungNotCounted,
    /// A channel is told twice in one attempt.
    ToldTwice,
    /// A turn is not given back.
    TurnKept,
    /// An event is acknowledged before it is on disk.
    EarlyAccept,
    /// A second delivery is taken for a first.
    DuplicateTaken,
    /// What is leased is leased again.
    LeaseIgnored,
    /// Nobody remembers that an attempt may have been done.
    Forgetful,
    /// The owner does not hear that the person filled in another form.
    JoinedNotTold,
    /// The next review of an assigned lead is forgotten.
    ReviewLost,
    /// A call is made although the lease is over.
    LateCall,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NoFence,
        Self::OwnerInUpsert,
        Self::StaleRevision,
        Self::RungNotCounted,
        Self::ToldTwice,
        Self::TurnKept,
        Self::EarlyAccept,
        Self::DuplicateTaken,
        Self::LeaseIgnored,
        Self::Forgetful,
        Self::JoinedNotTold,
        Self::ReviewLost,
        Self::LateCall,
    ];
}

/// The store with the bug.
pub fn store(mutation: Option<Mutation>, store: &Arc<dyn Store>) -> Arc<dyn Store> {
    match mutation {
        None => Arc::clone(store),
        Some(mutation) => {
            Arc::new(Lying { inner: Arc::clone(store), mutation, unwritten: Mutex::default() })
        }
    }
}

/// The CRM with the bug.
pub fn crm(mutation: Option<Mutation>, model: &Arc<crm::Model>) -> Arc<dyn Crm> {
    let keeps_lease = mutation != Some(Mutation::LateCall);
    let inner = crm::Connection { model: Arc::clone(model), keeps_lease };
    match mutation {
        Some(mutation @ (Mutation::OwnerInUpsert | Mutation::Forgetful)) => {
            Arc::new(LyingCrm { inner, mutation })
        }
        _ => Arc::new(inner),
    }
}

/// The channel with the bug.
pub fn channel(mutation: Option<Mutation>, line: Line) -> Arc<dyn Channel> {
    match mutation {
        Some(Mutation::ToldTwice) => Arc::new(LyingLine(line)),
        _ => Arc::new(line),
    }
}

/// A store with one bug.
struct Lying {
    inner: Arc<dyn Store>,
    mutation: Mutation,
    /// What was acknowledged and is not on disk.
    unwritten: Mutex<Vec<NewEvent>>,
}

impl Lying {
    /// The pure function with the bug.
    fn deciding(&self, decide: Arc<Decide>) -> Arc<Decide> {
        let mutation = self.mutation;
        Arc::new(move |snapshot, step, now| {
            let mut plan = decide(snapshot, step, now);
            spoil(mutation, &mut plan);
            plan
        })
    }
}

fn spoil(mutation: Mutation, plan: &mut Plan) {
    match mutation {
        Mutation::RungNotCounted => {
            let ladder = plan.lead.as_mut().and_then(|lead| lead.ladder.as_mut());
            if let (Some(ladder), Some(decision)) = (ladder, &plan.decision)
                && decision.why.contains_key("steps")
            {
                ladder.steps_done = ladder.steps_done.saturating_sub(1);
            }
        }
        Mutation::TurnKept => plan
            .team
            .retain(|change| !matches!(change, TeamChange::Turn { turn, .. } if turn.owed >= 1.0)),
        Mutation::JoinedNotTold => plan.jobs.retain(|job| job.why != Some(Why::FilledAgain)),
        Mutation::ReviewLost => {
            let is_assigned = plan.lead.as_ref().is_some_and(|lead| lead.state == State::Assigned);
            if is_assigned && plan.fate.is_none() {
                plan.review = Review::None;
            }
        }
        _ => {}
    }
}

impl Wrapped for Lying {
    fn within(&self) -> &dyn Store {
        &*self.inner
    }

    fn accept(&self, mut events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        match self.mutation {
            Mutation::EarlyAccept => {
                let mut unwritten = self.unwritten.lock().expect("no panic in here");
                let before = std::mem::take(&mut *unwritten);
                let ids = |event: &NewEvent| {
                    let uuid = event_uuid(event.received_at, &event.source, &event.delivery);
                    Accepted { uuid, is_duplicate: false }
                };
                let answers = events.iter().map(ids).collect();
                unwritten.extend(events);
                let written = self.inner.accept(before);
                Box::pin(async move {
                    written.await?;
                    Ok(answers)
                })
            }
            Mutation::DuplicateTaken => {
                for event in events.iter_mut().filter(|event| event.kind == EventKind::Fill) {
                    event.delivery = format!("{}@{}", event.delivery, event.received_at.0);
                }
                self.inner.accept(events)
            }
            _ => self.inner.accept(events),
        }
    }

    fn decide(&self, mut batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        batch.decide = self.deciding(batch.decide);
        self.inner.decide(batch)
    }

    fn claim(&self, claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        if self.mutation == Mutation::LeaseIgnored {
            return self.inner.claim(Claim { lease: Span(1), ..claim });
        }
        self.inner.claim(claim)
    }

    fn settle(
        &self,
        mut settlements: Vec<Settlement>,
        now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        Box::pin(async move {
            for settlement in &mut settlements {
                if self.mutation == Mutation::StaleRevision && settlement.verdict == Verdict::Done {
                    settlement.revision.0 = i64::MAX;
                }
            }
            let mut answers = self.inner.settle(settlements.clone(), now).await?;
            if self.mutation == Mutation::NoFence {
                for (settlement, answer) in settlements.iter_mut().zip(&mut answers) {
                    // Whatever the number of the latest attempt is, it is settled.
                    for attempt in 1..5 {
                        if *answer == Settled::LeaseLost {
                            settlement.attempt = attempt;
                            let again = self.inner.settle(vec![settlement.clone()], now).await?;
                            *answer = again[0];
                        }
                    }
                }
            }
            Ok(answers)
        })
    }
}

/// A CRM connection with one bug.
struct LyingCrm {
    inner: crm::Connection,
    mutation: Mutation,
}

impl Crm for LyingCrm {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn put(&self, mut leads: Vec<Put>, now: Time) -> CrmBoxed<'_, Answers<PutDone>> {
        if self.mutation == Mutation::Forgetful {
            for lead in &mut leads {
                lead.is_uncertain = false;
            }
        } else {
            let model = &self.inner.model;
            for record in model.records().iter_mut() {
                let ours = record.ours.last().cloned();
                let is_put = leads.iter().any(|lead| lead.record.as_ref() == Some(&record.id));
                if let (true, Some(owner)) = (is_put, ours) {
                    model.write_owner(record, &owner);
                }
            }
        }
        self.inner.put(leads, now)
    }

    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> CrmBoxed<'_, Answers<OwnerSet>> {
        self.inner.set_owner(owners, now)
    }

    fn find(&self, people: Vec<Find>, now: Time) -> CrmBoxed<'_, Answers<Found>> {
        self.inner.find(people, now)
    }

    fn owners(&self, now: Time) -> CrmBoxed<'_, Result<Vec<Owner>, Failure>> {
        self.inner.owners(now)
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }

    fn whoami(&self, now: Time) -> CrmBoxed<'_, Result<String, Failure>> {
        self.inner.whoami(now)
    }

    fn read_callback(&self, body: &[u8]) -> Vec<Seen> {
        self.inner.read_callback(body)
    }
}

/// A channel that says everything twice.
struct LyingLine(Line);

impl Channel for LyingLine {
    fn send(&self, message: Message) -> ChannelBoxed<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.0.send(message.clone()).await?;
            self.0.send(message).await
        })
    }

    fn has_addresses(&self) -> bool {
        self.0.has_addresses()
    }

    fn is_pager(&self) -> bool {
        self.0.is_pager()
    }
}
