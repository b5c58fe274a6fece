//! The real binary under faults: killed at any moment, stopped under load, started twice.
//!
//! 25 kills; 200 with `tests/all --long`.

pub mod daemon;
mod kill;
mod stop;
