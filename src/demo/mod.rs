//! Stand-ins for the systems around us, shared by the demo, the tests and the benches.
//!
//! Guarantees: they listen on this machine only and say that they are stand-ins.
//! Does not know: real vendors; each stand-in writes down what it copies of one.

