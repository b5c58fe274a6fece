//! The writing step: make a CRM agree about leads, many at a time.
//!
//! Guarantees: fields go by upsert without the owner, then the owner is set only where nobody
//! else has set one; what the CRM shows instead comes back as news. An attempt whose lease ran
//! out is looked up before it is repeated. Does not know: any vendor.

use super::{Worker, decide::Worked, gate::Took};
use crate::{
    crm::{Crm, Expect, OwnerSet, Put, PutDone, PutHow, SetOwner},
    model::{
        event::{EventKind, NewEvent},
        failure::{Failure, verdict},
        job::{Claimed, Effect, JobKind, Link, Settlement, Verdict},
        news::News,
        time::{Span, Time},
    },
    store::StoreResult,
};

impl Worker {
    /// Writes one batch to one CRM.
    pub async fn write_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(crm) = self.crms.get(name).filter(|_| self.may_act()) else {
            return Ok(Worked::default());
        };
        let max = crm.to.caps().put_max;
        let (jobs, lease) = match self.take(&crm.gate, JobKind::Write, name, max).await? {
            Took::Nothing(worked) => return Ok(worked),
            Took::Jobs(jobs, lease) => (jobs, lease),
        };
        let attempts = lease.hold(self.write(name, crm.to.as_ref(), &jobs)).await;
        let now = self.clock.now();
        let is_back = self.report(name, &crm.gate, attempts.iter().map(|one| one.failure()), now);
        crm.gate.made(crm.to.calls());
        let settlements: Vec<Settlement> =
            jobs.iter().zip(attempts).map(|(job, done)| done.settle(name, job, now)).collect();
        for (job, settlement) in jobs.iter().zip(&settlements) {
            self.metrics.attempt(job.kind, name, &settlement.verdict);
            if let Verdict::Dead { why } = &settlement.verdict {
                tracing::error!(lead = %job.lead.uuid, crm = name, why, "the CRM will not take it");
            }
            if settlement.verdict == Verdict::Done && job.lead.opened_at == job.lead.filled_at {
                self.metrics.stage("written", now.since(job.lead.opened_at));
            }
        }
        let brought_news = settlements.iter().any(|one| !one.news.is_empty());
        let done = settlements.len();
        self.store.settle(settlements, now).await?;
        self.if_back(is_back, name).await?;
        if brought_news {
            self.wakes.decide();
        }
        Ok(Worked { done, is_more: true, next: None })
    }

    /// Puts all leads, then sets the owners that are ours to set.
    async fn write(&self, name: &str, crm: &dyn Crm, jobs: &[Claimed]) -> Vec<Written> {
        let now = self.clock.now();
        let puts = jobs
            .iter()
            .map(|job| Put {
                key: job.lead.uuid,
                record: job.link.as_ref().map(|link| link.record.clone()),
                fields: job.lead.fields.clone(),
                source: job.lead.source.clone(),
                // Any earlier attempt may have gone through: one more read is cheaper than a twin.
                is_uncertain: job.is_uncertain || job.attempt > 1,
            })
            .collect();
        let mut written: Vec<Written> = crm
            .put(puts, now)
            .await
            .into_iter()
            .map(|answer| Written { put: answer, owner: None })
            .collect();
        // An adapter that answers too few has lost the rest: they may have been done.
        written.resize_with(jobs.len(), || Written { put: Err(Failure::MaybeDone), owner: None });
        let mut wanted = Vec::new();
        for (at, (job, one)) in jobs.iter().zip(&written).enumerate() {
            if let (Ok(put), Some(owner)) = (&one.put, self.crm_owner(name, job)) {
                let expect = self.expect(name, job, put.how);
                wanted.push((at, SetOwner { record: put.record.clone(), owner, expect }));
            }
        }
        let (places, owners): (Vec<usize>, Vec<SetOwner>) = wanted.into_iter().unzip();
        if !owners.is_empty() {
            let set: Vec<String> = owners.iter().map(|one| one.owner.clone()).collect();
            let mut answers = crm.set_owner(owners, self.clock.now()).await;
            answers.resize_with(set.len(), || Err(Failure::MaybeDone));
            for ((at, owner), answer) in places.into_iter().zip(set).zip(answers) {
                if let Some(one) = written.get_mut(at) {
                    one.owner = Some((owner, answer));
                }
            }
        }
        written
    }

    /// Whom the record may show without a human having moved it: nobody if it is new, the owner
    /// that we wrote last, one of an attempt without an end, and after a crash everybody whom we may have written.
    fn expect(&self, name: &str, job: &Claimed, how: PutHow) -> Expect {
        if how == PutHow::Created {
            return Expect::New;
        }
        let link = job.link.clone().unwrap_or_default();
        let mut ours: Vec<String> = link.owner.into_iter().chain(link.tried).collect();
        if job.is_uncertain {
            let book = self.book.load();
            let had = job.lead.had.iter().filter_map(|rep| book.reps.get(rep));
            ours.extend(had.filter_map(|rep| rep.crm.get(name).cloned()));
        }
        if ours.is_empty() { Expect::Unowned } else { Expect::Ours(ours) }
    }

    /// The CRM's id of the lead's owner, unless the owner there is left alone.
    fn crm_owner(&self, name: &str, job: &Claimed) -> Option<String> {
        if job.lead.outside_owner.is_some() {
            return None;
        }
        let book = self.book.load();
        let rep = job.lead.owner.as_ref().and_then(|owner| book.reps.get(owner))?;
        rep.crm.get(name).cloned()
    }
}

