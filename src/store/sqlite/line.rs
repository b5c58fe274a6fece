//! The waiting line and the one thread that writes.
//!
//! Guarantees: the line is bounded; past that a request is answered [`StoreError::Busy`] at once.
//! What comes in and deciding share every turn, so neither starves the other. Idle, a request is
//! taken at once; under load the thread waits a little, so that more share a sync.
//! Does not know: what a request does.

use std::{
    collections::VecDeque,
    sync::mpsc::{self, Receiver, SyncSender, TryRecvError, TrySendError},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{ask::Ask, turn::Core};
use crate::store::{StoreError, StoreResult};

/// How the line is kept. The defaults were measured; tests take others.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Requests that may wait.
    pub line_max: usize,
    /// Rows that come in with one turn, beside at least one request.
    pub rows_a_turn: usize,
    /// Steps decided in a turn while other requests wait; more when more rows came in with it.
    pub steps_busy: usize,
    /// Steps decided in a turn while none does.
    pub steps_idle: usize,
    /// How long requests are gathered under load before a turn.
    pub gather: Duration,
    /// From how many requests in one turn on there is load.
    pub load: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            line_max: 4096,
            rows_a_turn: 512,
            steps_busy: 64,
            steps_idle: 256,
            gather: Duration::from_millis(1),
            load: 24,
        }
    }
}

/// The way to the thread.
pub struct Line {
    sender: Option<SyncSender<Box<dyn Ask>>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Starts the thread.
    pub fn start(core: Core, pace: Pace) -> StoreResult<Self> {
        let (sender, receiver) = mpsc::sync_channel(pace.line_max);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write(core, &receiver, pace))
            .map_err(|error| StoreError::Busy(format!("no thread for the writer: {error}")))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Puts a request in the line.
    pub fn send(&self, ask: Box<dyn Ask>) -> StoreResult<()> {
        let Some(sender) = &self.sender else { return Err(stopped()) };
        sender.try_send(ask).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy("the waiting line is full".to_owned()),
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

impl Drop for Line {
    /// Lets the thread finish what waits, so that the lock is free when the store is gone.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer when there is nobody left to write.
pub fn stopped() -> StoreError {
    StoreError::Fatal("the writer has stopped".to_owned())
}

/// The thread: one turn after the other until the last sender is gone and nothing waits.
fn write(mut core: Core, line: &Receiver<Box<dyn Ask>>, pace: Pace) {
    let mut waiting = Waiting::default();
    let mut is_loaded = false;
    loop {
        if waiting.is_empty() {
            match line.recv() {
                Ok(ask) => waiting.push(ask),
                Err(_) => return,
            }
        }
        if is_loaded && waiting.coming.len() < pace.load {
            thread::sleep(pace.gather);
        }
        while waiting.coming.len() < pace.rows_a_turn {
            match line.try_recv() {
                Ok(ask) => waiting.push(ask),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        let turn = waiting.take(pace.rows_a_turn);
        is_loaded = turn.len() >= pace.load;
        // Deciding keeps up with what comes in: as many steps as rows, and never too few.
        let rows = turn.iter().map(|ask| ask.weight()).sum();
        let room = if turn.len() <= 1 { pace.steps_idle } else { pace.steps_busy.max(rows) };
        for unfinished in core.turn(turn, room) {
            waiting.deciding.push_front(unfinished);
        }
        core.checkpoint();
    }
}

/// What was taken out of the line and not yet done.
#[derive(Default)]
struct Waiting {
    coming: VecDeque<Box<dyn Ask>>,
    deciding: VecDeque<Box<dyn Ask>>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.coming.is_empty() && self.deciding.is_empty()
    }

    fn push(&mut self, ask: Box<dyn Ask>) {
        if ask.is_deciding() {
            self.deciding.push_back(ask);
        } else {
            self.coming.push_back(ask);
        }
    }

    /// The next turn: requests in their order up to a weight (at least one), then one that decides.
    fn take(&mut self, rows_max: usize) -> Vec<Box<dyn Ask>> {
        let (mut turn, mut rows) = (Vec::new(), 0);
        while let Some(next) = self.coming.front() {
            rows += next.weight();
            if rows > rows_max && !turn.is_empty() {
                break;
            }
            turn.extend(self.coming.pop_front());
        }
        turn.extend(self.deciding.pop_front());
        turn
    }
}
