//! What waits for a turn: a verb, done at once, or a batch that is decided a part in each turn.
//!
//! Guarantees: a request can be run again after a rollback; it is answered once, and `Ok` only
//! when what it did is on disk.
//! Does not know: transactions, threads.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    books::Books,
    decide::{self, Way},
    job,
};
use crate::store::{Batch, BatchDone, StoreError, StoreResult};

/// One request that waits for a turn.
pub trait Ask: Send {
    /// How much of a turn it takes, in rows.
    fn weight(&self) -> usize;
    /// Whether it decides, and so shares turns with what comes in.
    fn is_deciding(&self) -> bool {
        false
    }
    /// Does it; may be called again after a rollback. `room` is how many steps may be decided. A
    /// refusal is an answer; an error here ends the turn.
    fn run(&mut self, tx: &Connection, books: &mut Books, room: usize) -> StoreResult<()>;
    /// After it failed for a reason of its own: whether it can be run again in a way that bears
    /// that.
    fn be_careful(&mut self) -> bool {
        false
    }
    /// It is on disk: answers, or goes on in another turn.
    fn answer(self: Box<Self>) -> Option<Box<dyn Ask>>;
    /// It is not on disk.
    fn fail(self: Box<Self>, error: StoreError);
}

/// A verb, done at once.
pub struct Verb<T, F> {
    weight: usize,
    work: F,
    result: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Verb<T, F>
where
    F: FnMut(&Connection, &mut Books) -> StoreResult<T>,
{
    /// A request that does `work` and sends the result to `reply`. Work refuses before it writes.
    pub fn new(weight: usize, reply: oneshot::Sender<StoreResult<T>>, work: F) -> Self {
        Self { weight, work, result: None, reply }
    }
}

impl<T, F> Ask for Verb<T, F>
where
    T: Send,
    F: FnMut(&Connection, &mut Books) -> StoreResult<T> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, tx: &Connection, books: &mut Books, _room: usize) -> StoreResult<()> {
        self.result = match (self.work)(tx, books) {
            result @ (Ok(_) | Err(StoreError::Refused(_))) => Some(result),
            Err(error) => return Err(error),
        };
        Ok(())
    }

    fn answer(self: Box<Self>) -> Option<Box<dyn Ask>> {
        if let Some(result) = self.result {
            let _ = self.reply.send(result); // whoever asked may have gone
        }
        None
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// A batch that is being decided, a part in each turn.
pub struct Deciding {
    batch: Batch,
    /// Steps that are on disk.
    steps: usize,
    /// Reviews that may still be decided.
    reviews: usize,
    /// A plan failed in the middle in this turn.
    is_careful: bool,
    done: BatchDone,
    /// What this turn did: steps, reviews left, answers.
    part: Option<(usize, usize, BatchDone)>,
    reply: oneshot::Sender<StoreResult<BatchDone>>,
}

impl Deciding {
    /// A request to decide a batch.
    pub fn new(batch: Batch, reply: oneshot::Sender<StoreResult<BatchDone>>) -> Self {
        let reviews = batch.reviews_max;
        let done = BatchDone::default();
        Self { batch, steps: 0, reviews, is_careful: false, done, part: None, reply }
    }

    fn has_more(&self) -> bool {
        self.steps < self.batch.steps.len() || self.reviews > 0
    }
}

impl Ask for Deciding {
    fn weight(&self) -> usize {
        0
    }

    fn is_deciding(&self) -> bool {
        true
    }

    fn run(&mut self, tx: &Connection, books: &mut Books, room: usize) -> StoreResult<()> {
        let mut done = BatchDone::default();
        let rest = self.batch.steps.get(self.steps..).unwrap_or_default();
        let steps = rest.get(..room).unwrap_or(rest);
        let way = Way { batch: &self.batch, is_careful: self.is_careful };
        decide::steps(tx, books, way, steps, &mut done)?;
        let is_last = steps.len() == rest.len();
        let mut reviews = self.reviews;
        let room = room.saturating_sub(steps.len()).min(reviews);
        if is_last && room > 0 {
            let decided = decide::reviews(tx, books, way, room, &mut done)?;
            reviews = if decided < room { 0 } else { reviews - decided };
        }
        if is_last && reviews == 0 {
            done.next_review = job::next_review(tx)?;
        }
        self.part = Some((self.steps + steps.len(), reviews, done));
        Ok(())
    }

    fn be_careful(&mut self) -> bool {
        !std::mem::replace(&mut self.is_careful, true)
    }

    fn answer(mut self: Box<Self>) -> Option<Box<dyn Ask>> {
        self.is_careful = false;
        if let Some((steps, reviews, part)) = self.part.take() {
            (self.steps, self.reviews) = (steps, reviews);
            self.done.decided.extend(part.decided);
            self.done.reviews += part.reviews;
            self.done.late.extend(part.late);
            self.done.failed.extend(part.failed);
            for woken in part.woken {
                if !self.done.woken.contains(&woken) {
                    self.done.woken.push(woken);
                }
            }
            self.done.next_review = part.next_review;
        }
        if self.has_more() {
            return Some(self);
        }
        let _ = self.reply.send(Ok(self.done));
        None
    }

    fn fail(self: Box<Self>, error: StoreError) {
        // What earlier turns decided stands; the rest is still under way and will be asked again.
        let is_partly_done = self.steps > 0 || self.reviews < self.batch.reviews_max;
        let stands = is_partly_done && !matches!(error, StoreError::Fatal(_));
        let _ = self.reply.send(if stands { Ok(self.done) } else { Err(error) });
    }
}
