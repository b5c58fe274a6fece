//! Rulebooks whose time has come: each is checked again and published once.
//!
//! Guarantees: what is published and what is scheduled change in one transaction, so that of many
//! replicas one publishes, and a crash in between is no matter; one that has mistakes under the
//! settings of that moment, or whose base is not the newest any more, stays where it is with the
//! reason, and an alert is raised until it is taken back. Right after the wall clock was set,
//! nothing is published for a minute.
//! Does not know: who scheduled it; the API checks that.

use std::sync::{Arc, PoisonError};

use super::{Worker, decide::Worked, reload::Watch};
use crate::{
    model::{
        finding::Finding,
        time::Span,
        version::{SCHEDULED, ScheduledHead},
    },
    rulebook::Files,
    store::{
        NewRulebook, Papers, Published, StoreResult, Terms,
        paper::{self, Amended},
    },
};

/// How often is looked for what another process, or the command line, has scheduled.
const EVERY: Span = Span::seconds(1);

impl Worker {
    /// Publishes what is due.
    pub async fn schedule_once(&self, watch: &Watch) -> StoreResult<Worked> {
        let now = self.clock.now();
        let found = self.store.papers(Papers::Under(SCHEDULED.to_owned())).await?;
        let mut all: Vec<(String, ScheduledHead)> = found
            .into_iter()
            .filter_map(|paper| Some((paper.name, serde_json::from_str(&paper.head).ok()?)))
            .collect();
        all.sort_by(|(a, one), (b, other)| (one.at, a).cmp(&(other.at, b)));
        let refused = all.iter().find_map(|(_, head)| head.refused.clone());
        watch.refuse_scheduled(refused);
        let mut waiting = all.into_iter().filter(|(_, head)| head.refused.is_none()).peekable();
        let mut done = 0;
        if !self.is_unsure() {
            while let Some((name, head)) = waiting.next_if(|(_, head)| head.at <= now) {
                self.publish_scheduled(watch, &name, head).await?;
                done += 1;
            }
        }
        let next = waiting.peek().map(|(_, head)| head.at.max(now));
        let look = now.plus(EVERY);
        Ok(Worked { done, is_more: false, next: Some(next.map_or(look, |next| next.min(look))) })
    }

    /// Whether the wall clock was set a moment ago.
    fn is_unsure(&self) -> bool {
        let jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.monotonic() < jumps.unsure_until
    }

    async fn publish_scheduled(
        &self,
        watch: &Watch,
        name: &str,
        head: ScheduledHead,
    ) -> StoreResult<()> {
        let Some(paper) = paper::named(self.store.as_ref(), name).await? else { return Ok(()) };
        let document = paper.body.unwrap_or_default();
        let files = match Files::from_json(&document) {
            Ok(files) => files,
            Err(why) => return self.refuse_scheduled(watch, name, why).await,
        };
        if let Err(findings) = (watch.compile)(&files, 0) {
            return self.refuse_scheduled(watch, name, mistakes(&findings)).await;
        }
        let at = self.clock.now();
        let terms = Terms { based_on: Some(head.based_on), ends: Some(name.to_owned()) };
        let new = NewRulebook { document, author: head.author, message: head.message, at };
        let version = match self.store.publish_on(new, terms).await? {
            Published::As(version) => version,
            // Another replica was first, or somebody took it back.
            Published::Ended => return Ok(()),
            Published::NotLatest(newest) => {
                let why = format!(
                    "it was made from version {}, and version {newest} is in force",
                    head.based_on
                );
                return self.refuse_scheduled(watch, name, why).await;
            }
        };
        match (watch.compile)(&files, version) {
            Ok(book) => {
                tracing::info!(version, "a scheduled rulebook is in force");
                self.take_book(&Arc::new(book));
            }
            Err(findings) => {
                let why = mistakes(&findings);
                tracing::error!(version, why, "a scheduled rulebook cannot be used here");
            }
        }
        Ok(())
    }

    /// It stays with the reason, for people to see.
    async fn refuse_scheduled(&self, watch: &Watch, name: &str, why: String) -> StoreResult<()> {
        tracing::error!(
            name,
            why,
            "a scheduled rulebook was not published; the one in force stays"
        );
        watch.refuse_scheduled(Some(why.clone()));
        paper::amend(self.store.as_ref(), name, move |head| {
            let head = head.and_then(|head| serde_json::from_str::<ScheduledHead>(head).ok());
            let Some(mut head) = head else { return (Amended::Kept, ()) };
            head.refused
                .get_or_insert_with(|| format!("scheduled for {}: {why}", head.at.rfc3339()));
            (serde_json::to_string(&head).map_or(Amended::Kept, Amended::Head), ())
        })
        .await
    }
}

fn mistakes(findings: &[Finding]) -> String {
    let first = findings.first().map(ToString::to_string).unwrap_or_default();
    let first = first.lines().next().unwrap_or_default();
    format!("{} mistakes; the first: {first}", findings.len())
}
