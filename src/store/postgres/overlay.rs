//! What a batch has changed so far, in memory, over what was loaded for it.
//!
//! Guarantees: changed only by a plan that was found good as a whole.
//! Does not know: rows.
