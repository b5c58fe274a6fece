//! The whole road under load: a daemon of its own, a stand-in CRM, and every lead looked for.
//!
//! In reading order: `order` (what to do and what came of it), `daemon` (the process), `drive` (the
//! run), `waits` (who waited how long), `stages` (what the daemon itself says), `proof` (that
//! nothing was lost or done twice).
//!
//! Guarantees: the daemon is a process of its own, so that its processor time and memory are its
//! alone; it ends with the run; every acknowledged delivery is looked for in the store and in the
//! CRM afterwards. Does not know: how to print.

pub mod daemon;
mod drive;
pub mod order;
pub mod proof;
pub mod stages;
pub mod waits;

pub use drive::drive;
pub use order::{Load, Order, Report};
