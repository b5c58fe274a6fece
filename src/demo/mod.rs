//! The stand-ins that the demo, the tests and the benchmarks share.
//!
//! Guarantees: they listen on loopback only. Does not know: the adapters that talk to them.

pub mod crm;
