//! The sampling step: some stored decisions are made again, all the time.
//!
//! Guarantees: once a minute a few decisions anywhere in the store, at a bounded cost; one that
//! does not come out the same raises an alert, which stands for a day. Does not know: how a
//! decision is made again.

use super::{
    Worker,
    decide::Worked,
    replay::{Replay, Which},
};
use crate::{
    model::{
        id::{Seq, hash64},
        time::{Span, Time},
    },
    store::StoreResult,
};

/// How often.
const EVERY: Span = Span::minutes(1);
/// How many decisions in a row.
const AT_ONCE: i64 = 20;
/// How far people are followed from a checkpoint, in decisions.
const FOLLOWED_MAX: i64 = 4_000;
/// How long a difference is held up after it was found.
const STANDS_FOR: Span = Span::days(1);

/// What samples have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// When the last one was taken.
    pub at: Option<Time>,
    /// The last difference, and when it was found.
    pub differed: Option<(Time, String)>,
}

impl Replayed {
    /// What holds now: none before the first sample.
    #[must_use]
    pub fn outcome(self, now: Time) -> Option<Option<String>> {
        self.at?;
        let stands = |(at, _): &(Time, String)| now.since(*at) < STANDS_FOR;
        Some(self.differed.filter(stands).map(|(_, says)| says))
    }
}

impl Worker {
    /// Makes a few decisions again, if it is time to.
    pub async fn sample_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        let mut replayed = self.lookout.replayed();
        if let Some(last) = replayed.at {
            // Set back, the clock shows a sample of the future.
            let next = last.min(now).plus(EVERY);
            if now < next {
                return Ok(Worked { next: Some(next), ..Worked::default() });
            }
        }
        let last = self.store.tally(now).await?.last_seq;
        let mut done = 0;
        if let Some(from) = self.sampled(last, now).await? {
            let which = Which { from: Some(from), to: Some(Seq(from.0 + AT_ONCE - 1)), lead: None };
            let report = Replay::of(self.store.as_ref()).verify(&which, |_, _| {}).await?;
            self.metrics.replayed(report.same, report.differing);
            if let Some(found) = report.first.first() {
                let says = format!("decision {} does not come out as it was stored", found.seq.0);
                tracing::error!(seq = found.seq.0, found = ?found, "a decision differs");
                replayed.differed = Some((now, says));
            }
            done = usize::try_from(report.all()).unwrap_or(0);
        }
        replayed.at = Some(now);
        self.lookout.keep_replayed(replayed);
        Ok(Worked { done, is_more: false, next: Some(now.plus(EVERY)) })
    }

    /// Where to look: anywhere among the decisions, not too far after a checkpoint.
    async fn sampled(&self, last: i64, now: Time) -> StoreResult<Option<Seq>> {
        if last < 1 {
            return Ok(None);
        }
        let dice = |salt: &[u8]| hash64(&[salt, &now.0.to_be_bytes()]).unsigned_abs();
        let place = |below: i64, salt: &[u8]| {
            let below = u64::try_from(below).unwrap_or(1).max(1);
            i64::try_from(dice(salt) % below).unwrap_or(0)
        };
        let anywhere = Seq(1 + place(last, b"anywhere"));
        let Some((kept, _)) = self.store.checkpoint(anywhere).await? else { return Ok(None) };
        let far = (anywhere.0 - kept.0).clamp(1, FOLLOWED_MAX);
        Ok(Some(Seq(kept.0 + 1 + place(far, b"after"))))
    }
}
