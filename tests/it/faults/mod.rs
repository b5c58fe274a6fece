//! The real binary under faults: killed at any moment, stopped under load, started twice;
//! disks that lose power, fail, fill up, are slow or damaged.
//!
//! 25 kills, 20 power cuts and 10 failing syncs; 200, 200 and 50 with `tests/all --long`.

mod corrupt;
pub mod daemon;
mod disk;
mod eio;
mod full;
mod kill;
mod needs;
mod order;
mod power;
mod second;
mod slow;
mod stop;
mod trace;
