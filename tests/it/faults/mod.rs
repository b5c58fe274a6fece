//! The real binary under faults: killed at any moment, stopped under load, started twice.
//!
//! `HANDOFF_KILLS` sets the number of kills (25; 200 before a release).

pub mod daemon;
mod kill;
mod stop;
