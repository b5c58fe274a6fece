//! The asking step: what a CRM knows about people, many at a time.
//!
//! Guarantees: what came is accepted as news; what does not come in time is not waited for, since
//! the lead's review decides at its deadline. Does not know: any vendor.

use super::{
    Worker,
    decide::Worked,
    write::{event, key},
};
use crate::{
    crm::{Find, Found},
    model::{
        event::NewEvent,
        failure::{Failure, verdict},
        job::{Claimed, JobKind, Settlement, Verdict},
        lead::{Lead, State, Waiting},
        news::{Known, News},
        time::Time,
    },
    outbound::gate::Admit,
    store::{Claim, StoreResult},
};

impl Worker {
    /// Asks one CRM about one batch of people.
    pub async fn ask_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(crm) = self.crms.get(name) else { return Ok(Worked::default()) };
        let now = self.clock.now();
        if let Admit::NotBefore(at) = self.admit(&crm.gate, now) {
            return Ok(Worked { next: Some(at), ..Worked::default() });
        }
        let claim = Claim {
            kind: JobKind::Ask,
            lane: name.to_owned(),
            now,
            max: crm.to.caps().find_max,
            lease: self.lease,
        };
        let full = claim.max;
        let claimed = self.store.claim(claim).await?;
        if claimed.jobs.len() >= full {
            // There is more than one call can carry: the next worker of this lane begins too.
            self.wake(JobKind::Ask, name);
        }
        if claimed.jobs.is_empty() {
            self.unused(&crm.gate, now);
            return Ok(Worked { next: claimed.next_due, ..Worked::default() });
        }
        let people = claimed.jobs.iter().map(find).collect();
        let mut answers = crm.to.find(people, now).await;
        answers.resize_with(claimed.jobs.len(), || Err(Failure::MaybeDone));
        let now = self.clock.now();
        self.report(name, &crm.gate, answers.iter().map(|one| one.as_ref().err()), now);
        let settlements: Vec<Settlement> = claimed
            .jobs
            .iter()
            .zip(answers)
            .map(|(job, answer)| settle(name, job, answer, now))
            .collect();
        for settlement in &settlements {
            self.metrics.attempt(JobKind::Ask, name, &settlement.verdict);
        }
        let done = settlements.len();
        self.store.settle(settlements, now).await?;
        self.wakes.decide();
        Ok(Worked { done, is_more: true, next: None })
    }
}

fn find(job: &Claimed) -> Find {
    let fields = &job.lead.fields;
    Find {
        email: fields.text("email").map(str::to_owned),
        domain: fields.text("domain").map(str::to_owned),
        record: job.link.as_ref().map(|link| link.record.clone()),
        since: job.lead.assigned_at,
    }
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

fn settle(name: &str, job: &Claimed, answer: Result<Found, Failure>, now: Time) -> Settlement {
    let is_useful = deadline(&job.lead).is_some_and(|until| now < until);
    let (verdict, news): (Verdict, Option<NewEvent>) = match answer {
        Ok(found) => (Verdict::Done, facts(name, job, found, now)),
        Err(failure) if is_useful => (verdict(&failure, job.attempt, now, &key(job)), None),
        Err(_) => (Verdict::Done, None),
    };
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
