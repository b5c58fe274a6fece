//! What was seen at the seams: who was told what, who holds which job, what was acknowledged.
//!
//! Guarantees: it sees what really happened, also when the answer is lost on the way back; what
//! breaks a rule at the moment it happens is noted at once.
//! Does not know: the store's rows; `invariants` reads those.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use handoff::{
    model::{
        event::{Accepted, EventKind, NewEvent},
        id::LeadId,
        job::{Claimed, JobKind, Settled, Settlement, Verdict, Why},
        news::News,
        plan::{Decided, What},
        time::Time,
    },
    notify::Message,
};
use uuid::Uuid;

use super::{house::Here, rulebooks::owner_of, store::PANICS};

/// One attempt at a job.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub job: i64,
    pub number: u32,
    pub kind: JobKind,
    pub lead: LeadId,
    pub uuid: Uuid,
    pub destination: String,
    pub wanted: i64,
    pub why: Option<Why>,
    /// After an attempt without an end: everybody who had the lead, for they may stand there.
    pub had: Vec<String>,
    pub here: Here,
    pub claimed_at: u64,
    pub lease_until: Time,
    /// The same by a clock that is right.
    pub lease_truly: Time,
    /// Whether its end was kept, and as done.
    pub end: Option<bool>,
    /// How often it reached the recipient.
    pub reached: u32,
}

/// An event that the store has.
#[derive(Clone, Debug)]
pub struct Kept {
    pub uuid: Uuid,
    pub event: NewEvent,
}

/// Everything seen.
#[derive(Debug, Default)]
pub struct Witness {
    /// Rules that were broken.
    pub wrong: Vec<String>,
    /// Events of which the store said that it has them, by source and delivery.
    pub kept: BTreeMap<(String, String), Kept>,
    /// What senders were told.
    pub acknowledged: BTreeMap<(String, String), Uuid>,
    pub attempts: Vec<Attempt>,
    latest: HashMap<i64, usize>,
    answered: HashMap<LeadId, u64>,
    /// Owners that the CRM showed and that became news, by lead: when.
    learnt: Vec<(Uuid, String, u64)>,
    versions: [u32; 2],
    /// The newest published rulebook.
    pub published: u32,
    /// Fills whose decision panics.
    pub poison: BTreeSet<Uuid>,
    tick: u64,
}

