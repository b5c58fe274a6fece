//! The one integration binary: house rules, contracts and scenarios.

mod architecture;
#[cfg(test)]
mod store;
mod tidy;
