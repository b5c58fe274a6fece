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
        event::{Accepted, Event, NewEvent},
        id::{EventId, event_uuid},
    },
    store::{Boxed, Store, StoreError, StoreResult, Wrapped},
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

impl Wrapped for Ceiling {
    fn within(&self) -> &dyn Store {
        &*self.inner
    }

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
}
