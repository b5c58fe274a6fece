//! The real binary under faults: killed at any moment, stopped under load, started twice;
//! disks that lose power, fail, fill up, are slow or damaged.
//!
//! 25 kills, 20 power cuts and 10 failing syncs; 200, 200 and 50 with `tests/all --long`.

mod corrupt;
pub mod daemon;
mod disk;
mod eio;
mod full;
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
pub mod needs;
mod order;
mod power;
mod second;
mod senders;
mod slow;
mod stop;
mod trace;
mod wire;
