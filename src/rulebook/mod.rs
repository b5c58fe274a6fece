//! .

pub mod calendar;
