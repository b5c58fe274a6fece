//! What the database has not cleared away.
//!
//! Guarantees: reads counters only, which the server keeps and may show a second late. Sessions of
//! other users count as far as handoff's user may see them (the role `pg_read_all_stats` may).
//! Does not know: from when on it is too much.

use super::tx::{Tx, get};
use crate::{
    model::{alert::Bloat, time::Span},
    store::StoreResult,
};

/// Dead rows of all tables, and the oldest transaction of this database that keeps them: of a
/// session that has a snapshot or has written, or one that was prepared and never ended.
pub async fn bloat(tx: &Tx) -> StoreResult<Bloat> {
    let row = tx
        .first(
            "SELECT (SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables
                    WHERE schemaname = current_schema()),
                (SELECT (extract(epoch FROM coalesce(max(age), '0')) * 1000)::bigint FROM (
                    SELECT clock_timestamp() - xact_start AS age FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                        AND backend_type = 'client backend'
                        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
                    UNION ALL
                    SELECT clock_timestamp() - prepared FROM pg_prepared_xacts
                    WHERE database = current_database()) AS open)",
            &[],
        )
        .await?;
    let Some(row) = row else { return Ok(Bloat::default()) };
    Ok(Bloat { dead_rows: get(&row, 0)?, oldest: Span(get::<i64>(&row, 1)?.max(0)) })
}
