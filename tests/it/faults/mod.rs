//! The real binary under faults: killed at any moment, stopped under load, started twice.
//!
//! 25 kills; 200 with `tests/all --long`.

pub mod daemon;
mod i11_timers;
mod i12_jumps;
mod i16_outage;
mod i19_stops;
mod i22_backups;
mod i5_duplicates;
mod i8_replay;
mod i9_effects;
mod kill;
mod long_reads;
mod senders;
mod stop;
mod wire;
