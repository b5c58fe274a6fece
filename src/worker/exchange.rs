//! The exchanging step: gates speak with those of the other processes on the store.
//!
//! Guarantees: what a gate learnt is known to all within half a second, what others learnt is known
//! here within as long; a look that brings nothing new writes nothing. With a store of one process
//! only a pause or an open circuit is kept, for the time after a restart.
//! Does not know: how gates judge, nor how a store lets one process after the other change a
//! document.

use std::sync::PoisonError;

use super::{Worker, decide::Worked, gate::DestinationGate};
use crate::{
    model::time::Span,
    outbound::gate::Gate,
    store::{StoreResult, agree::agree},
};

/// How often gates hear of each other.
const EVERY: Span = Span(500);
/// A gate of one process is kept this often, if there is anything to keep.
const KEEP_EVERY: Span = Span::seconds(1);

impl Worker {
    fn gates(&self) -> impl Iterator<Item = &DestinationGate> {
        let crms = self.crms.values().map(|one| &one.gate);
        crms.chain(self.channels.values().map(|one| &one.gate))
    }

    /// Lets every gate speak and hear once.
    pub async fn exchange_once(&self) -> StoreResult<Worked> {
        let is_shared = self.store.is_shared();
        for gate in self.gates() {
            if is_shared {
                self.exchange(gate, false).await?;
            } else {
                self.keep(gate).await?;
            }
        }
        let every = if is_shared { EVERY } else { KEEP_EVERY };
        Ok(Worked { next: Some(self.clock.now().plus(every)), ..Worked::default() })
    }

    /// Says what this gate heard, asks for calls if it is to, and takes over what all know.
    pub(super) async fn exchange(
        &self,
        gate: &DestinationGate,
        is_asking: bool,
    ) -> StoreResult<()> {
        let (limits, now) = (gate.limits, self.clock.now());
        let said = gate.lock().say(is_asking, now);
        let words = said.clone();
        let change = move |document: Option<&str>, at| Gate::agree(limits, document, &words, at);
        let known = agree(self.store.as_ref(), &document(gate), now, change).await;
        let now = self.clock.now();
        let mut mine = gate.lock();
        let goes_on = match known {
            Ok(known) => mine.know(&known, &said, now),
            Err(error) => {
                mine.unsaid(said);
                return Err(error);
            }
        };
        let is_closed = mine.is_closed();
        drop(mine);
        if let Some((_, name)) = gate.name.split_once(':') {
            self.metrics.circuit(name, is_closed);
        }
        if goes_on {
            self.wakes.all_jobs();
        }
        Ok(())
    }

    /// Keeps what a restart must not forget; at the first time takes over what was kept before.
    async fn keep(&self, gate: &DestinationGate) -> StoreResult<()> {
        let now = self.clock.now();
        let kept = gate.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // An empty document is one of a gate that is well.
        let to_keep = gate.lock().to_keep(now).unwrap_or_default();
        if kept.as_ref() == Some(&to_keep) {
            return Ok(());
        }
        let is_first = kept.is_none();
        let after = to_keep.clone();
        let change = move |before: Option<&str>, _| {
            let is_new = !is_first && before != Some(after.as_str());
            (is_new.then(|| after.clone()), before.map(str::to_owned))
        };
        let before = agree(self.store.as_ref(), &document(gate), now, change).await?;
        if is_first && let Some(before) = &before {
            gate.lock().resume(before, now);
        }
        let seen = if is_first { before.unwrap_or_default() } else { to_keep };
        *gate.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(())
    }
}

fn document(gate: &DestinationGate) -> String {
    format!("gate:{}", gate.name)
}
