//! The one integration binary.

mod crm;
