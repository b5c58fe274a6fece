//! What the decider keeps in memory beside the database, from its rows and back.
//!
//! Guarantees: equal to the rows for as long as no other replica wrote a batch.
//! Does not know: why something changed.
