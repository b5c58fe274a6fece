//! The lease under which a task makes its calls.
//!
//! Work that was claimed belongs to its holder for a while; after that somebody else may be doing
//! it. A holder that was frozen, or slow, must not go on as if nothing had happened, so the lease
//! goes with the task and is looked at where calls leave: at the first one, at each that follows
//! (an owner after the fields, a repeat after a new token), and at every step of one under way.
//!
//! Guarantees: nothing is begun, and no further byte of a body is handed over, once the lease is
//! over; what is under way ends with it. A task without a lease is bound by the call's own deadline.
//! Does not know: who gave the lease, or the clock; it is told how much is left.

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

tokio::task_local! {
    static HELD: Lease;
}

/// A body is handed over in pieces of this many bytes.
const PIECE: usize = 16 * 1024;

/// How long work is still ours.
#[derive(Clone)]
pub struct Lease(Arc<dyn Fn() -> Duration + Send + Sync>);

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({:?} left)", self.left())
    }
}

/// Why work under a lease did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// The lease was over before it began: nothing was done.
    #[error("the lease was over before it began")]
    Unbegun,
    /// The lease or the deadline ended while it was under way: it may have been done.
    #[error("the time was over while it was under way")]
    Underway,
}

impl Lease {
    /// A lease that is asked how much of it is left.
    pub fn new(left: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(left))
    }

    /// How much of it is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        (self.0)()
    }

    /// Whether somebody else may have the work by now.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Does work whose calls keep to this lease.
    pub async fn hold<F: Future>(&self, work: F) -> F::Output {
        HELD.scope(self.clone(), work).await
    }

    /// The lease of this task, if it has one.
    #[must_use]
    pub fn held() -> Option<Self> {
        HELD.try_with(Clone::clone).ok()
    }
}

/// Lets work go on while this task's lease stands, and no longer than `most`.
///
/// # Errors
/// [`Cut`], when the time was over first.
pub async fn within<F: Future>(most: Duration, work: F) -> Result<F::Output, Cut> {
    let lease = Lease::held();
    let left = lease.as_ref().map_or(most, Lease::left);
    if left.is_zero() {
        return Err(Cut::Unbegun);
    }
    let leased = Leased { lease, work: pin!(work) };
    tokio::time::timeout(most.min(left), leased).await.unwrap_or(Err(Cut::Underway))
}

/// Work that is asked at each step whether it may go on: after a freeze a deadline alone would let
/// it take one step too many.
struct Leased<'a, F> {
    lease: Option<Lease>,
    work: Pin<&'a mut F>,
}

impl<F: Future> Future for Leased<'_, F> {
    type Output = Result<F::Output, Cut>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.lease.as_ref().is_some_and(Lease::is_over) {
            return Poll::Ready(Err(Cut::Underway));
        }
        self.work.as_mut().poll(context).map(Ok)
    }
}

/// A request's body that ends in an error with the lease: the connection that sends it is a task
/// of its own, which no deadline of ours stops.
pub(super) struct LeasedBody {
    rest: Bytes,
    lease: Lease,
}

impl LeasedBody {
    pub fn new(body: Vec<u8>, lease: Lease) -> Self {
        Self { rest: Bytes::from(body), lease }
    }
}

impl Body for LeasedBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if self.lease.is_over() {
            return Poll::Ready(Some(Err(Cut::Underway)));
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A lease, and what shortens it.
    fn lease(ms: u64) -> (Lease, Arc<AtomicU64>) {
        let left = Arc::new(AtomicU64::new(ms));
        let told = Arc::clone(&left);
        (Lease::new(move || Duration::from_millis(told.load(Ordering::Relaxed))), left)
    }

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn what_is_left_bounds_the_work() {
        let (lease, _) = lease(30);
        let cut = lease.hold(within(LONG, std::future::pending::<()>())).await;
        assert_eq!(cut, Err(Cut::Underway));
        assert_eq!(within(LONG, async { 7 }).await, Ok(7), "nobody gave a lease");
        let cut = within(Duration::from_millis(1), std::future::pending::<()>()).await;
        assert_eq!(cut, Err(Cut::Underway));
    }

    #[tokio::test]
    async fn nothing_is_begun_after_the_end() {
        let (lease, _) = lease(0);
        let cut = lease.hold(within(LONG, async { panic!("begun") })).await;
        assert_eq!(cut, Err::<(), _>(Cut::Unbegun));
    }

    #[tokio::test]
    async fn after_a_freeze_no_further_step_is_taken() {
        let (lease, left) = lease(60_000);
        let frozen = async {
            left.store(0, Ordering::Relaxed);
            tokio::task::yield_now().await;
            panic!("a step too many");
        };
        let cut = lease.hold(within(LONG, frozen)).await;
        assert_eq!(cut, Err::<(), _>(Cut::Underway));
    }

    #[test]
    fn a_body_is_handed_over_in_pieces_and_breaks_off_with_the_lease() {
        let (lease, left) = lease(1);
        let mut body = LeasedBody::new(vec![7; PIECE + 1], lease);
        assert_eq!(body.size_hint().exact(), Some(PIECE as u64 + 1));
        let mut next = || {
            let mut context = Context::from_waker(std::task::Waker::noop());
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Ready(frame) => {
                    frame.map(|one| one.map(|one| one.into_data().unwrap().len()))
                }
                Poll::Pending => panic!("it never waits"),
            }
        };
        assert_eq!(next(), Some(Ok(PIECE)));
        left.store(0, Ordering::Relaxed);
        assert_eq!(next(), Some(Err(Cut::Underway)), "the last byte stays here");
    }
}
