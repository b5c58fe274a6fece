//! .
pub mod condition;
