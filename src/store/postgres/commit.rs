//! The plans of a batch become rows.
//!
//! Guarantees: a handful of statements, however many plans there are.
//! Does not know: why the plans are as they are.
