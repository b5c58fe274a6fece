//! The shadow's run: begun and ended as its paper says, and counted there.
//!
//! Guarantees: what was counted is added to the paper every other second and when the daemon stops,
//! so several replicas and a restart count into one report; a crash may lose the last two seconds
//! of counting. Does not know: how a draft decides (`beside`).

use std::sync::{Arc, Mutex};

use super::{
    Worker,
    beside::{Run, locked},
    decide::Worked,
    reload::Watch,
};
use crate::{
    model::{
        finding::Finding,
        shadow::{SHADOW, ShadowHead},
        time::Span,
    },
    rulebook::Files,
    store::{
        Papers, StoreResult,
        paper::{self, Amended},
    },
};

/// How often is looked for a run that began or ended, and counts are kept.
const EVERY: Span = Span::seconds(2);

impl Worker {
    /// Keeps what was counted, and looks whether a run began or ended.
    pub async fn shadow_once(&self, watch: &Watch) -> StoreResult<Worked> {
        self.keep_shadow().await?;
        let worked = Worked { next: Some(self.clock.now().plus(EVERY)), ..Worked::default() };
        let found = self.store.papers(Papers::Under(SHADOW.to_owned())).await?;
        let head = found.iter().find(|paper| paper.name == SHADOW);
        let head = head.and_then(|paper| serde_json::from_str::<ShadowHead>(&paper.head).ok());
        let runs = head.filter(|head| head.stopped_at.is_none() && head.refused.is_none());
        let Some(head) = runs else {
            self.shadow.0.store(None);
            return Ok(worked);
        };
        let is_it = |run: &Arc<Run>| run.draft == head.draft && run.started_at == head.started_at;
        if self.shadow.0.load_full().is_some_and(|run| is_it(&run)) {
            return Ok(worked);
        }
        let body = paper::named(self.store.as_ref(), SHADOW).await?.and_then(|paper| paper.body);
        let files = Files::from_json(&body.unwrap_or_default());
        let book = files.and_then(|files| {
            let first = |findings: Vec<Finding>| {
                findings.first().map(ToString::to_string).unwrap_or_default()
            };
            (watch.compile)(&files, 0).map_err(first)
        });
        match book {
            Ok(book) => {
                tracing::info!(draft = head.draft, "a draft decides beside the rulebook in force");
                let run = Run {
                    book,
                    draft: head.draft,
                    started_at: head.started_at,
                    turns: Mutex::default(),
                    counted: Mutex::default(),
                };
                self.shadow.0.store(Some(Arc::new(run)));
            }
            Err(why) => {
                self.shadow.0.store(None);
                tracing::warn!(
                    draft = head.draft,
                    why,
                    "a draft cannot decide with the settings here"
                );
            }
        }
        Ok(worked)
    }

    /// Adds what was counted to the report.
    pub(super) async fn keep_shadow(&self) -> StoreResult<()> {
        let Some(run) = self.shadow.0.load_full() else { return Ok(()) };
        let counted = std::mem::take(&mut *locked(&run.counted));
        if counted.is_empty() {
            return Ok(());
        }
        let (more, started_at) = (counted.clone(), run.started_at);
        let kept = paper::amend(self.store.as_ref(), SHADOW, move |head| {
            let head = head.and_then(|head| serde_json::from_str::<ShadowHead>(head).ok());
            let Some(mut head) = head.filter(|head| head.started_at == started_at) else {
                return (Amended::Kept, ());
            };
            head.counted.merge(more.clone());
            (serde_json::to_string(&head).map_or(Amended::Kept, Amended::Head), ())
        })
        .await;
        if kept.is_err() {
            locked(&run.counted).merge(counted);
        }
        kept
    }
}
