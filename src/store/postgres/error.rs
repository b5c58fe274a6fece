//! The one place where an error of PostgreSQL becomes one of the store's classes.
//!
//! Guarantees: what passes by itself is busy, a lost connection too (also while it commits: a
//! request that comes again finds what was stored); no value of a row gets into a sentence: the
//! server's messages about data quote it, so they are left out.
//! Does not know: which verb was running.

use std::error::Error as _;

use tokio_postgres::{Error, error::DbError};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(said) => of_server(said),
            None if error.is_closed() => Self::Busy(lost("the connection was closed")),
            // Nothing but a connection has a source without being the server's word, but for
            // values that do not convert: those are about a column.
            None => of_client(&error),
        }
    }
}

/// What the driver found.
fn of_client(error: &Error) -> StoreError {
    let text = error.to_string();
    if text.starts_with("error deserializing column") || text.starts_with("invalid column") {
        return StoreError::Corrupt("a column does not hold what the schema says".to_owned());
    }
    if text.starts_with("error serializing parameter") || text.starts_with("error encoding message")
    {
        return StoreError::Refused("a value does not fit the database".to_owned());
    }
    if text.starts_with("query returned an unexpected number of rows") {
        return StoreError::Corrupt("a row that must exist is missing".to_owned());
    }
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    StoreError::Busy(lost(&format!("{text}{source}")))
}

fn lost(why: &str) -> String {
    format!("PostgreSQL cannot be reached ({why}): it is tried again")
}

/// What the server said.
fn of_server(said: &DbError) -> StoreError {
    let code = said.code().code();
    let message = said.message();
    let (class, _) = code.split_at_checked(2).unwrap_or((code, ""));
    match (class, code) {
        (_, "57014") => StoreError::TooLong(
            "the read took too long and was stopped: ask for fewer rows or a narrower filter"
                .to_owned(),
        ),
        (_, "53100") => StoreError::Busy(format!("the database's disk is full: {message}")),
        (_, "25006") => StoreError::Busy(format!(
            "the server takes no writes, it may be a standby: {message}; name the primary"
        )),
        (_, "42501") => StoreError::Busy(format!(
            "the user may not do this: {message}; grant it, or let handoff's user own the tables"
        )),
        (_, "42P01" | "42703" | "3F000") => StoreError::Busy(format!(
            "a table is not there: {message}; was the database restored or replaced? start handoff \
             again to make it"
        )),
        ("28" | "3D", _) => StoreError::Refused(format!(
            "PostgreSQL lets this user not in: {message}; look at the address, the user and the \
             password in [store]"
        )),
        (_, "XX001" | "XX002") => StoreError::Fatal(format!(
            "the database is damaged: {message} ({code}); restore a backup, or fail over"
        )),
        // Data that contradicts the schema: the message would quote it.
        ("22" | "23" | "21", _) => StoreError::Corrupt(contradicted(said, code)),
        ("08" | "25" | "40" | "53" | "55" | "57" | "58" | "XX", _) => {
            StoreError::Busy(format!("PostgreSQL: {message} ({code})"))
        }
        _ => StoreError::Corrupt(format!("a statement did not fit the database ({code})")),
    }
}

fn contradicted(said: &DbError, code: &str) -> String {
    let place = said.constraint().or(said.column()).or(said.table()).unwrap_or("a value");
    format!("{place} contradicts the schema ({code})")
}

/// A write that ran into a time limit: not its fault, it may come again.
pub fn in_a_write(error: StoreError) -> StoreError {
    match error {
        StoreError::TooLong(_) => {
            StoreError::Busy("PostgreSQL did not do it in time: it is tried again".to_owned())
        }
        error => error,
    }
}
