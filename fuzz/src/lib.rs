//! The bodies of the fuzz targets. They stand with the tests, which run them over the corpus.

#[path = "../../tests/it/fuzz/targets/mod.rs"]
mod targets;

pub use targets::{ALL, run};
