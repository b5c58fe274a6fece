//! Countries (being written).
