//! The nouns of handoff, as plain data.
//!
//! Guarantees: nothing here reads a clock, rolls dice, logs, or waits.
//! Does not know: how anything is stored, sent or shown.

pub mod time;
pub mod country;
pub mod text;
