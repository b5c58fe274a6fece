//! The telling step: people and channels hear of leads as they are.
//!
//! Guarantees: one message per recipient and turn, however many leads wait for it; what is no
//! longer true is not said; the message's key is the same on every attempt.
//! Does not know: any channel's format.

use super::{Guarded, Worker, decide::Worked, gate::Took, write::key};
use crate::{
    model::{
        failure::verdict,
        id::digest,
        job::{Claimed, Effect, JobKind, Settlement, Verdict, Why},
        lead::State,
        time::Time,
    },
    notify::{
        Channel, Message,
        compose::{self, House, Recipient, Told},
    },
    outbound::gate::Admit,
    store::StoreResult,
};

/// Jobs looked at in one step: more than one message names, so that a pile becomes a summary.
const CLAIM_MAX: usize = 200;

impl Worker {
    /// Sends one message on one channel.
    pub async fn tell_once(&self, name: &str) -> StoreResult<Worked> {
        let Some(channel) = self.channels.get(name).filter(|_| self.may_act()) else {
            return Ok(Worked::default());
        };
        let (jobs, lease) = match self.take(&channel.gate, JobKind::Tell, name, CLAIM_MAX).await? {
            Took::Nothing(worked) => return Ok(worked),
            Took::Jobs(jobs, lease) => (jobs, lease),
        };
        let mut done = 0;
        let (mut is_admitted, mut is_back) = (true, false);
        // Each message is settled before the next one is sent: what was said is not said again
        // after a crash, and one slow message holds up nobody's lease.
        for group in groups(jobs, channel.to.is_pager()) {
            if self.is_stopping() {
                done += group.len();
                self.give_back(group).await?;
                continue;
            }
            let now = self.clock.now();
            let settlements: Vec<Settlement> = match self.message(&group, now) {
                None => group.iter().map(|job| ended(job, Verdict::Done, None)).collect(),
                Some(message) => {
                    let admit =
                        if is_admitted { Admit::Go } else { self.admit(&channel.gate).await? };
                    match admit {
                        Admit::NotBefore(at) => {
                            group.iter().map(|job| ended(job, later(at), None)).collect()
                        }
                        Admit::Go | Admit::Exchange => {
                            is_admitted = false;
                            let sent = self.send(name, channel, message, &group);
                            let (ended, back) = lease.hold(sent).await;
                            is_back |= back;
                            ended
                        }
                    }
                }
            };
            for settlement in &settlements {
                self.metrics.attempt(JobKind::Tell, name, &settlement.verdict);
            }
            done += settlements.len();
            self.store.settle(settlements, self.clock.now()).await?;
        }
        if is_admitted {
            channel.gate.unused(self.clock.now());
        }
        self.if_back(is_back, name).await?;
        Ok(Worked { done, is_more: true, next: None })
    }

    async fn send(
        &self,
        name: &str,
        channel: &Guarded<dyn Channel>,
        message: Message,
        group: &[Claimed],
    ) -> (Vec<Settlement>, bool) {
        let result = channel.to.send(message).await;
        let now = self.clock.now();
        let is_back = self.report(name, &channel.gate, [result.as_ref().err()].into_iter(), now);
        if result.is_ok() {
            self.told(group, now);
        }
        let settlements = group
            .iter()
            .map(|job| match &result {
                Ok(()) => {
                    let told = job.why.map(|why| Effect::Told { why, at: now });
                    ended(job, Verdict::Done, told)
                }
                Err(failure) => ended(job, verdict(failure, job.attempt, now, &key(job)), None),
            })
            .collect();
        (settlements, is_back)
    }

    /// How long it took from the fill until its first owner was told.
    fn told(&self, group: &[Claimed], now: Time) {
        let first = |job: &&Claimed| job.why == Some(Why::Assigned) && job.lead.had.is_empty();
        for job in group.iter().filter(first) {
            self.metrics.stage("told", now.since(job.lead.opened_at));
        }
    }

    /// The message for one recipient, or none if nothing of it is true any more.
    fn message(&self, group: &[Claimed], now: Time) -> Option<Message> {
        let destination = &group.first()?.destination;
        let book = self.book.load();
        let rep = destination.split_once(':').and_then(|(_, rep)| book.reps.get(rep));
        let still: Vec<(&Claimed, Why)> = group
            .iter()
            .filter_map(|job| job.why.map(|why| (job, why)))
            .filter(|(job, why)| is_true(&job.lead, *why, rep.map(|rep| rep.id.as_str())))
            .collect();
        if still.is_empty() {
            return None;
        }
        let told: Vec<Told<'_>> =
            still.iter().map(|(job, why)| Told { lead: &job.lead, why: *why }).collect();
        let zone = rep
            .and_then(|rep| rep.hours.as_ref())
            .and_then(|hours| book.hours.get(hours))
            .and_then(|hours| hours.zone_name());
        let house = House {
            reps: &book.reps,
            slas: &book.slas,
            base: &self.links.base,
            key: &self.links.key,
            life: self.links.life,
        };
        let recipient = Recipient { rep, zone };
        Some(compose::compose(&told, &recipient, &house, message_key(&still), now))
    }
}

/// The same on every attempt: a page is one incident per lead and pager however often it is
/// repeated; any other message is that of these leads at these revisions.
fn message_key(still: &[(&Claimed, Why)]) -> String {
    match still {
        [(job, Why::Page | Why::PageOver)] => format!("{}:{}", job.lead.uuid, job.destination),
        [(job, _)] => format!("{}:{}:{}", job.lead.uuid, job.destination, job.wanted.0),
        many => {
            let parts: Vec<String> = many
                .iter()
                .map(|(job, _)| format!("{}:{}:{}", job.lead.uuid, job.destination, job.wanted.0))
                .collect();
            let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
            hex::encode(digest(&parts))
        }
    }
}

/// Whether this is still worth saying about the lead as it is.
fn is_true(lead: &crate::model::lead::Lead, why: Why, rep: Option<&str>) -> bool {
    let is_owner = rep.is_none_or(|rep| lead.owner.as_deref() == Some(rep));
    match why {
        Why::Assigned => lead.state == State::Assigned && is_owner,
        Why::Offered => {
            let is_asked =
                |rep: &str| lead.offers.iter().any(|one| one.to.iter().any(|to| to == rep));
            lead.state == State::Waiting && rep.is_none_or(is_asked)
        }
        Why::Page => matches!(lead.state, State::Assigned | State::Waiting),
        Why::Reminder | Why::Late => lead.state == State::Assigned,
        Why::FilledAgain => is_owner,
        Why::Reassigned => !is_owner || rep.is_none(),
        Why::PageOver | Why::Stuck => true,
    }
}

/// Jobs by recipient, in the order of the claim; a pager takes one lead at a time.
fn groups(jobs: Vec<Claimed>, one_by_one: bool) -> Vec<Vec<Claimed>> {
    let mut groups: Vec<Vec<Claimed>> = Vec::new();
    for job in jobs {
        let place = groups.iter_mut().find(|group| {
            !one_by_one && group.first().is_some_and(|first| first.destination == job.destination)
        });
        match place {
            Some(group) => group.push(job),
            None => groups.push(vec![job]),
        }
    }
    groups
}

fn ended(job: &Claimed, verdict: Verdict, effect: Option<Effect>) -> Settlement {
    Settlement {
        job: job.id,
        attempt: job.attempt,
        revision: job.wanted,
        verdict,
        effect,
        news: Vec::new(),
    }
}

fn later(at: Time) -> Verdict {
    Verdict::Snooze { at, why: "the channel is not called now".to_owned() }
}
