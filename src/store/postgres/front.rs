//! Where the living jobs of a lane begin: its ranks, and from when on something is due in each.
//!
//! What is finished stays in the index until the oldest transaction of the server has ended. While
//! somebody holds one open, every look for due jobs walks over all that was finished since: 100,000
//! of them take 30 ms, and a claim looks several times. So a claim measures what looking cost. As
//! long as that is little, every claim finds everything anew. When it is much, claims begin where
//! the last whole look found the first living job, a little earlier, and the whole look is repeated
//! aside, at most a twentieth of the time.
//!
//! Guarantees: nothing is passed over for longer than until the next whole look: a job that came to
//! be due before the front, or with a rank that was not there, is claimed some seconds late.
//! Does not know: local time; the database's clock says how old and how costly a look was.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    pools::Pools,
    tx::{Tx, get},
    value::text,
};
use crate::{
    model::{
        job::JobKind,
        time::{Span, Time},
    },
    store::{Claim, StoreResult, columns},
};

/// A look that cost more than this is not made by every claim.
const CHEAP_MS: f64 = 4.0;
/// A whole look is made at most this often, and for at most a twentieth of the time.
const EVERY: Span = Span::seconds(1);
const SHARE: f64 = 20.0;
/// How much earlier than the front claims begin: replicas' clocks differ, and a plan may come to be
/// seen later than it was made.
const MARGIN: Span = Span::seconds(30);
/// How many ranks are remembered of one lane.
const RANKS_MAX: usize = 64;

/// Plans must not depend on how full the tables were when somebody last counted: what is due is
/// found by its index. Holds for one transaction.
pub const BY_INDEX: &str =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off";

/// The clock that judges leases, in milliseconds: the caller's in tests, else the database's.
macro_rules! clock {
    () => {
        "coalesce($6, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    };
}
pub(super) use clock;

/// The ranks that are known, and from when on to look.
macro_rules! known {
    () => {
        "known AS MATERIALIZED (SELECT * FROM unnest($3, $4) AS known (rank, since))"
    };
}
pub(super) use known;

/// The ranks that the lane's open jobs have, by skipping from one to the next. (`$3` and `$4` are
/// bound and not looked at.)
macro_rules! found {
    () => {
        "step (rank) AS (
            (SELECT rank FROM job WHERE NOT is_dead AND kind = $1 AND lane = $2
             ORDER BY rank LIMIT 1)
            UNION ALL
            SELECT (SELECT job.rank FROM job WHERE NOT is_dead AND kind = $1 AND lane = $2
                AND job.rank > step.rank ORDER BY job.rank LIMIT 1)
            FROM step WHERE step.rank IS NOT NULL),
         known AS (SELECT rank, (-9223372036854775808)::bigint AS since FROM step
            WHERE rank IS NOT NULL)"
    };
}
pub(super) use found;

/// What the lane looks like: per rank when the first living job is due, and when one is to be had;
/// and what it cost to find out.
macro_rules! look {
    ($known:expr) => {
        concat!(
            "WITH RECURSIVE clock AS MATERIALIZED (SELECT ",
            clock!(),
            " AS t), ",
            $known,
            "SELECT here.rank, here.first, least(here.free, leased.at), clock.t,
                (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::float8
             FROM clock LEFT JOIN (
                SELECT begun.*, (SELECT due_at FROM job WHERE NOT is_dead AND kind = $1
                        AND lane = $2 AND rank = begun.rank AND due_at >= begun.first
                        AND lease_until <= (SELECT t FROM clock)
                     ORDER BY due_at LIMIT 1) AS free
                FROM (SELECT known.rank, known.since, (SELECT due_at FROM job
                        WHERE NOT is_dead AND kind = $1 AND lane = $2 AND rank = known.rank
                            AND due_at >= known.since
                        ORDER BY due_at LIMIT 1) AS first
                    FROM known OFFSET 0) AS begun OFFSET 0) AS here ON true
             LEFT JOIN LATERAL (
                SELECT min(greatest(due_at, $5 + lease_until - clock.t)) AS at FROM job
                WHERE NOT is_dead AND kind = $1 AND lane = $2 AND rank = here.rank
                    AND due_at >= coalesce(here.first, here.since)
                    AND due_at <= coalesce(here.free, 9223372036854775807)
                    AND lease_until > clock.t) AS leased ON true"
        )
    };
}

/// The statement that looks.
#[must_use]
pub fn statement(is_known: bool) -> &'static str {
    if is_known { look!(known!()) } else { look!(found!()) }
}

