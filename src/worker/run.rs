//! Running the loops until the stop, and stopping in order.
//!
//! Guarantees: every loop ends after the step it is in; a fatal store ends the process.
//! Does not know: signals; the stop is a value.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use tokio::{sync::watch, task::JoinSet};

use super::{Worker, decide::Worked, reload::Watch};
use crate::{
    model::{
        id::digest,
        job::JobKind,
        time::{Span, Time},
    },
    store::{StoreError, StoreResult},
};

/// Without a wake-up or a due time, every loop looks again this often.
const POLL: Span = Span::seconds(5);
/// As often looks one worker of each lane, and the deciding one, when other processes may have made
/// work that no wake-up of ours tells of. It varies by up to a half, so that nobody looks in step.
const POLL_SHARED: Span = Span(500);
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
    let often = if worker.store.is_shared() { POLL_SHARED } else { POLL };
    let to_decide = Turns { name: "decide", wake: worker.wakes.for_decide(), poll: often };
    to_decide.spawn(&mut loops, &worker, &stop, |worker| async move { worker.decide_once().await });
    for name in worker.crms.keys() {
        for kind in [JobKind::Write, JobKind::Ask] {
            for place in 0..workers_per_lane {
                // The first one looks; when it finds more than it can carry, it wakes the next.
                let poll = if place == 0 { often } else { POLL };
                spawn_lane(&mut loops, &worker, (kind, name), poll, &stop);
            }
        }
        spawn_lane(&mut loops, &worker, (JobKind::Observe, name), POLL, &stop);
    }
    for name in worker.channels.keys() {
        spawn_lane(&mut loops, &worker, (JobKind::Tell, name), often, &stop);
    }
    let gates = Turns { name: "exchange", wake: worker.wakes.for_gates(), poll: POLL };
    gates.spawn(&mut loops, &worker, &stop, |worker| async move { worker.exchange_once().await });
    let by_itself = |name| Turns { name, wake: Arc::default(), poll: POLL };
    by_itself("sweep")
        .spawn(&mut loops, &worker, &stop, |worker| async move { worker.sweep_once().await });
    by_itself("audit")
        .spawn(&mut loops, &worker, &stop, |worker| async move { worker.audit_once().await });
    by_itself("sample")
        .spawn(&mut loops, &worker, &stop, |worker| async move { worker.sample_once().await });
    if worker.store.is_shared() {
        by_itself("replica")
            .spawn(&mut loops, &worker, &stop, |worker| async move { worker.replica_once().await });
    }
    let reroute = Turns { wake: worker.wakes.for_reroute(), ..by_itself("reroute") };
    reroute.spawn(&mut loops, &worker, &stop, |worker| async move { worker.reroute_once().await });
    by_itself("calendar")
        .spawn(&mut loops, &worker, &stop, |worker| async move { worker.calendar_once().await });
    by_itself("mirror")
        .spawn(&mut loops, &worker, &stop, |worker| async move { worker.mirror_once().await });
    let watched = files.clone();
    by_itself("watch").spawn(&mut loops, &worker, &stop, move |worker| {
        let files = watched.clone();
        async move { worker.watch_once(files.as_deref()).await }
    });
    if let Some(files) = files {
        let scheduled = Arc::clone(&files);
        let schedule = Turns { wake: worker.wakes.for_papers(), ..by_itself("schedule") };
        schedule.spawn(&mut loops, &worker, &stop, move |worker| {
            let files = Arc::clone(&scheduled);
            async move { worker.schedule_once(&files).await }
        });
        let shadowed = Arc::clone(&files);
        let shadow = Turns { wake: worker.wakes.for_shadow(), ..by_itself("shadow") };
        shadow.spawn(&mut loops, &worker, &stop, move |worker| {
            let files = Arc::clone(&shadowed);
            async move { worker.shadow_once(&files).await }
        });
        let reload = Turns { wake: worker.wakes.for_rulebook(), ..by_itself("reload") };
        reload.spawn(&mut loops, &worker, &stop, move |worker| {
            let files = Arc::clone(&files);
            async move { worker.reload_once(&files).await }
        });
    }
    if let Some(heard) = worker.store.wakes() {
        let (wakes, mut stop) = (Arc::clone(&worker.wakes), stop.clone());
        loops.spawn(async move {
            tokio::select! {
                () = wakes.hear(heard) => {}
                _ = stop.wait_for(|is_over| *is_over) => {}
            }
            Ended::Stopped
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
    (kind, name): (JobKind, &str),
    poll: Span,
    stop: &watch::Receiver<bool>,
) {
    let turns = Turns { name: kind.word(), wake: worker.wakes.for_job(kind, name), poll };
    let name: Arc<str> = Arc::from(name);
    turns.spawn(loops, worker, stop, move |worker| {
        let name = Arc::clone(&name);
        async move {
            match kind {
                JobKind::Write => worker.write_once(&name).await,
                JobKind::Ask => worker.ask_once(&name).await,
                JobKind::Tell => worker.tell_once(&name).await,
                JobKind::Observe => worker.observe_once(&name).await,
                JobKind::Review => Ok(Worked::default()),
            }
        }
    });
}

/// How one loop is run.
struct Turns {
    name: &'static str,
    wake: Arc<tokio::sync::Notify>,
    poll: Span,
}

impl Turns {
    fn spawn<F, Step>(
        self,
        loops: &mut JoinSet<Ended>,
        worker: &Arc<Worker>,
        stop: &watch::Receiver<bool>,
        work: F,
    ) where
        F: Fn(Arc<Worker>) -> Step + Send + Sync + 'static,
        Step: Future<Output = StoreResult<Worked>> + Send + 'static,
    {
        let (worker, stop) = (Arc::clone(worker), stop.clone());
        loops.spawn(async move { turn(&worker, &self, stop, || work(Arc::clone(&worker))).await });
    }

    /// The longest pause now: a shared store is not looked at by all at the same instant.
    fn pause(&self, now: Time) -> Span {
        if self.poll >= POLL {
            return self.poll;
        }
        let dice = digest(&[self.name.as_bytes(), &now.0.to_be_bytes()])[0];
        Span(self.poll.0 - self.poll.0 * i64::from(dice) / 512)
    }
}

/// One loop: step after step, waiting in between for a wake-up, the next due time, or the stop.
async fn turn<F, Step>(
    worker: &Worker,
    turns: &Turns,
    mut stop: watch::Receiver<bool>,
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
        let woken = turns.wake.notified();
        // A mistake of ours in one step must not end the loop, and the daemon with it in silence.
        let outcome = AssertUnwindSafe(work()).catch_unwind().await.unwrap_or_else(|_| {
            worker.metrics.panicked();
            Err(StoreError::Busy("the step failed inside handoff".to_owned()))
        });
        let pause = match outcome {
            Ok(done) if done.is_more => Span::ZERO,
            Ok(done) => {
                let now = worker.clock.now();
                let most = turns.pause(now);
                done.next.map_or(most, |next| next.since(now)).clamp(Span::ZERO, most)
            }
            Err(StoreError::Fatal(why)) => return Ended::Fatal(why),
            Err(error) => {
                tracing::warn!(step = turns.name, %error, "a step failed; it is tried again");
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
