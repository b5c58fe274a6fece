//! The asking step: what a CRM knows about people, many at a time.
//!
//! Guarantees: what came is accepted as news; what does not come in time is not waited for, since
//! the lead's review decides at its deadline. Does not know: any vendor.

use super::{
    Guarded, Worker,
    decide::Worked,
    gate::Took,
    write::{event, key},
};
use crate::{
    crm::{Crm, Find, Found},
    model::{
        event::NewEvent,
        failure::{Failure, verdict},
        job::{Claimed, JobKind, Settlement, Verdict},
        lead::{Lead, State, Waiting},
        news::{Known, News},
        time::Time,
    },
    store::StoreResult,
};

impl Worker {
    /// Asks one CRM about one batch of people.
    pub async fn ask_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(crm) = self.crms.get(name) else { return Ok(Worked::default()) };
        let max = crm.to.caps().find_max;
        let (jobs, lease) = match self.take(&crm.gate, JobKind::Ask, name, max).await? {
            Took::Nothing(worked) => return Ok(worked),
            Took::Jobs(jobs, lease) => (jobs, lease),
        };
        let now = self.clock.now();
        // What nobody waits for any more is not asked: after an outage the writes have the lane.
        let is_useful = |job: &Claimed| deadline(&job.lead).is_some_and(|until| now < until);
        let (asked, stale): (Vec<Claimed>, Vec<Claimed>) = jobs.into_iter().partition(is_useful);
        let mut settlements: Vec<Settlement> =
            stale.iter().map(|job| ended(job, Verdict::Done, None)).collect();
        let mut is_back = false;
        if asked.is_empty() {
            crm.gate.unused(now);
        } else {
            let (ended, back) = lease.hold(self.ask(name, crm, &asked)).await;
            settlements.extend(ended);
            is_back = back;
        }
        for settlement in &settlements {
            self.metrics.attempt(JobKind::Ask, name, &settlement.verdict);
        }
        let done = settlements.len();
        self.store.settle(settlements, self.clock.now()).await?;
        self.if_back(is_back, name).await?;
        self.wakes.decide();
        Ok(Worked { done, is_more: true, next: None })
    }

    /// Asks about these, and whether the CRM is back.
    async fn ask(
        &self,
        name: &str,
        crm: &Guarded<dyn Crm>,
        jobs: &[Claimed],
    ) -> (Vec<Settlement>, bool) {
        let people = jobs.iter().map(find).collect();
        let mut answers = crm.to.find(people, self.clock.now()).await;
        answers.resize_with(jobs.len(), || Err(Failure::MaybeDone));
        let now = self.clock.now();
        let is_back =
            self.report(name, &crm.gate, answers.iter().map(|one| one.as_ref().err()), now);
        crm.gate.made(crm.to.calls());
        let each = jobs.iter().zip(answers);
        (each.map(|(job, answer)| settle(name, job, answer, now)).collect(), is_back)
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
    match answer {
        Ok(found) => ended(job, Verdict::Done, facts(name, job, found, now)),
        Err(failure) if is_useful => match verdict(&failure, job.attempt, now, &key(job)) {
            // An unanswered question is nobody's work: the review decides without it.
            Verdict::Dead { .. } => ended(job, Verdict::Done, None),
            verdict => ended(job, verdict, None),
        },
        Err(_) => ended(job, Verdict::Done, None),
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
