//! The looking step: whom another router gave a lead to, as a CRM shows it, many at a time.
//!
//! Guarantees: reads and never writes; an owner that was found is accepted as news, a lead that
//! nobody has yet is looked up again later, at growing pauses until its end, and a CRM that is away
//! ends nothing: it is asked again. Does not know: any vendor, nor what handoff decided.

use super::{
    Worker,
    consult::{Answer, Question},
    decide::Worked,
    write::{event, key},
};
use crate::{
    crm::Find,
    model::{
        failure::verdict,
        job::{Claimed, JobKind, Settlement, Verdict},
        lead::State,
        news::News,
        observe::Watched,
        time::{Span, Time},
    },
    store::StoreResult,
};

/// When a CRM that is away is asked again after the time is over.
const LATER: Span = Span::hours(1);

/// Whether work of this lane (`write hubspot`) stays where it is in observe mode.
#[must_use]
pub fn is_left(lane: &str) -> bool {
    [JobKind::Write, JobKind::Tell].iter().any(|kind| lane.starts_with(kind.word()))
}

impl Worker {
    /// Whether anything may be written or told.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.reach.observe.is_none()
    }

    /// Says in the log that nothing is written, and what is left from before.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn say_mode(&self) -> StoreResult<()> {
        let tally = self.store.tally(self.clock.now()).await?;
        let left = |kind: JobKind| {
            let of_kind = tally.jobs.iter().filter(|(lane, _)| lane.starts_with(kind.word()));
            of_kind.map(|(_, jobs)| jobs.open).sum::<i64>()
        };
        if let Some(observing) = &self.reach.observe {
            tracing::warn!(
                crm = observing.crm,
                writes_left_alone = left(JobKind::Write),
                messages_left_alone = left(JobKind::Tell),
                "observe mode: leads are decided, and nothing is written or told; alerts about \
                 handoff itself are told as ever"
            );
        } else if left(JobKind::Observe) > 0 {
            tracing::info!(
                watched = left(JobKind::Observe),
                "leads of the time in observe mode are watched to their end, and not written"
            );
        }
        Ok(())
    }

    /// Looks up one batch of people in one CRM.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn observe_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(crm) = self.crms.get(name) else { return Ok(Worked::default()) };
        let is_nobody = |owner: &str| owner.is_empty() || crm.to.is_nobody(owner);
        let settle = |job: &Claimed, answer: Option<Answer>, now: Time| {
            settle(name, job, answer, is_nobody, now)
        };
        let question = Question { kind: JobKind::Observe, find: &find, settle: &settle };
        self.consult(name, crm, question).await
    }
}

/// By the address alone: what another router did with it is asked, not what is ours.
fn find(job: &Claimed, _: Time) -> Option<Find> {
    let email = watched(job).and(email(job))?;
    Some(Find { email: Some(email), domain: None, record: None, since: None })
}

fn email(job: &Claimed) -> Option<String> {
    job.lead.fields.text("email").map(str::to_owned)
}

/// What is waited for, if anything is.
fn watched(job: &Claimed) -> Option<&Watched> {
    let watched = job.lead.observed.as_deref()?;
    (watched.result.is_none() && job.lead.state != State::Observed).then_some(watched)
}

fn settle(
    name: &str,
    job: &Claimed,
    answer: Option<Answer>,
    is_nobody: impl Fn(&str) -> bool,
    now: Time,
) -> Settlement {
    let Some(answer) = answer else {
        // Without an address nobody can be looked up, and the decision says so; what is not
        // watched any more need not be.
        let shown = if watched(job).is_some() { Shown::Nobody } else { Shown::NotKnown };
        return ended(name, job, Verdict::Done, shown, now);
    };
    let next = watched(job).and_then(|watched| watched.next_look(now));
    let snooze = |at: Time, why: &str| {
        ended(name, job, Verdict::Snooze { at, why: why.to_owned() }, Shown::NotKnown, now)
    };
    match answer {
        Ok(found) => {
            let owner = found.person.and_then(|person| person.owner).filter(|one| !is_nobody(one));
            match (owner, next) {
                (None, Some(at)) => snooze(at, "the CRM shows no owner yet"),
                (None, None) => ended(name, job, Verdict::Done, Shown::Nobody, now),
                (Some(owner), _) => ended(name, job, Verdict::Done, Shown::Owner(owner), now),
            }
        }
        Err(failure) => match verdict(&failure, job.attempt, now, &key(job)) {
            Verdict::Dead { .. } => ended(name, job, Verdict::Done, Shown::Nobody, now),
            // However long it is away: what it shows then is what counts.
            _ => snooze(next.unwrap_or(now.plus(LATER)), "the CRM did not answer"),
        },
    }
}

/// What a look found.
enum Shown {
    /// Nothing that is news.
    NotKnown,
    /// Nobody, and it is not looked again.
    Nobody,
    /// This owner, by the CRM's id.
    Owner(String),
}

/// With the news of an owner, or of nobody, if there is any.
fn ended(name: &str, job: &Claimed, verdict: Verdict, shown: Shown, now: Time) -> Settlement {
    let owner = match shown {
        Shown::NotKnown => None,
        Shown::Nobody => Some(None),
        Shown::Owner(owner) => Some(Some(owner)),
    };
    let news = owner.and_then(|owner| {
        let lead = job.lead.uuid;
        let news = News::Observed { lead, destination: name.to_owned(), owner };
        event(&news, format!("observed:{lead}:{name}:{}", job.wanted.0), now)
    });
    Settlement {
        job: job.id,
        attempt: job.attempt,
        revision: job.wanted,
        verdict,
        effect: None,
        news: news.into_iter().collect(),
    }
}
