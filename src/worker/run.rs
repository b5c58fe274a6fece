//! Running the loops until the stop, and stopping in order.
//!
//! Guarantees: every loop ends after the step it is in; a fatal store ends the process.
//! Does not know: signals; the stop is a value.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use tokio::{sync::watch, task::JoinSet};

use super::{Worker, decide::Worked, reload::Watch};
use crate::{
    model::{job::JobKind, time::Span},
    store::{StoreError, StoreResult},
};

/// Without a wake-up or a due time, every loop looks again this often.
const POLL: Span = Span::seconds(5);
/// After a failed step a loop waits before it tries again.
const AFTER_FAILURE: Span = Span::seconds(1);

/// Why the loops ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// They were asked to.
    Stopped,
    /// The store is not to be trusted any more: the process must end.
    Fatal(String),
}

/// Runs all loops until `stop` is true.
pub async fn run(
    worker: Arc<Worker>,
    files: Option<Arc<Watch>>,
    workers_per_lane: usize,
    stop: watch::Receiver<bool>,
) -> Ended {
    let mut loops = JoinSet::new();
    {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        let wake = worker.wakes.for_decide();
        loops.spawn(
            async move { turn(&worker, &wake, stop, "decide", || worker.decide_once()).await },
        );
    }
    for name in worker.crms.keys() {
        for kind in [JobKind::Write, JobKind::Ask] {
            for _ in 0..workers_per_lane {
                spawn_lane(&mut loops, &worker, kind, name, &stop);
            }
        }
    }
    for name in worker.channels.keys() {
        spawn_lane(&mut loops, &worker, JobKind::Tell, name, &stop);
    }
    {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        let never = Arc::new(tokio::sync::Notify::new());
        loops.spawn(
            async move { turn(&worker, &never, stop, "sweep", || worker.sweep_once()).await },
        );
    }
    {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        let never = Arc::new(tokio::sync::Notify::new());
        loops.spawn(
            async move { turn(&worker, &never, stop, "audit", || worker.audit_once()).await },
        );
    }
    {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        let never = Arc::new(tokio::sync::Notify::new());
        loops.spawn(async move {
            turn(&worker, &never, stop, "calendar", || worker.calendar_once()).await
        });
    }
    {
        let (worker, stop, files) = (Arc::clone(&worker), stop.clone(), files.clone());
        let never = Arc::new(tokio::sync::Notify::new());
        loops.spawn(async move {
            turn(&worker, &never, stop, "watch", || worker.watch_once(files.as_deref())).await
        });
    }
    if let Some(files) = files {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        let never = Arc::new(tokio::sync::Notify::new());
        loops.spawn(async move {
            turn(&worker, &never, stop, "reload", || worker.reload_once(&files)).await
        });
    }
    while let Some(result) = loops.join_next().await {
        match result {
            Ok(Ended::Stopped) => {}
            Ok(fatal @ Ended::Fatal(_)) => return fatal,
            Err(error) => return Ended::Fatal(format!("a loop failed: {error}")),
        }
    }
    Ended::Stopped
}

fn spawn_lane(
    loops: &mut JoinSet<Ended>,
    worker: &Arc<Worker>,
    kind: JobKind,
    name: &str,
    stop: &watch::Receiver<bool>,
) {
    let (worker, stop, name) = (Arc::clone(worker), stop.clone(), name.to_owned());
    let wake = worker.wakes.for_job(kind, &name);
    loops.spawn(async move {
        let work = || async {
            match kind {
                JobKind::Write => worker.write_once(&name).await,
                JobKind::Ask => worker.ask_once(&name).await,
                JobKind::Tell => worker.tell_once(&name).await,
                JobKind::Review => Ok(Worked::default()),
            }
        };
        turn(&worker, &wake, stop, kind.word(), work).await
    });
}

/// One loop: step after step, waiting in between for a wake-up, the next due time, or the stop.
async fn turn<F, Step>(
    worker: &Worker,
    wake: &tokio::sync::Notify,
    mut stop: watch::Receiver<bool>,
    name: &str,
    work: F,
) -> Ended
where
    F: Fn() -> Step,
    Step: Future<Output = StoreResult<Worked>>,
{
    loop {
        if *stop.borrow() {
            return Ended::Stopped;
        }
        // Registered before the work looks, so that a wake-up during it is not lost.
        let woken = wake.notified();
        // A mistake of ours in one step must not end the loop, and the daemon with it in silence.
        let outcome = AssertUnwindSafe(work()).catch_unwind().await.unwrap_or_else(|_| {
            worker.metrics.panicked();
            Err(StoreError::Busy("the step failed inside handoff".to_owned()))
        });
        let pause = match outcome {
            Ok(done) if done.is_more => Span::ZERO,
            Ok(done) => {
                let due = done.next.map_or(POLL, |next| next.since(worker.clock.now()));
                due.clamp(Span::ZERO, POLL)
            }
            Err(StoreError::Fatal(why)) => return Ended::Fatal(why),
            Err(error) => {
                tracing::warn!(step = name, %error, "a step failed; it is tried again");
                AFTER_FAILURE
            }
        };
        if pause <= Span::ZERO {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = woken => {}
            () = worker.clock.sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