/// What became of one lead's write.
struct Written {
    put: Result<PutDone, Failure>,
    owner: Option<(String, Result<OwnerSet, Failure>)>,
}

impl Written {
    fn failure(&self) -> Option<&Failure> {
        match (&self.put, &self.owner) {
            (Err(failure), _) | (Ok(_), Some((_, Err(failure)))) => Some(failure),
            _ => None,
        }
    }

    fn settle(self, name: &str, job: &Claimed, now: Time) -> Settlement {
        let mut settlement = Settlement {
            job: job.id,
            attempt: job.attempt,
            revision: job.wanted,
            verdict: Verdict::Done,
            effect: None,
            news: Vec::new(),
        };
        let put = match self.put {
            Ok(put) => put,
            Err(failure) => {
                settlement.verdict = verdict(&failure, job.attempt, now, &key(job));
                return settlement;
            }
        };
        let before = job.link.clone().unwrap_or_default();
        let mut link =
            Link { record: put.record, owner: before.owner, tried: before.tried, written_at: now };
        match self.owner {
            None => {
                // Left alone as a stranger's: the record knows better than news that came late.
                let told = job.lead.outside_owner.as_ref();
                let shown = put.owner.filter(|shown| told.is_some_and(|told| told != shown));
                if let Some(shown) = shown {
                    settlement.news.extend(owner_met(name, job, &shown, true, now));
                    (link.owner, link.tried) = (Some(shown), None);
                }
            }
            Some((owner, Ok(OwnerSet::Done | OwnerSet::Already))) => {
                (link.owner, link.tried) = (Some(owner), None);
            }
            Some((_, Ok(OwnerSet::Changed { now: Some(shown) }))) => {
                settlement.news.extend(owner_met(name, job, &shown, link.owner.is_some(), now));
                // From here on a later choice of ours may replace this owner, not the one before.
                (link.owner, link.tried) = (Some(shown), None);
            }
            Some((_, Ok(OwnerSet::Changed { now: None }))) => {
                // A human took the owner away: set again, from nobody.
                (link.owner, link.tried) = (None, None);
                let why = "the owner was taken away".to_owned();
                settlement.verdict = Verdict::Retry { at: now.plus(Span::seconds(1)), why };
            }
            Some((_, Err(Failure::OwnerInvalid { .. }))) => {
                settlement.news.extend(owner_invalid(name, job, now));
            }
            Some((owner, Err(failure))) => {
                if matches!(failure, Failure::MaybeDone | Failure::Busy { .. }) {
                    link.tried = Some(owner);
                }
                settlement.verdict = verdict(&failure, job.attempt, now, &key(job));
            }
        }
        settlement.effect = Some(Effect::Written(link));
        settlement
    }
}

/// What spreads the retries of jobs that failed together.
pub(super) fn key(job: &Claimed) -> Vec<u8> {
    [job.lead.uuid.as_bytes(), job.destination.as_bytes()].concat()
}

fn owner_met(name: &str, job: &Claimed, owner: &str, is_move: bool, now: Time) -> Option<NewEvent> {
    let news = News::OwnerMet {
        lead: job.lead.uuid,
        destination: name.to_owned(),
        owner: owner.to_owned(),
        is_move,
    };
    event(&news, format!("owner_met:{}:{name}:{}:{owner}", job.lead.uuid, job.wanted.0), now)
}

fn owner_invalid(name: &str, job: &Claimed, now: Time) -> Option<NewEvent> {
    let rep = job.lead.owner.clone()?;
    let delivery = format!("owner_invalid:{}:{name}:{}", job.lead.uuid, job.wanted.0);
    event(
        &News::OwnerInvalid { lead: job.lead.uuid, destination: name.to_owned(), rep },
        delivery,
        now,
    )
}

/// News that acting brought, as an event.
pub(super) fn event(news: &News, delivery: String, now: Time) -> Option<NewEvent> {
    Some(NewEvent {
        kind: EventKind::News,
        source: "handoff:worker".to_owned(),
        delivery,
        received_at: now,
        content_type: None,
        actor: None,
        body: serde_json::to_vec(news).ok()?,
    })
}
