//! The counters of fields that stay empty, as rows.
//!
//! Guarantees: only what has moved far enough is written.
//! Does not know: what counts; [`crate::store::unfilled::Unfilled`] does.
