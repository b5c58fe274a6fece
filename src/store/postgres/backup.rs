//! Backup: PostgreSQL's own tools make it.
//!
//! Guarantees: says so. Does not know: how the database is backed up.

use std::path::Path;

use crate::store::{StoreError, StoreResult};

/// Refuses, with the tool to use instead.
pub fn backup(_file: &Path) -> StoreResult<()> {
    Err(StoreError::Refused(
        "the database is backed up by its own tools: pg_dump for a copy, pg_basebackup with the \
         archived log for a moment of your choice"
            .to_owned(),
    ))
}
