//! Re-routing runs: their leads become news, a few at a time, until all are through.
//!
//! Guarantees: the news of a lead has an id made of the run and the lead, so however often it is
//! sent, by however many replicas and after whatever crash, it is decided once; how far a run is
//! stands in its paper, and moves on only after the news are on disk; a run that was stopped sends
//! nothing more, and goes on where it stood. Paced, so that new leads do not wait behind a pile.
//! Does not know: who gets a lead; `decide::reroute` does, as the lead is then.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Worker, decide::Worked};
use crate::{
    decide::reroute::{fared, order, run_of},
    model::{
        event::{EventKind, NewEvent},
        news::News,
        reroute::{Fares, Planned, REROUTE, REROUTE_LEADS, RunHead, Stage},
        time::Span,
    },
    store::{
        Papers, StoreResult,
        paper::{self, Amended},
    },
};

/// So many leads are sent at a time …
const AT_A_TIME: usize = 25;
/// … so often.
const EVERY: Span = Span::seconds(1);

/// The leads of the run that was worked on last, so that they are read once.
#[derive(Default)]
pub struct Runs(Mutex<Option<(String, Arc<Vec<Planned>>)>>);

impl Worker {
    /// Brings every run a step further.
    pub async fn reroute_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        let mut done = 0;
        for paper in self.store.papers(Papers::Under(REROUTE.to_owned())).await? {
            let Ok(head) = serde_json::from_str::<RunHead>(&paper.head) else { continue };
            let is_asked_for = head.sent > head.seen;
            if head.stage != Stage::Running && !(head.stage == Stage::Stopped && is_asked_for) {
                continue;
            }
            let run = paper.name.trim_start_matches(REROUTE);
            let leads = self.leads_of(run).await?;
            if head.stage == Stage::Running && head.sent < leads.len() && head.next_at <= now {
                done += self.send_some(run, &head, &leads).await?;
            }
            self.look_what_became(&paper.name, run, &head, &leads).await?;
        }
        Ok(Worked { done, is_more: false, next: Some(now.plus(EVERY)) })
    }

    async fn leads_of(&self, run: &str) -> StoreResult<Arc<Vec<Planned>>> {
        let kept = self.runs.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, leads)) = kept.filter(|(of, _)| of == run) {
            return Ok(leads);
        }
        let name = format!("{REROUTE_LEADS}{run}");
        let body = paper::named(self.store.as_ref(), &name).await?.and_then(|paper| paper.body);
        let leads: Vec<Planned> =
            serde_json::from_str(&body.unwrap_or_default()).unwrap_or_default();
        let leads = Arc::new(leads);
        let kept = Some((run.to_owned(), Arc::clone(&leads)));
        *self.runs.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(leads)
    }

    /// Sends the news of the next few; answers how many.
    async fn send_some(&self, run: &str, head: &RunHead, leads: &[Planned]) -> StoreResult<usize> {
        let now = self.clock.now();
        let upto = leads.len().min(head.sent.saturating_add(AT_A_TIME));
        let some = leads.get(head.sent..upto).unwrap_or_default();
        let events = some.iter().filter_map(|planned| {
            let order = order(&head.wish, run, planned.lead, planned.from.clone());
            Some(NewEvent {
                kind: EventKind::News,
                source: "handoff:reroute".to_owned(),
                delivery: format!("{run}:{}", planned.lead),
                received_at: now,
                content_type: None,
                actor: Some(head.author.clone()),
                body: serde_json::to_vec(&News::Reroute(order)).ok()?,
            })
        });
        self.store.accept(events.collect()).await?;
        self.wakes.decide();
        paper::amend(self.store.as_ref(), &format!("{REROUTE}{run}"), move |text| {
            changed(text, |head| {
                head.sent = head.sent.max(upto);
                head.next_at = now.plus(EVERY);
            })
        })
        .await?;
        Ok(some.len())
    }

    /// Counts what became of leads that were sent, in their order, as far as they are decided.
    async fn look_what_became(
        &self,
        name: &str,
        run: &str,
        head: &RunHead,
        leads: &[Planned],
    ) -> StoreResult<()> {
        let (seen, mut fares, mut count) = (head.seen, Fares::default(), 0);
        for planned in leads.get(seen..head.sent.min(leads.len())).unwrap_or_default() {
            let story = self.store.lead(planned.lead).await?;
            let Some(story) = story else {
                let why = Some("it is not there any more".to_owned());
                fares.add(&Planned { to: None, kept: why, ..planned.clone() });
                count += 1;
                continue;
            };
            let mut decisions = story.decisions.iter().rev();
            let Some(made) = decisions.find(|one| run_of(&one.decision) == Some(run)) else {
                // Not decided yet, or its event is dead, which an alert says.
                break;
            };
            let owner = made.decision.why.get("owner").and_then(|owner| owner.as_str());
            let kept = fared(&made.decision);
            let to = owner.map(str::to_owned).filter(|_| kept.is_none());
            fares.add(&Planned { to, kept, ..planned.clone() });
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        paper::amend(self.store.as_ref(), name, move |text| {
            changed(text, |head| {
                // Another replica may have counted them.
                if head.seen == seen {
                    head.seen += count;
                    head.became.merge(fares.clone());
                }
                if head.seen >= head.total && head.stage == Stage::Running {
                    head.stage = Stage::Done;
                }
            })
        })
        .await
    }
}

fn changed(text: Option<&str>, change: impl FnOnce(&mut RunHead)) -> (Amended, ()) {
    let Some(mut head) = text.and_then(|text| serde_json::from_str::<RunHead>(text).ok()) else {
        return (Amended::Kept, ());
    };
    change(&mut head);
    (serde_json::to_string(&head).map_or(Amended::Kept, Amended::Head), ())
}