/// What claims of a lane know when looking is costly.
#[derive(Clone, Debug)]
pub struct Known {
    /// Ranks in order, and from when on.
    ranks: Vec<(i64, i64)>,
    /// When it was found out, by the clock of leases.
    at: i64,
    /// What that cost.
    cost_ms: f64,
}

impl Known {
    /// As two lists to bind.
    #[must_use]
    pub fn bounds(&self) -> (Vec<i64>, Vec<i64>) {
        self.ranks.iter().copied().unzip()
    }
}

/// What one look found.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// Rank, the first living job's due time, and when one is to be had.
    ranks: Vec<(i64, Option<i64>, Option<i64>)>,
    /// When, by the clock of leases.
    at: i64,
    cost_ms: f64,
}

impl Ahead {
    /// When something of this lane is to be had next: a job is due, or a lease ends.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.ranks.iter().filter_map(|(.., next)| *next).min().map(Time)
    }
}

/// Looks.
pub async fn look(
    tx: &Tx,
    claim: &Claim,
    clock: Option<i64>,
    known: Option<&Known>,
) -> StoreResult<Ahead> {
    let (ranks, since) = known.map(Known::bounds).unwrap_or_default();
    let rows = tx
        .query(
            statement(known.is_some()),
            &[
                &columns::job_kind_number(claim.kind),
                &text(&claim.lane),
                &ranks,
                &since,
                &claim.now.0,
                &clock,
            ],
        )
        .await?;
    let mut ahead = Ahead::default();
    for row in &rows {
        if let Some(rank) = get(row, 0)? {
            ahead.ranks.push((rank, get(row, 1)?, get(row, 2)?));
        }
        ahead.at = get(row, 3)?;
        ahead.cost_ms = ahead.cost_ms.max(get(row, 4)?);
    }
    Ok(ahead)
}

type Lane = (JobKind, String);

#[derive(Debug, Default)]
struct Lanes {
    known: HashMap<Lane, Known>,
    /// Lanes that are being looked at aside.
    looking: HashSet<Lane>,
}

/// The fronts of the lanes whose looks are costly.
#[derive(Clone, Debug, Default)]
pub struct Front(Arc<Mutex<Lanes>>);

impl Front {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What claims of this lane may rely on; none while looking is cheap.
    #[must_use]
    pub fn known(&self, kind: JobKind, lane: &str) -> Option<Known> {
        self.lanes().known.get(&(kind, lane.to_owned())).cloned()
    }

    /// Keeps what a claim's look found, and looks aside when what is known is old.
    pub fn keep(
        &self,
        pools: &Pools,
        claim: &Claim,
        clock: Option<i64>,
        known: Option<Known>,
        ahead: &Ahead,
    ) {
        let Some(known) = known else {
            self.learn(claim, ahead);
            return;
        };
        let rest = EVERY.0.max((known.cost_ms * SHARE) as i64);
        let lane = (claim.kind, claim.lane.clone());
        if ahead.at < known.at.saturating_add(rest) || !self.lanes().looking.insert(lane.clone()) {
            return;
        }
        let (front, pools, claim) = (self.clone(), pools.clone(), claim.clone());
        tokio::spawn(async move {
            let looked = async {
                let tx = pools.write().await?;
                let (by_index, ahead) =
                    tokio::join!(biased; tx.batch(BY_INDEX), look(&tx, &claim, clock, None));
                tx.end(by_index.and(ahead)).await
            };
            match looked.await {
                Ok(ahead) => front.learn(&claim, &ahead),
                Err(error) => tracing::debug!(%error, "the front of a lane was not found"),
            }
            front.lanes().looking.remove(&lane);
        });
    }

    /// Takes in a whole look.
    fn learn(&self, claim: &Claim, ahead: &Ahead) {
        let lane = (claim.kind, claim.lane.clone());
        let mut lanes = self.lanes();
        if ahead.cost_ms < CHEAP_MS {
            lanes.known.remove(&lane);
            return;
        }
        // A rank that is empty now may have jobs again in a moment.
        let before = lanes.known.remove(&lane).map(|known| known.ranks).unwrap_or_default();
        let mut ranks: HashMap<i64, i64> =
            before.into_iter().map(|(rank, _)| (rank, claim.now.0)).take(RANKS_MAX).collect();
        ranks.extend(
            ahead.ranks.iter().map(|(rank, first, _)| (*rank, first.unwrap_or(claim.now.0))),
        );
        let mut ranks: Vec<(i64, i64)> = ranks
            .into_iter()
            .map(|(rank, first)| (rank, first.min(claim.now.0).saturating_sub(MARGIN.0)))
            .collect();
        ranks.sort_unstable();
        lanes.known.insert(lane, Known { ranks, at: ahead.at, cost_ms: ahead.cost_ms });
    }
}
