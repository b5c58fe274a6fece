//! Action links (being written).
/// Adds the routes.
pub fn routes(_: &mut actix_web::web::ServiceConfig) {}
