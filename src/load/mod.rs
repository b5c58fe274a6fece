//! The load generator: signed deliveries at a constant rate, and what became of them.
//!
//! Guarantees: every delivery is signed by the code that verifies, and has an id of its own; a
//! latency counts from the instant a delivery was *meant* to be sent, so that a server which
//! stalls cannot hide it; only a 2xx counts as acknowledged, and its number is kept, so that each
//! can be looked for afterwards. Does not know: what is done with a delivery.

pub mod aim;
pub mod ceiling;
mod connection;
pub mod fire;
pub mod intake;
pub mod road;

pub use aim::{Aim, body};
pub use fire::{Pace, Until, Volley, fire};
