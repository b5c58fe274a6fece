//! Copies of the store: made with PostgreSQL's own tools, and only with them.
//!
//! Guarantees: says so, in one sentence with the commands. Does not know: where the server is.

use crate::store::{StoreError, StoreResult};

/// Refuses, with the tools to use instead.
pub fn backup() -> StoreResult<()> {
    Err(StoreError::Refused(
        "the store is in PostgreSQL: copy it with PostgreSQL's tools, `pg_dump --format=custom` for \
         the database or `pg_basebackup` with WAL archiving for the server (docs/operations.md says \
         how, and how to go back)"
            .to_owned(),
    ))
}
