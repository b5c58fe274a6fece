//! Pages (being written).
use std::{future::Future, pin::Pin};
/// Adds the routes.
pub fn routes(_: &mut actix_web::web::ServiceConfig) {}
/// What a demo adds to the board.
pub trait DemoButtons: Send + Sync {
    /// Id and label of each.
    fn buttons(&self) -> Vec<(&'static str, String)>;
    /// Does it, and says what happened.
    fn press(&self, id: &str) -> Pin<Box<dyn Future<Output = String> + Send + '_>>;
}
