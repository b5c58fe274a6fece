//! The turn: which replica tells what all of them found.
//!
//! Guarantees: with a store of one process it is always ours; what is said is told once, as long as
//! the store can be asked. When it cannot, whoever had the turn goes on, and the others begin after
//! a minute: an alarm rather twice than never.
//! Does not know: how turns are taken (`decide::watch::turn`).

use super::{State, Worker};
use crate::{
    decide::watch::{Judged, turn},
    model::time::{Span, Time},
    store::{StoreError, StoreResult, agree::agree},
};

/// The document's name.
const TABLE: &str = "watch";
/// Without the store everybody speaks after so long.
const UNASKED: Span = Span::minutes(1);

impl Worker {
    /// Says what was found here; answers what all found if it is ours to tell.
    pub(super) async fn take_turn(
        &self,
        state: &mut State,
        judged: Judged,
        now: Time,
    ) -> StoreResult<Option<Judged>> {
        if !self.store.is_shared() {
            return Ok(Some(judged));
        }
        let (me, found) = (self.replica.incarnation.clone(), judged.holds.clone());
        let change = move |table: Option<&str>, at| turn::take(table, &me, &found, at);
        let monotonic = self.clock.monotonic();
        let taken = match agree(self.store.as_ref(), TABLE, now, change).await {
            Ok(taken) => taken,
            Err(error @ StoreError::Fatal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the other replicas cannot be asked who tells alerts");
                let since = *state.turn.unasked_since.get_or_insert(monotonic);
                let is_long = monotonic.0.saturating_sub(since.0) >= UNASKED.0;
                return Ok((state.turn.is_ours || is_long).then_some(judged));
            }
        };
        state.turn.unasked_since = None;
        let was_ours = std::mem::replace(&mut state.turn.is_ours, taken.is_ours);
        self.lookout.idle(!taken.is_ours);
        if !was_ours {
            // What the replica before this one kept is what was said.
            if let Ok(kept) = self.store.alerts(None).await {
                state.take_instead(kept);
            }
        }
        if !taken.is_ours {
            let raised = state.ledger.raised().map(|one| one.key.alert).collect();
            self.metrics.alerts(&raised);
            return Ok(None);
        }
        self.listen(state, now).await;
        Ok(Some(judged.with(taken.others)))
    }

    /// Gives the turn to another.
    pub(in crate::worker) async fn leave_turn(&self) {
        let me = self.replica.incarnation.clone();
        let change = move |table: Option<&str>, _| (turn::leave(table, &me), ());
        if let Err(error) = agree(self.store.as_ref(), TABLE, self.clock.now(), change).await {
            tracing::warn!(%error, "the turn to tell alerts ends by itself");
        }
    }
}
