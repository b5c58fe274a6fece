//! The one integration binary: house rules, contracts and scenarios.

mod architecture;
mod crm;
mod harness;
mod notify;
mod road;
mod store;
mod tidy;
