//! The one integration binary: house rules, contracts and scenarios.

mod architecture;
mod tidy;
