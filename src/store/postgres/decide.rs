//! Decide: load what a batch needs, call the pure function step after step, write all at once.
//!
//! Guarantees: whoever has the one row of `decider` locked decides, for one transaction; another
//! replica is told so at once. Decisions are numbered without a gap in the order in which they were
//! made; a step that panics, or whose plan is impossible, costs its event a try and leaves no other
//! trace; an event that is no longer under way is passed over. When the database refuses what a
//! batch planned, its parts are decided by themselves, until the one is found that is at fault.
//! Does not know: how to decide.

use std::{ops::Range, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use tokio::{
    sync::{
        mpsc::{self, Receiver, error::TrySendError},
        oneshot,
    },
    task::block_in_place,
    time::timeout,
};

use super::{
    DECIDE_MAX, books as memory, commit, error, job,
    overlay::{Changes, Overlay},
    pools::Pools,
    stopped,
    tx::{Tx, get},
    wakes::Wakes,
};
use crate::store::{Batch, BatchDone, StoreError, StoreResult, Wake, books::Books};

/// Batches that may wait.
const LINE_MAX: usize = 64;

type Reply = oneshot::Sender<StoreResult<BatchDone>>;

/// The way to the task that decides: one batch after the other, in the order they came in.
pub struct Decider {
    sender: mpsc::Sender<(Batch, Reply)>,
}

impl Decider {
    /// Starts the task.
    pub fn start(pools: Pools, wakes: Arc<Wakes>) -> Self {
        let (sender, batches) = mpsc::channel(LINE_MAX);
        tokio::spawn(Desk { pools, wakes, memory: None }.serve(batches));
        Self { sender }
    }

    /// Puts a batch in its line.
    pub fn send(&self, batch: Batch, reply: Reply) -> StoreResult<()> {
        self.sender.try_send((batch, reply)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy("the waiting line is full".to_owned()),
            TrySendError::Closed(_) => stopped(),
        })
    }
}

/// Who decides for this replica.
struct Desk {
    pools: Pools,
    wakes: Arc<Wakes>,
    /// What it remembers, and the number of the batch that it is true after.
    memory: Option<(i64, Books)>,
}

/// A part of a batch that is decided in one transaction: some of its steps, then so many reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    steps: Range<usize>,
    reviews: usize,
    /// Why the database refused it, when it is too small to be divided.
    broken: Option<String>,
}

impl Part {
    /// The parts of this one in their order, after the database refused it.
    fn divided(mut self, why: String) -> Vec<Self> {
        let of = |steps: Range<usize>, reviews| Self { steps, reviews, broken: None };
        let Range { start, end } = self.steps;
        let none = end..end;
        match (self.steps.len(), self.reviews) {
            (1.., 1..) => vec![of(start..end, 0), of(none, self.reviews)],
            (2.., 0) => {
                let middle = start + self.steps.len() / 2;
                vec![of(start..middle, 0), of(middle..end, 0)]
            }
            (0, 2..) => vec![of(none.clone(), 1), of(none, self.reviews - 1)],
            _ => {
                self.broken = Some(why);
                vec![self]
            }
        }
    }
}

impl Desk {
    async fn serve(mut self, mut batches: Receiver<(Batch, Reply)>) {
        while let Some((batch, reply)) = batches.recv().await {
            // A mistake of ours must not end the task, and deciding with it in silence.
            let done =
                AssertUnwindSafe(self.decide(&batch)).catch_unwind().await.unwrap_or_else(|_| {
                    Err(StoreError::Busy("deciding failed inside handoff".to_owned()))
                });
            if let Ok(done) = &done
                && !done.woken.is_empty()
            {
                self.wakes.say(Wake::Jobs);
            }
            let _ = reply.send(done); // whoever asked may have gone
        }
    }

