//! The one integration binary: house rules, contracts and scenarios.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod alerts;
mod api;
mod architecture;
mod browser;
mod cli;
mod crm;
mod demo;
mod docs;
mod faults;
mod fuzz;
mod harness;
mod notify;
mod operations;
mod pages;
mod replicas;
mod road;
mod safety;
mod simulation;
mod store;
mod tidy;
