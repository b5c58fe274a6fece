//! The job rows that plans make, replace and drop.
//!
//! Guarantees: one row per (kind, lead, destination). Replacing a leased one keeps its lease, so
//! that what the attempt leaves behind is still recorded; a dropped one that is leased is only
//! marked, and goes when its attempt settles or its lease has lapsed.
//! Does not know: who does the work.

/// The revision wanted of a job that was dropped while it was leased.
pub const DROPPED: i64 = -1;

/// How the reason of a job begins that an operator gave up; what was wrong with it follows.
pub const BURIED: &str = "buried by an operator";
