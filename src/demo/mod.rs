//! .
pub mod channels;
