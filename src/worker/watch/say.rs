//! Telling people about alerts.
//!
//! Guarantees: one message per hearer and look, however many alerts there are (a pager takes one at
//! a time); the channel's gate is asked first; whoever cannot be reached is tried again, later and
//! later, and holds up nobody else. Does not know: which alerts there are.

use futures_util::future::join_all;

use super::State;
use crate::{
    decide::watch::ledger::Notice,
    model::{
        failure::{Failure, verdict},
        job::Verdict,
        time::Time,
    },
    notify::notice::notice,
    outbound::gate::Admit,
    rulebook::Tell,
    worker::Worker,
};

/// Somebody who hears of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hearer {
    /// Channel and recipient.
    destination: String,
    /// The channel.
    channel: String,
    /// The recipient's address where the channel has addresses.
    to: Option<String>,
}

/// How telling one hearer went.
struct Said {
    notices: Vec<Notice>,
    failure: Option<Failure>,
}

impl Worker {
    /// Tells everybody what they are owed.
    pub(super) async fn alarm(&self, state: &mut State, now: Time) {
        let hearers = if self.lookout.limits.tell { self.hearers() } else { Vec::new() };
        let mut calls = Vec::new();
        for hearer in &hearers {
            let owed = state.ledger.owed(&hearer.destination, self.lookout.limits.repeat, now);
            let is_early = state.retries.get(&hearer.destination).is_some_and(|(_, at)| now < *at);
            if !owed.is_empty() && !is_early {
                calls.push(async move { (hearer, self.say(hearer, owed).await) });
            }
        }
        for (hearer, said) in join_all(calls).await {
            self.note_said(state, &hearer.destination, said);
        }
        let destinations: Vec<String> = hearers.into_iter().map(|one| one.destination).collect();
        state.ledger.forget(&destinations, now);
    }

    fn note_said(&self, state: &mut State, destination: &str, mut said: Said) {
        let now = self.clock.now();
        if let Some(failure) = said.failure {
            let tries = state.retries.get(destination).map_or(1, |(tries, _)| tries + 1);
            match verdict(&failure, tries, now, destination.as_bytes()) {
                Verdict::Retry { at, .. } | Verdict::Snooze { at, .. } => {
                    state.retries.insert(destination.to_owned(), (tries, at));
                    state.ledger.told(destination, &said.notices, now);
                    return;
                }
                // It will not take this message, however often it is sent. The log has it.
                Verdict::Dead { why } => {
                    tracing::error!(destination, why, "a message about alerts was given up");
                    said.notices = state.ledger.owed(destination, self.lookout.limits.repeat, now);
                }
                Verdict::Done => {}
            }
        }
        state.retries.remove(destination);
        state.ledger.told(destination, &said.notices, now);
    }

    /// Sends what one hearer is owed, until something fails.
    async fn say(&self, hearer: &Hearer, owed: Vec<Notice>) -> Said {
        let mut said = Said { notices: Vec::new(), failure: None };
        let Some(channel) = self.channels.get(&hearer.channel) else { return said };
        let is_pager = channel.to.is_pager();
        let at_once = if is_pager { 1 } else { owed.len().max(1) };
        for part in owed.chunks(at_once) {
            let now = self.clock.now();
            // A store that cannot be asked holds no alarm up.
            if let Ok(Admit::NotBefore(_)) = self.admit(&channel.gate).await {
                break;
            }
            let message = notice(part, hearer.to.clone(), is_pager, &self.links.base, now);
            let result = channel.to.send(message).await;
            let failure = result.err();
            let now = self.clock.now();
            let failures = [failure.as_ref()].into_iter();
            let is_back = self.report(&hearer.channel, &channel.gate, failures, now);
            if let Err(error) = self.if_back(is_back, &hearer.channel).await {
                tracing::warn!(%error, "what waits for the channel waits until it is due");
            }
            if failure.is_some() {
                said.failure = failure;
                break;
            }
            said.notices.extend_from_slice(part);
        }
        said
    }

    /// Those whom the rulebook names for alarms.
    fn hearers(&self) -> Vec<Hearer> {
        let book = self.book.load();
        let mut all: Vec<Hearer> = Vec::new();
        for tell in &book.alarm {
            match tell {
                Tell::Channel(channel) => all.push(Hearer {
                    destination: channel.clone(),
                    channel: channel.clone(),
                    to: None,
                }),
                Tell::Rep(rep) => {
                    let rep = book.reps.get(rep);
                    let ways = rep.into_iter().flat_map(|rep| {
                        rep.tell_by.iter().map(move |channel| Hearer {
                            destination: format!("{channel}:{}", rep.id),
                            channel: channel.clone(),
                            to: Some(rep.email.clone()),
                        })
                    });
                    all.extend(ways);
                }
                // Nobody owns the daemon; the rulebook refuses these here.
                Tell::Owner | Tell::Manager => {}
            }
        }
        all.sort_by(|a, b| a.destination.cmp(&b.destination));
        all.dedup_by(|a, b| a.destination == b.destination);
        all
    }
}
