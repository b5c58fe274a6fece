//! The pages: the board, a lead's page, and what opens them.
//!
//! Guarantees: nobody sees a lead without a session, which only a one-time key begins; pages
//! change nothing except by a demo's buttons; whatever strangers typed is escaped; everything
//! works without scripts, which only make it live. The same reads as the JSON API, rendered.
//! Does not know: any concrete store or destination, or how a lead is decided.

pub mod answer;
pub mod assets;
pub mod board;
pub mod books;
pub mod card;
pub mod demo;
pub mod feed;
pub mod lead;
pub mod live;
pub mod observed;
pub mod open;
pub mod people;
pub mod session;
pub mod show;
pub mod stages;
pub mod whence;

use std::sync::Arc;

use actix_web::web;
use tokio::sync::{Semaphore, watch};

pub use demo::DemoButtons;

/// What the pages remember while the daemon runs.
#[derive(Debug)]
pub struct Pages {
    /// Who is signed in.
    pub sessions: session::Sessions,
    /// Places for open boards.
    pub streams: Arc<Semaphore>,
    /// Turns true when the daemon stops: open boards end then, or the server would wait for them.
    pub closing: watch::Sender<bool>,
}

impl Pages {
    /// Ends every open stream and takes no new one.
    pub fn close(&self) {
        self.streams.close();
        self.closing.send_replace(true);
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            sessions: session::Sessions::default(),
            streams: Arc::new(Semaphore::new(live::STREAMS_MAX)),
            closing: watch::Sender::new(false),
        }
    }
}

/// Adds the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(board::whole))
        .route("/board", web::get().to(board::whole))
        .route("/board/live", web::get().to(board::part))
        .route("/board/events", web::get().to(live::events))
        .route("/leads/{lead}", web::get().to(lead::show))
        .route("/observe", web::get().to(observed::show))
        .route("/open/{key}", web::get().to(open::open))
        .route("/demo/{id}", web::post().to(demo::press))
        .route("/assets/{name}", web::get().to(assets::serve));
}
