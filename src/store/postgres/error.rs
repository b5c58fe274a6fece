//! The one place where an error of PostgreSQL becomes one of the store's classes.
//!
//! Guarantees: what passes by itself is busy, a lost connection too (also while it commits: a
//! request that comes again finds what was stored); no value of a row gets into a sentence: the
//! server's messages about data quote it, so they are left out.
//! Does not know: which verb was running.

use std::error::Error as _;

use tokio_postgres::{Error, error::DbError};

use crate::store::{StoreError, StoreResult};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(said) => of_server(said),
            None if error.is_closed() => Self::Busy(lost("the connection was closed")),
            None => of_client(&error),
        }
    }
}

/// What the driver found, by its words: it has no other name for most of it.
fn of_client(error: &Error) -> StoreError {
    let text = error.to_string();
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    let begins = |all: &[&str]| all.iter().any(|begin| text.starts_with(begin));
    // What follows may quote a value.
    if begins(&["error deserializing column", "invalid column"]) {
        return StoreError::Corrupt("a column does not hold what the schema says".to_owned());
    }
    if begins(&["error serializing parameter", "error encoding message"]) {
        return StoreError::Refused("a value does not fit the database".to_owned());
    }
    if begins(&["query returned an unexpected number", "expected "]) {
        return StoreError::Corrupt("a statement did not fit the database".to_owned());
    }
    if begins(&["error performing TLS handshake"]) {
        return StoreError::Refused(format!(
            "the server did not prove who it is ({text}{source}); its certificate must be for the \
             name in the address, by an authority that the system trusts or that ca_file names; \
             sslmode = \"disable\" is for networks that nobody else is in"
        ));
    }
    if begins(&["authentication error", "invalid configuration"]) {
        return StoreError::Refused(format!(
            "PostgreSQL cannot be entered ({text}{source}); look at the user and the password in \
             [store]"
        ));
    }
    StoreError::Busy(lost(&format!("{text}{source}")))
}

fn lost(why: &str) -> String {
    format!("PostgreSQL cannot be reached ({why})")
}

/// What the server said, as far as it is looked at.
struct Said<'a> {
    code: &'a str,
    message: &'a str,
    constraint: Option<&'a str>,
}

fn of_server(error: &DbError) -> StoreError {
    judge(&Said {
        code: error.code().code(),
        message: error.message(),
        constraint: error.constraint().or(error.column()).or(error.table()),
    })
}

/// The class of what the server said, by its code (postgresql.org/docs/15/errcodes-appendix.html).
fn judge(said: &Said<'_>) -> StoreError {
    let Said { code, message, .. } = *said;
    let class = code.get(..2).unwrap_or(code);
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
            "PostgreSQL does not let this user in: {message}; look at the address, the user and the \
             password in [store]"
        )),
        (_, "XX001" | "XX002") => StoreError::Fatal(format!(
            "the database is damaged: {message} ({code}); restore a backup, or fail over"
        )),
        // Data that contradicts the schema: the message would quote it.
        ("21" | "22" | "23" | "44" | "54" | "P0", _) => {
            let place = said.constraint.unwrap_or("a value");
            StoreError::Corrupt(format!("{place} contradicts the schema ({code})"))
        }
        ("08" | "25" | "40" | "53" | "55" | "57" | "58" | "XX", _) => {
            StoreError::Busy(format!("PostgreSQL: {message} ({code})"))
        }
        // Not the fault of what is stored: nothing may be given up because of it.
        _ => StoreError::Busy(format!("a statement did not fit the database ({code})")),
    }
}

/// The outcome of statements that were sent at once. Those after the one that failed only say that
/// the transaction is aborted, and may say so first: the one that tells why is the answer.
pub fn together<const N: usize>(all: [StoreResult<()>; N]) -> StoreResult<()> {
    let is_echo = |error: &StoreError| error.to_string().contains("25P02");
    let mut echo = Ok(());
    for one in all {
        match one {
            Err(error) if is_echo(&error) => echo = Err(error),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    echo
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server sends when it refuses something: severity, code, message and detail.
    fn class(code: &str, message: &str) -> String {
        let said = Said { code, message, constraint: None };
        format!("{:?}", judge(&said))
    }

    #[test]
    fn what_passes_by_itself_is_busy_and_damage_is_fatal() {
        for (code, begins) in [
            ("57P01", "Busy"), // the server is stopped
            ("57P03", "Busy"), // or starts
            ("53300", "Busy"), // too many connections
            ("53100", "Busy"), // the disk is full
            ("40P01", "Busy"), // a deadlock was ended
            ("55P03", "Busy"), // a lock was not to be had
            ("25P03", "Busy"), // it stood still for too long
            ("25006", "Busy"), // it is a standby now
            ("42501", "Busy"), // rights were taken away
            ("42P01", "Busy"), // the tables are gone
            ("57014", "TooLong"),
            ("28P01", "Refused"),
            ("3D000", "Refused"),
            ("XX001", "Fatal"),
            ("23505", "Corrupt"),
            ("22021", "Corrupt"),
            ("54000", "Corrupt"),
            ("42601", "Busy"), // our mistake, or a schema that somebody changed
        ] {
            let class = class(code, "words");
            assert!(class.starts_with(begins), "{code}: {class}");
        }
        let write = in_a_write(judge(&Said { code: "57014", message: "", constraint: None }));
        assert!(matches!(write, StoreError::Busy(_)), "{write:?}");
    }

    #[test]
    fn the_statement_that_tells_why_is_the_answer() {
        let of = |code| Err(judge(&Said { code, message: "m", constraint: None }));
        for all in [
            [of("25P02"), of("23505"), Ok(())],
            [of("23505"), of("25P02"), of("25P02")],
            [Ok(()), of("25P02"), of("23505")],
        ] {
            assert_eq!(together(all), of("23505"));
        }
        assert_eq!(together([Ok(()), of("25P02")]), of("25P02"));
        assert_eq!(together([Ok(()), Ok(())]), Ok(()));
    }

    #[test]
    fn no_value_of_a_row_gets_into_a_sentence() {
        for code in ["22P02", "22021", "23505", "23514", "21000", "42804"] {
            let class = class(code, "invalid input: \"eva@linden.example\"");
            assert!(!class.contains("linden"), "{class}");
        }
        let said = Said { code: "23505", message: "x", constraint: Some("lead_uuid") };
        assert!(format!("{:?}", judge(&said)).contains("lead_uuid contradicts"));
    }
}
