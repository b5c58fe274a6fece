//! A store around another: it changes the verbs that it names, and all others go through.
//!
//! Guarantees: every verb goes through, those with a default included; a verb that is new in
//! [`Store`] and missing in the table below fails to compile or fails the test at the end.
//! Does not know: what a wrapper is for; measurements and tests have them.

use std::{path::Path, sync::Arc};

use tokio::sync::broadcast::Receiver;

use super::{
    Amend, Audit, Batch, BatchDone, Bloat, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
    ImportDone, ImportKey, ImportOrder, ImportStanding, JobFilter, JobOrder, Keep, LeadFilter,
    LeadRow, LeadStory, MirrorDone, MirrorOrder, MirrorRow, NewRulebook, Page, Paper, Papers,
    Published, RecordFilter, RulebookRow, Store, StoreResult, Swept, Tally, Terms, TokenOrder,
    TokenRow, Wake, agree::Change,
};
use crate::model::{
    alert::RaisedAlert,
    event::{Accepted, Event, NewEvent},
    id::{EventId, Seq},
    imported::Imported,
    job::{JobRow, Settled, Settlement},
    plan::Decided,
    record::RecordRow,
    team::Team,
    time::Time,
};

/// The verbs that answer later: of the wrapper they go to the store within, and of the store to the
/// wrapper.
macro_rules! verbs {
    ($($verb:ident($($name:ident: $what:ty),*) -> $answer:ty;)*) => {
        /// A store around another. What it does not say goes to the one within.
        pub trait Wrapped: Send + Sync {
            /// The store within.
            fn within(&self) -> &dyn Store;

            /// Whether a verb gets through at all.
            ///
            /// # Errors
            /// What the verb answers in place of the store within.
            fn gate(&self) -> StoreResult<()> {
                Ok(())
            }

            /// See [`Store::is_shared`].
            fn is_shared(&self) -> bool {
                self.within().is_shared()
            }

            /// See [`Store::promise`].
            fn promise(&self) -> String {
                self.within().promise()
            }

            /// See [`Store::wakes`].
            fn wakes(&self) -> Option<Receiver<Wake>> {
                self.within().wakes()
            }

            /// See [`Store::backup`].
            fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
                self.within().backup(file)
            }

            $(
                #[doc = concat!("See [`Store::", stringify!($verb), "`].")]
                fn $verb(&self, $($name: $what),*) -> Boxed<'_, StoreResult<$answer>> {
                    self.within().$verb($($name),*)
                }
            )*
        }

        impl<W: Wrapped> Store for W {
            fn is_shared(&self) -> bool {
                Wrapped::is_shared(self)
            }

            fn promise(&self) -> String {
                Wrapped::promise(self)
            }

            fn wakes(&self) -> Option<Receiver<Wake>> {
                Wrapped::wakes(self)
            }

            fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
                Wrapped::backup(self, file)
            }

            $(
                fn $verb(&self, $($name: $what),*) -> Boxed<'_, StoreResult<$answer>> {
                    if let Err(error) = self.gate() {
                        return Box::pin(std::future::ready(Err(error)));
                    }
                    Wrapped::$verb(self, $($name),*)
                }
            )*
        }
    };
}

verbs! {
    accept(events: Vec<NewEvent>) -> Vec<Accepted>;
    undecided_after(after: EventId, max: usize) -> Vec<Event>;
    decide(batch: Batch) -> BatchDone;
    claim(claim: Claim) -> ClaimDone;
    settle(settlements: Vec<Settlement>, now: Time) -> Vec<Settled>;
    order(jobs: Vec<i64>, order: JobOrder, now: Time) -> usize;
    redo(events: Vec<uuid::Uuid>) -> usize;
    publish_on(rulebook: NewRulebook, terms: Terms) -> Published;
    papers(which: Papers) -> Vec<Paper>;
    amend(name: String, change: Arc<Amend>) -> ();
    sweep(keep: Keep, now: Time) -> Swept;
    tokens(order: TokenOrder) -> Vec<TokenRow>;
    leads(filter: LeadFilter) -> Page<LeadRow>;
    lead(lead: uuid::Uuid) -> Option<LeadStory>;
    jobs(filter: JobFilter) -> Page<JobRow>;
    events(filter: EventFilter) -> Page<Event>;
    decisions(filter: DecisionFilter) -> Page<Decided>;
    records(filter: RecordFilter) -> Page<RecordRow>;
    checkpoint(at: Seq) -> Option<(Seq, Team)>;
    basis(hash: i64) -> Option<String>;
    rulebooks(version: Option<u32>) -> Vec<RulebookRow>;
    team() -> Team;
    tally(now: Time) -> Tally;
    audit(now: Time) -> Audit;
    alerts(replace: Option<Vec<RaisedAlert>>) -> Vec<RaisedAlert>;
    mirror(order: MirrorOrder) -> MirrorDone;
    accounts(after: Option<(String, String)>, max: usize) -> Vec<MirrorRow>;
    mirror_version() -> u64;
    import(order: ImportOrder) -> ImportDone;
    imported(after: ImportKey, max: usize) -> Vec<Imported>;
    import_standing() -> ImportStanding;
    agree(name: String, change: Arc<Change>, now: Time) -> ();
    newest_rulebook() -> u32;
    ready() -> ();
    bloat() -> Option<Bloat>;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Those that are made of other verbs, which go through.
    const MADE_OF_OTHERS: [&str; 3] = ["undecided", "publish", "recount"];

    #[test]
    fn every_verb_of_a_store_goes_through() {
        let (_, contract) = include_str!("mod.rs").split_once("pub trait Store:").unwrap();
        let (contract, _) = contract.split_once("\n}\n").unwrap();
        let verbs = contract.lines().filter_map(|line| line.strip_prefix("    fn "));
        let verbs = verbs.filter_map(|line| line.split(['(', '<']).next());
        let own = include_str!("wrapped.rs");
        let (own, _) = own.split_once("#[cfg(test)]").unwrap();
        let is_missing = |verb: &&str| {
            !own.contains(&format!("    {verb}(")) && !own.contains(&format!("fn {verb}"))
        };
        let missing: BTreeSet<&str> = verbs.filter(is_missing).collect();
        assert_eq!(missing, MADE_OF_OTHERS.into(), "put them into the table of `verbs!`");
    }
}
