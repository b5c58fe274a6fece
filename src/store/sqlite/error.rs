//! The one place where an error of SQLite becomes one of the store's four classes.
//!
//! Guarantees: what leaves the disk in doubt is fatal, what passes by itself is busy, and no value
//! of a row gets into a sentence (SQLite's messages name columns, not what is in them).
//! Does not know: which verb was running.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Error::SqliteFailure(failure, said) = &error else {
            return Self::Corrupt(reading(&error));
        };
        let said = said.clone().unwrap_or_else(|| failure.to_string());
        let why = format!("{said} (SQLite {})", failure.extended_code);
        match failure.code {
            ErrorCode::DiskFull => Self::Busy(format!("the disk is full: {why}")),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory => {
                Self::Busy(why)
            }
            ErrorCode::OperationInterrupted => Self::TooLong(
                "the read took too long and was stopped: ask for fewer rows or a narrower filter"
                    .to_owned(),
            ),
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_NOMEM => {
                Self::Busy(why)
            }
            // The log's index lies in a file of its own, which grows with the log. Nothing durable
            // is in it, and this error comes before anything was acknowledged.
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                Self::Busy(format!("the disk is full: {why}"))
            }
            ErrorCode::SystemIoFailure => Self::Fatal(format!(
                "the disk failed: {why}; what was acknowledged is on it: look at the disk and at \
                 what the kernel says about it, then start handoff again"
            )),
            ErrorCode::ReadOnly => Self::Fatal(format!(
                "the database cannot be written: {why}; this user must be allowed to write it and \
                 its folder; if that is so it is damaged: restore a backup"
            )),
            ErrorCode::CannotOpen => Self::Fatal(format!(
                "a file of the database cannot be opened: {why}; look at the rights and the free \
                 space of its folder, and at the limit of open files"
            )),
            ErrorCode::TooBig => Self::Refused(format!("larger than the database can hold: {why}")),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Fatal(format!("the database is damaged, restore a backup: {why}"))
            }
            ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => Self::Corrupt(why),
            _ => Self::Fatal(why),
        }
    }
}

/// What went wrong while a row was read, without what is in the row.
fn reading(error: &Error) -> String {
    match error {
        Error::InvalidColumnType(_, column, found) => {
            format!("column {column} holds {found}")
        }
        Error::FromSqlConversionFailure(column, found, _) => {
            format!("column number {column} does not convert from {found}")
        }
        Error::QueryReturnedNoRows => "a row that must exist is missing".to_owned(),
        Error::InvalidColumnIndex(_) | Error::InvalidColumnName(_) => {
            "a column that must exist is missing".to_owned()
        }
        Error::Utf8Error(column, _) => format!("column number {column} is not UTF-8"),
        _ => "a statement did not fit the schema".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: i32, class: &str) {
        let error = Error::SqliteFailure(ffi::Error::new(code), None);
        let debug = format!("{:?}", StoreError::from(error));
        assert!(debug.starts_with(class), "{code}: {debug}");
    }

    #[test]
    fn what_leaves_the_disk_in_doubt_is_fatal() {
        for code in [
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CANTOPEN,
        ] {
            check(code, "Fatal");
        }
    }

    #[test]
    fn what_passes_by_itself_is_busy() {
        for code in [
            ffi::SQLITE_FULL,
            ffi::SQLITE_BUSY,
            ffi::SQLITE_NOMEM,
            ffi::SQLITE_IOERR_NOMEM,
            ffi::SQLITE_IOERR_SHMSIZE,
        ] {
            check(code, "Busy");
        }
    }

    #[test]
    fn what_contradicts_the_schema_is_corrupt() {
        check(ffi::SQLITE_CONSTRAINT, "Corrupt");
        check(ffi::SQLITE_INTERRUPT, "TooLong");
        let debug = format!("{:?}", StoreError::from(Error::QueryReturnedNoRows));
        assert!(debug.starts_with("Corrupt"), "{debug}");
    }
}
