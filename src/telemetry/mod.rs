//! What the operator sees: logs and metrics.
//!
//! Guarantees: nothing here carries a body, a secret, or text of a lead's author; labels and log
//! fields are our own words, configured names and public ids.
//! Does not know: what is worth a line or a number; callers do.
//!
//! In reading order: `log` (format of records), `volume` (how many of them), `metrics` (every name
//! on `/metrics`), `labels`, `usage` (of the process).

mod labels;
pub mod log;
pub mod metrics;
pub mod usage;
pub mod volume;

pub use log::{LogFormat, request_span};
pub use metrics::{Metrics, Traffic};
pub use volume::Volume;
