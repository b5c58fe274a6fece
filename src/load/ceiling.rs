//! What intake could reach at most: the same server over stores that do less.
//!
//! Guarantees: every way runs the same route, the same verification and the same answer; only
//! what `accept` does differs. Does not know: the generator.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use tokio::sync::oneshot;

use crate::{
    model::{
        alert::RaisedAlert,
        event::{Accepted, Event, NewEvent},
        id::{EventId, Seq, event_uuid},
        job::{JobRow, Settled, Settlement},
        plan::Decided,
        record::RecordRow,
        team::Team,
        time::Time,
    },
    store::{
        Amend, Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
        JobFilter, JobOrder, Keep, LeadFilter, LeadRow, LeadStory, NewRulebook, Page, Paper,
        Papers, Published, RecordFilter, RulebookRow, Store, StoreError, StoreResult, Swept, Tally,
        Terms, TokenOrder, TokenRow,
    },
};

/// What `accept` does.
pub enum Way {
    /// Nothing: it answers.
    Nothing,
    /// Appends to a file; those that wait share a sync.
    Log(GroupLog),
    /// What the store does, but nothing is decided.
    Stored,
}

/// A store of which only intake is measured.
pub struct Ceiling {
    way: Way,
    inner: Arc<dyn Store>,
}

impl Ceiling {
    /// Puts a way of accepting before a store.
    #[must_use]
    pub fn new(way: Way, inner: Arc<dyn Store>) -> Self {
        Self { way, inner }
    }
}

fn accepted(events: &[NewEvent]) -> Vec<Accepted> {
    let one = |event: &NewEvent| Accepted {
        uuid: event_uuid(event.received_at, &event.source, &event.delivery),
        is_duplicate: false,
    };
    events.iter().map(one).collect()
}

type Line = (Vec<NewEvent>, oneshot::Sender<StoreResult<Vec<Accepted>>>);

/// An append-only file with one thread that writes and syncs for all who wait.
pub struct GroupLog {
    line: SyncSender<Line>,
}

impl GroupLog {
    /// Makes the file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let (line, waiting) = mpsc::sync_channel(4096);
        thread::Builder::new()
            .name("bench-log".to_owned())
            .spawn(move || append(file, &waiting))?;
        Ok(Self { line })
    }
}

fn append(mut file: File, waiting: &Receiver<Line>) {
    while let Ok(first) = waiting.recv() {
        let mut turn = vec![first];
        turn.extend(waiting.try_iter().take(511));
        let mut bytes = Vec::new();
        for event in turn.iter().flat_map(|(events, _)| events) {
            bytes.extend_from_slice(event.delivery.as_bytes());
            bytes.extend_from_slice(&event.body);
        }
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        for (events, reply) in turn {
            let answer = match &written {
                Ok(()) => Ok(accepted(&events)),
                Err(error) => Err(StoreError::Fatal(error.to_string())),
            };
            let _ = reply.send(answer); // whoever asked may have gone
        }
    }
}

impl Store for Ceiling {
    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        match &self.way {
            Way::Nothing => Box::pin(async move { Ok(accepted(&events)) }),
            Way::Log(log) => {
                let (reply, answer) = oneshot::channel();
                let sent = log.line.try_send((events, reply));
                Box::pin(async move {
                    sent.map_err(|_| StoreError::Busy("the waiting line is full".to_owned()))?;
                    answer.await.unwrap_or_else(|_| Err(StoreError::Fatal("stopped".to_owned())))
                })
            }
            Way::Stored => self.inner.accept(events),
        }
    }

    fn undecided_after(&self, _after: EventId, _max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn decide(&self, batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        self.inner.decide(batch)
    }

    fn claim(&self, claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        self.inner.claim(claim)
    }

    fn settle(
        &self,
        settlements: Vec<Settlement>,
        now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        self.inner.settle(settlements, now)
    }

    fn order(&self, jobs: Vec<i64>, order: JobOrder, now: Time) -> Boxed<'_, StoreResult<usize>> {
        self.inner.order(jobs, order, now)
    }

    fn redo(&self, events: Vec<uuid::Uuid>) -> Boxed<'_, StoreResult<usize>> {
        self.inner.redo(events)
    }

    fn publish_on(&self, rulebook: NewRulebook, terms: Terms) -> Boxed<'_, StoreResult<Published>> {
        self.inner.publish_on(rulebook, terms)
    }

    fn papers(&self, which: Papers) -> Boxed<'_, StoreResult<Vec<Paper>>> {
        self.inner.papers(which)
    }

    fn amend(&self, name: String, change: Arc<Amend>) -> Boxed<'_, StoreResult<()>> {
        self.inner.amend(name, change)
    }

    fn sweep(&self, keep: Keep, now: Time) -> Boxed<'_, StoreResult<Swept>> {
        self.inner.sweep(keep, now)
    }

    fn tokens(&self, order: TokenOrder) -> Boxed<'_, StoreResult<Vec<TokenRow>>> {
        self.inner.tokens(order)
    }

    fn leads(&self, filter: LeadFilter) -> Boxed<'_, StoreResult<Page<LeadRow>>> {
        self.inner.leads(filter)
    }

    fn lead(&self, lead: uuid::Uuid) -> Boxed<'_, StoreResult<Option<LeadStory>>> {
        self.inner.lead(lead)
    }

    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<JobRow>>> {
        self.inner.jobs(filter)
    }

    fn events(&self, filter: EventFilter) -> Boxed<'_, StoreResult<Page<Event>>> {
        self.inner.events(filter)
    }

    fn decisions(&self, filter: DecisionFilter) -> Boxed<'_, StoreResult<Page<Decided>>> {
        self.inner.decisions(filter)
    }

    fn records(&self, filter: RecordFilter) -> Boxed<'_, StoreResult<Page<RecordRow>>> {
        self.inner.records(filter)
    }

    fn checkpoint(&self, at: Seq) -> Boxed<'_, StoreResult<Option<(Seq, Team)>>> {
        self.inner.checkpoint(at)
    }

    fn basis(&self, hash: i64) -> Boxed<'_, StoreResult<Option<String>>> {
        self.inner.basis(hash)
    }

    fn rulebooks(&self, version: Option<u32>) -> Boxed<'_, StoreResult<Vec<RulebookRow>>> {
        self.inner.rulebooks(version)
    }

    fn team(&self) -> Boxed<'_, StoreResult<Team>> {
        self.inner.team()
    }

    fn tally(&self, now: Time) -> Boxed<'_, StoreResult<Tally>> {
        self.inner.tally(now)
    }

    fn audit(&self, now: Time) -> Boxed<'_, StoreResult<Audit>> {
        self.inner.audit(now)
    }

    fn alerts(
        &self,
        replace: Option<Vec<RaisedAlert>>,
    ) -> Boxed<'_, StoreResult<Vec<RaisedAlert>>> {
        self.inner.alerts(replace)
    }

    fn agree(
        &self,
        name: String,
        change: std::sync::Arc<crate::store::agree::Change>,
        now: Time,
    ) -> Boxed<'_, StoreResult<()>> {
        self.inner.agree(name, change, now)
    }

    fn ready(&self) -> Boxed<'_, StoreResult<()>> {
        self.inner.ready()
    }

    fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
        self.inner.backup(file)
    }
}
