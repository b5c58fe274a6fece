//! handoff: the minute in which marketing hands a buyer to sales.
//!
//! One shape everywhere: load a snapshot, decide purely, commit a plan. Read the modules in the
//! order in which they are declared here: the nouns, the rulebook, the decision, then the edges.
//!
//! Who may import whom (kept by `tests/it/architecture.rs`): arrows point to the core,
//! `decide` → `rulebook` → `model`. `intake`, `store`, `crm` and `notify` know only the core;
//! `worker` and `http` know the traits, never a concrete store or destination; only `app`, `cli`
//! and `demo` name concrete things. `replay` knows the store's trait and the core.

pub mod decide;
pub mod model;
pub mod rulebook;

pub mod crm;
pub mod intake;
pub mod notify;
pub mod outbound;
pub mod store;

pub mod replay;

pub mod http;
pub mod worker;

pub mod app;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod load;
pub mod settings;
pub mod telemetry;
