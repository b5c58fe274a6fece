//! The nouns of handoff, as plain data.
//!
//! Guarantees: nothing here reads a clock, rolls dice, logs, or waits.
//! Does not know: how anything is stored, sent or shown.

pub mod absence;
pub mod account;
pub mod alert;
pub mod country;
pub mod event;
pub mod failure;
pub mod field;
pub mod finding;
pub mod goal;
pub mod id;
pub mod imported;
pub mod job;
pub mod lead;
pub mod moved;
pub mod news;
pub mod normalize;
pub mod observe;
pub mod plan;
pub mod record;
pub mod replica;
pub mod reroute;
pub mod saw;
pub mod shadow;
pub mod team;
pub mod text;
pub mod time;
pub mod version;
