//! The asking step: what a CRM knows about people, many at a time.
//!
//! Guarantees: what came is accepted as news; what does not come in time is not waited for, since
//! the lead's review decides at its deadline. Does not know: any vendor.

use super::{
    Worker,
    consult::{Answer, Question},
    decide::Worked,
    write::{event, key},
};
use crate::{
    crm::{Find, Found},
    model::{
        event::NewEvent,
        failure::verdict,
        job::{Claimed, JobKind, Settlement, Verdict},
        lead::{Lead, State, Waiting},
        news::{Known, News},
        time::Time,
    },
    store::StoreResult,
};

impl Worker {
    /// Asks one CRM about one batch of people.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ask_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(crm) = self.crms.get(name) else { return Ok(Worked::default()) };
        let settle =
            |job: &Claimed, answer: Option<Answer>, now: Time| settle(name, job, answer, now);
        let question = Question { kind: JobKind::Ask, find: &find, settle: &settle };
        self.consult(name, crm, question).await
    }
}

/// What nobody waits for any more is not asked: after an outage the writes have the lane.
fn find(job: &Claimed, now: Time) -> Option<Find> {
    let fields = &job.lead.fields;
    is_useful(job, now).then(|| Find {
        email: fields.text("email").map(str::to_owned),
        domain: fields.text("domain").map(str::to_owned),
        record: job.link.as_ref().map(|link| link.record.clone()),
        since: job.lead.assigned_at,
    })
}

fn is_useful(job: &Claimed, now: Time) -> bool {
    deadline(&job.lead).is_some_and(|until| now < until)
}

/// Until when the answer is of use.
fn deadline(lead: &Lead) -> Option<Time> {
    match (&lead.state, &lead.waiting) {
        (State::Waiting, Some(Waiting::Facts { until } | Waiting::Fact { until, .. })) => {
            Some(*until)
        }
        _ => lead.ladder.as_ref().and_then(|ladder| ladder.asking_until),
    }
}

fn settle(name: &str, job: &Claimed, answer: Option<Answer>, now: Time) -> Settlement {
    match answer {
        Some(Ok(found)) => ended(job, Verdict::Done, facts(name, job, found, now)),
        Some(Err(failure)) if is_useful(job, now) => {
            match verdict(&failure, job.attempt, now, &key(job)) {
                // An unanswered question is nobody's work: the review decides without it.
                Verdict::Dead { .. } => ended(job, Verdict::Done, None),
                verdict => ended(job, verdict, None),
            }
        }
        Some(Err(_)) | None => ended(job, Verdict::Done, None),
    }
}

fn ended(job: &Claimed, verdict: Verdict, news: Option<NewEvent>) -> Settlement {
    Settlement {
        job: job.id,
        attempt: job.attempt,
        revision: job.wanted,
        verdict,
        effect: None,
        news: news.into_iter().collect(),
    }
}

fn facts(name: &str, job: &Claimed, found: Found, now: Time) -> Option<NewEvent> {
    let known = Known { person: found.person, account: found.account, response: found.response };
    let news = News::Facts { lead: job.lead.uuid, destination: name.to_owned(), known };
    event(&news, format!("facts:{}:{name}:{}", job.lead.uuid, job.wanted.0), now)
}
