//! .
pub mod normalize;