    async fn decide(&mut self, batch: &Batch) -> StoreResult<BatchDone> {
        let mut done = BatchDone::default();
        if batch.steps.is_empty() {
            done.next_review = self.next_review().await?;
            let is_due = done.next_review.is_some_and(|due_at| due_at <= batch.now);
            if !is_due || batch.reviews_max == 0 {
                return Ok(done);
            }
        }
        let all = Part { steps: 0..batch.steps.len(), reviews: batch.reviews_max, broken: None };
        let mut parts = vec![all];
        while let Some(part) = parts.pop() {
            let decided = match timeout(DECIDE_MAX, self.attempt(batch, &part)).await {
                Ok(decided) => decided,
                Err(_) => Err(StoreError::Busy("PostgreSQL did not answer in time".to_owned())),
            };
            match decided {
                Ok(Some(more)) => add(&mut done, more),
                Ok(None) => {
                    done.is_elsewhere = true;
                    break;
                }
                Err(StoreError::Corrupt(why) | StoreError::Refused(why))
                    if part.broken.is_none() =>
                {
                    parts.extend(part.divided(why).into_iter().rev());
                }
                // What was decided stands; the rest is still under way and will be asked again.
                Err(error) if done == BatchDone::default() || is_fatal(&error) => {
                    return Err(error::in_a_write(error));
                }
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// When the next review is due, without being the one who decides.
    async fn next_review(&self) -> StoreResult<Option<crate::model::time::Time>> {
        let read = async {
            let tx = self.pools.read_for_work().await?;
            let next = job::next_review(&tx).await;
            tx.end(next).await
        };
        timeout(DECIDE_MAX, read).await.unwrap_or_else(|_| {
            Err(StoreError::Busy("PostgreSQL did not answer in time".to_owned()))
        })
    }

    /// Decides a part in one transaction; none if another replica is deciding.
    async fn attempt(&mut self, batch: &Batch, part: &Part) -> StoreResult<Option<BatchDone>> {
        let tx = Tx::unbegun(self.pools.work()).await?;
        let opening = self.pools.begin_deciding();
        let (begun, locked) = tokio::join!(biased; tx.batch(&opening), tx.first(LOCK, &[]));
        begun?;
        let Some(row) = locked? else {
            return tx.end(Ok(None)).await;
        };
        let (written, last_seq): (i64, i64) = (get(&row, 0)?, get(&row, 1)?);
        // Until this is committed nothing is remembered: what is known then is what is written.
        let remembered = self.memory.take().filter(|(batch, _)| *batch == written);
        let steps = batch.steps.get(part.steps.clone()).unwrap_or_default();
        let (mut books, loaded) = tokio::try_join!(
            async {
                match remembered {
                    Some((_, books)) => Ok(books),
                    None => memory::load(&tx).await,
                }
            },
            commit::load(&tx, steps, batch.now, part.reviews),
        )?;
        books.last_seq = last_seq;
        let broken = part.broken.as_deref();
        let (changes, mut done) = block_in_place(|| {
            let mut overlay = Overlay::new(batch, loaded, &mut books);
            overlay.steps(steps, broken);
            overlay.reviews(part.reviews, broken);
            (overlay.changes, overlay.done)
        });
        let now_written = self.write(&tx, batch, changes, &mut books).await?;
        let (next, committed) = tokio::join!(biased; job::next_review(&tx), tx.batch("COMMIT"));
        done.next_review = next?;
        committed?;
        tx.ended();
        self.memory = Some((written + now_written, books));
        Ok(Some(done))
    }

    /// Writes what changed; answers how many batches that was.
    async fn write(
        &self,
        tx: &Tx,
        batch: &Batch,
        changes: Changes,
        books: &mut Books,
    ) -> StoreResult<i64> {
        if changes.is_empty() {
            return Ok(0);
        }
        let unwritten = memory::take(books);
        commit::write(tx, &changes, (books, &unwritten), batch.now).await?;
        Ok(1)
    }
}

/// Locks the right to decide. The number is the decisions' own, whatever was restored or copied.
const LOCK: &str = "SELECT batch, greatest(last_seq, (SELECT coalesce(max(seq), 0) FROM decision))
     FROM decider WHERE id = 1 FOR UPDATE SKIP LOCKED";

fn is_fatal(error: &StoreError) -> bool {
    matches!(error, StoreError::Fatal(_))
}

/// Adds what a later part did.
fn add(done: &mut BatchDone, more: BatchDone) {
    done.decided.extend(more.decided);
    done.reviews += more.reviews;
    done.late.extend(more.late);
    done.failed.extend(more.failed);
    for lane in more.woken {
        if !done.woken.contains(&lane) {
            done.woken.push(lane);
        }
    }
    done.next_review = more.next_review;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(steps: Range<usize>, reviews: usize) -> Part {
        Part { steps, reviews, broken: None }
    }

    #[test]
    fn a_refused_part_is_divided_until_one_thing_is_at_fault() {
        let divided = |part: Part| part.divided("why".to_owned());
        assert_eq!(divided(part(0..5, 9)), [part(0..5, 0), part(5..5, 9)]);
        assert_eq!(divided(part(0..5, 0)), [part(0..2, 0), part(2..5, 0)]);
        assert_eq!(divided(part(5..5, 9)), [part(5..5, 1), part(5..5, 8)]);
        for smallest in [part(3..4, 0), part(4..4, 1)] {
            let broken = Part { broken: Some("why".to_owned()), ..smallest.clone() };
            assert_eq!(divided(smallest), [broken]);
        }
    }
}