impl Witness {
    /// A moment later.
    pub fn tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }

    /// Events were put on disk.
    pub fn accepted(&mut self, events: &[NewEvent], answers: &[Accepted]) {
        for (event, answer) in events.iter().zip(answers) {
            self.keep(event, answer.uuid);
        }
    }

    fn keep(&mut self, event: &NewEvent, uuid: Uuid) {
        let now = self.tick();
        if event.delivery.contains(PANICS) {
            self.poison.insert(uuid);
        }
        if event.kind == EventKind::News
            && let Ok(news) = serde_json::from_slice::<News>(&event.body)
        {
            match news {
                News::OwnerMet { lead, owner, .. } => self.learnt.push((lead, owner, now)),
                News::Facts { lead, known, .. } => {
                    let owner = known.person.and_then(|person| person.owner);
                    self.learnt.extend(owner.map(|owner| (lead, owner, now)));
                }
                _ => {}
            }
        }
        let key = (event.source.clone(), event.delivery.clone());
        let first = self.kept.entry(key).or_insert_with(|| Kept { uuid, event: event.clone() });
        if first.uuid != uuid {
            let (first, delivery) = (first.uuid, &event.delivery);
            self.wrong.push(format!("I5: the delivery {delivery} has two ids, {first} and {uuid}"));
        }
    }

    /// Whether news brought this owner of a lead since then.
    pub fn has_learnt(&self, lead: Uuid, owner: &str, since: u64) -> bool {
        self.learnt.iter().any(|(of, who, at)| *of == lead && who == owner && *at > since)
    }

    /// Decisions were committed.
    pub fn decided(&mut self, here: Here, decided: &[Decided]) {
        for one in decided {
            let now = self.tick();
            let version = one.decision.rulebook;
            let last = &mut self.versions[here.replica];
            if version < *last || version > self.published {
                self.wrong.push(format!(
                    "I21: decision {} names rulebook {version} after {last} of {}",
                    one.seq.0, self.published
                ));
            }
            *last = version;
            let Some(lead) = one.lead else { continue };
            if one.decision.what == What::Answered {
                self.answered.insert(lead, now);
            } else if one.decision.why.contains_key("owner") {
                self.answered.remove(&lead);
            }
        }
    }

    /// Jobs were leased.
    pub fn claimed(
        &mut self,
        here: Here,
        jobs: &[Claimed],
        now: Time,
        (lease_until, lease_truly): (Time, Time),
    ) {
        for job in jobs {
            let claimed_at = self.tick();
            if let Some(before) = self.latest.get(&job.id.0).map(|at| &self.attempts[*at])
                && before.end.is_none()
            {
                if before.lease_until > now {
                    self.wrong.push(format!(
                        "I10: the job {} for {} was leased again {} before its lease ended",
                        job.id.0,
                        job.destination,
                        before.lease_until.since(now)
                    ));
                }
                if before.number >= job.attempt {
                    self.wrong.push(format!(
                        "I10: the attempt {} of job {} has the number of one that never ended",
                        job.attempt, job.id.0
                    ));
                }
            }
            self.latest.insert(job.id.0, self.attempts.len());
            self.attempts.push(Attempt {
                job: job.id.0,
                number: job.attempt,
                kind: job.kind,
                lead: job.lead.id,
                uuid: job.lead.uuid,
                destination: job.destination.clone(),
                wanted: job.wanted.0,
                why: job.why,
                had: if job.is_uncertain { job.lead.had.clone() } else { Vec::new() },
                here,
                claimed_at,
                lease_until,
                lease_truly,
                end: None,
                reached: 0,
            });
        }
    }

    /// Attempts were settled; answers whether a stale one was refused.
    pub fn settled(&mut self, settlements: &[Settlement], answers: &[Settled], now: Time) -> bool {
        let mut was_refused = false;
        for (settlement, answer) in settlements.iter().zip(answers) {
            self.tick();
            let job = settlement.job.0;
            let Some(at) = self.latest.get(&job).copied() else { continue };
            let latest = &mut self.attempts[at];
            let is_current = latest.number == settlement.attempt && latest.end.is_none();
            match answer {
                Settled::Kept if !is_current => self.wrong.push(format!(
                    "I10: attempt {} of job {job} was settled; {} is the latest",
                    settlement.attempt, latest.number
                )),
                // After its lease a job that was dropped is gone.
                Settled::LeaseLost if is_current && latest.lease_until > now => {
                    self.wrong.push(format!(
                        "I10: attempt {} of job {job} holds its lease and could not settle",
                        settlement.attempt
                    ))
                }
                Settled::LeaseLost => was_refused = true,
                Settled::Kept => {
                    latest.end = Some(settlement.verdict == Verdict::Done);
                    for event in &settlement.news {
                        self.keep_news(event);
                    }
                }
            }
        }
        was_refused
    }

    fn keep_news(&mut self, event: &NewEvent) {
        let key = (event.source.clone(), event.delivery.clone());
        let uuid = self.kept.get(&key).map_or_else(
            || handoff::model::id::event_uuid(event.received_at, &event.source, &event.delivery),
            |kept| kept.uuid,
        );
        self.keep(event, uuid);
    }

    /// Whether the present attempt cannot know that this owner is not its own doing.
    pub fn is_in_doubt(&self, here: Here, lead: Uuid, owner: &str) -> bool {
        let mut attempts = self.attempts.iter().filter(|one| one.here == here && one.uuid == lead);
        attempts.any(|one| one.had.iter().any(|rep| owner_of(rep) == owner))
    }

    /// A write for this lead reached the CRM: by which attempt.
    pub fn wrote(&mut self, here: Here, lead: Uuid, now: Time) {
        self.tick();
        let attempt = self.attempts.iter_mut().rev().find(|one| {
            one.here == here && one.kind == JobKind::Write && one.uuid == lead && one.end.is_none()
        });
        match attempt {
            Some(attempt) => {
                attempt.reached += 1;
                let late = stale(attempt, now);
                self.wrong.extend(late);
            }
            None => self.wrong.push(format!("I9: {lead} was written without an attempt")),
        }
    }

    /// A message reached its recipient.
    pub fn said(&mut self, here: Here, channel: &str, message: &Message, now: Time) {
        self.tick();
        let rep = message.to.as_deref().and_then(|to| to.split_once('@')).map(|(rep, _)| rep);
        let destination = rep.map_or(channel.to_owned(), |rep| format!("{channel}:{rep}"));
        let names_all = message.items.len() == message.total;
        let is_meant = |one: &Attempt| {
            one.here == here
                && one.kind == JobKind::Tell
                && one.destination == destination
                && one.end.is_none()
                && (!names_all || message.items.iter().any(|item| item.lead == one.uuid))
        };
        let meant: Vec<usize> =
            (0..self.attempts.len()).filter(|at| is_meant(&self.attempts[*at])).collect();
        if meant.is_empty() {
            self.wrong.push(format!("I9: {destination} was told without an attempt"));
        }
        for at in meant {
            self.said_by(at, now);
        }
    }

    fn said_by(&mut self, at: usize, now: Time) {
        self.attempts[at].reached += 1;
        let this = &self.attempts[at];
        let mut wrong: Vec<String> = stale(this, now).into_iter().collect();
        let what = format!("{} of {:?} about lead {}", this.destination, this.why, this.lead.0);
        if this.reached > 1 {
            wrong.push(format!("I11: one attempt told {what} twice"));
        }
        let is_twice = self.attempts[..at].iter().any(|before| {
            (before.lead, before.wanted, &before.destination)
                == (this.lead, this.wanted, &this.destination)
                && before.kind == JobKind::Tell
                && before.reached > 0
                && before.end == Some(true)
        });
        if is_twice {
            wrong.push(format!("I11: told again, after it was done: {what}"));
        }
        let is_nagging = matches!(this.why, Some(Why::Reminder | Why::Late | Why::Page));
        if is_nagging && self.answered.get(&this.lead).is_some_and(|at| *at < this.claimed_at) {
            wrong.push(format!("I14: answered, and still told {what}"));
        }
        self.wrong.extend(wrong);
    }
}

/// An effect of an attempt whose lease is over.
fn stale(attempt: &Attempt, now: Time) -> Option<String> {
    (attempt.lease_truly < now).then(|| {
        format!(
            "I10: attempt {} of job {} reached {} {} after its lease",
            attempt.number,
            attempt.job,
            attempt.destination,
            now.since(attempt.lease_truly)
        )
    })
}
