//! Why (being written).
