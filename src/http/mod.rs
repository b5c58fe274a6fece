//! The HTTP face: hooks, callbacks, action links, the API, pages, health and metrics.
//!
//! Guarantees: a hook's bytes are read raw, under a cap and a deadline, and answered 2xx only
//! when they are on disk; every error is a small problem document with a reference id and no
//! detail that a stranger could use. Does not know: any concrete store or destination.

pub mod act;
pub mod api;
pub mod auth;
pub mod body;
pub mod bounds;
pub mod callback;
pub mod edge;
pub mod health;
pub mod hook;
pub mod pages;
pub mod problem;
pub mod rest;
pub mod secrets;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpRequest, http::StatusCode, web};
use tokio::sync::watch;

use self::problem::Problem;
use crate::{
    clock::Clock,
    crm::Crm,
    decide::{Reach, matching::Mirror},
    intake::Scheme,
    model::{
        event::{Accepted, NewEvent},
        plan::Decided,
        replica::Present,
        time::{Span, Time},
    },
    notify::link::LinkKey,
    rulebook::{Files, Rulebook, Setup},
    store::{Store, StoreError, StoreResult},
    telemetry::{
        Metrics, Volume,
        volume::{OFTEN, SELDOM},
    },
};

/// Everything the handlers stand on.
pub struct Front {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Called after something was accepted, so that deciding need not wait for its poll.
    pub wake: Box<dyn Fn() + Send + Sync>,
    /// Called after jobs were changed by an operator.
    pub wake_jobs: Box<dyn Fn() + Send + Sync>,
    /// The last decision's number, for live pages.
    pub changes: watch::Receiver<i64>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Sources by name.
    pub sources: BTreeMap<String, Scheme>,
    /// CRM connections by name, with the scheme that proves their callbacks.
    pub callbacks: BTreeMap<String, (Arc<dyn Crm>, Arc<Scheme>)>,
    /// Reads the rulebook in force.
    pub book: Box<dyn Fn() -> Arc<Rulebook> + Send + Sync>,
    /// The mirror of accounts that leads are matched against.
    pub mirror: Box<dyn Fn() -> Arc<Mirror> + Send + Sync>,
    /// Takes over a published rulebook.
    pub take_book: Box<dyn Fn(Arc<Rulebook>) + Send + Sync>,
    /// What the settings offer to a rulebook.
    pub setup: Setup,
    /// What is connected.
    pub reach: Reach,
    /// What proves action links.
    pub link_key: Arc<LinkKey>,
    /// The configured public address, without a final slash.
    pub public_url: String,
    /// The most bytes of a body.
    pub body_max: usize,
    /// How long a body may take.
    pub body_within: Duration,
    /// What is taken at most.
    pub bounds: bounds::Bounds,
    /// Which secrets are still in use.
    pub secrets: secrets::SecretUse,
    /// How much is said about refusals.
    pub volume: Volume,
    /// Whether the listener is on loopback: what one-time links and cookies may assume.
    pub is_loopback: bool,
    /// Numbers requests, for reference ids.
    pub requests: AtomicU64,
    /// When this process started, for reference ids.
    pub started_at: Time,
    /// A one-time key that opens the pages, if one was made.
    pub page_key: std::sync::Mutex<Option<String>>,
    /// What the pages remember: who is signed in.
    pub pages: pages::Pages,
    /// What a demo adds to the board; empty otherwise.
    pub demo: Option<Arc<dyn pages::DemoButtons>>,
    /// It is about to stop: it answers still, and says that it is not ready.
    pub draining: AtomicBool,
    /// Who serves on the same store.
    pub presence: Box<dyn Fn() -> Vec<Present> + Send + Sync>,
}

impl Front {
    /// A reference id for one request: unique within the life of the store's host.
    #[must_use]
    pub fn reference(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{number:x}", self.started_at.0)
    }

    /// It is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// After the store failed the process ends when a loop meets it: that must not wait for the
    /// next poll.
    pub fn end_if_failed(&self, error: &StoreError) {
        if matches!(error, StoreError::Fatal(_)) {
            (self.wake)();
        }
    }

    /// Counts a delivery that is refused, and says so unless its cause has said enough of late.
    pub fn refused(&self, source: &str, reason: &'static str, reference: &str) {
        self.metrics.refused(source, reason);
        if let Some(suppressed) = self.volume.admit(source, reason, OFTEN, self.clock.now()) {
            tracing::warn!(reference, source, reason, suppressed, "a delivery was refused");
        }
    }

    /// Notes which secret proved a delivery, by its place counted from 0. Any but the first is
    /// one that a rotation waits for.
    pub fn secret_used(&self, source: &str, secret: usize, now: Time) {
        self.secrets.note(source, secret, now);
        if secret > 0 {
            self.metrics.old_secret(source);
        }
        if secret > 0
            && let Some(suppressed) = self.volume.admit(source, "old-secret", SELDOM, now)
        {
            let place = secret + 1;
            tracing::warn!(source, place, suppressed, "the sender still uses an old secret");
        }
    }

    /// Puts events on disk, or says within [`ACCEPT_WITHIN`] that it cannot. What is given up may
    /// still be written; the sender's next attempt is then a duplicate.
    ///
    /// # Errors
    /// Those of the store; busy when it takes too long.
    pub async fn accept(&self, events: Vec<NewEvent>) -> StoreResult<Vec<Accepted>> {
        bounds::within(ACCEPT_WITHIN, self.store.accept(events)).await
    }

    /// Compiles files as a rulebook under these settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(
        &self,
        files: &Files,
        version: u32,
    ) -> Result<Rulebook, Vec<crate::model::finding::Finding>> {
        Rulebook::compile(files, &self.setup, version)
    }

    /// The rulebook by which a lead was routed, to say why: the version that its decision names.
    /// The one in force stands in for a version that these settings no longer allow.
    pub async fn book_of(&self, decisions: &[Decided]) -> Arc<Rulebook> {
        let in_force = (self.book)();
        let routed = decisions.iter().rev().find(|one| one.decision.why.contains_key("fields"));
        let version = routed.map_or(in_force.version, |one| one.decision.rulebook);
        if version == in_force.version {
            return in_force;
        }
        let rows = self.store.rulebooks(Some(version)).await.unwrap_or_default();
        let text = rows.into_iter().next().and_then(|row| row.document);
        let files = text.and_then(|text| Files::from_json(&text).ok());
        files.and_then(|files| self.compile(&files, version).ok()).map_or(in_force, Arc::new)
    }
}

/// What the handlers of a request stand on.
fn front_of(request: &HttpRequest) -> Result<&Front, Problem> {
    let front = request.app_data::<web::Data<Front>>().map(web::Data::get_ref);
    let nothing = || {
        let title = "the routes stand on nothing";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, String::new())
    };
    front.ok_or_else(nothing)
}

/// So long may the store take for a delivery before its sender is told to come again.
pub const ACCEPT_WITHIN: Duration = Duration::from_secs(10);

/// Sessions of the pages last so long.
pub const SESSION: Span = Span::hours(8);

/// All routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(health::routes)
        .configure(hook::routes)
        .configure(callback::routes)
        .configure(act::routes)
        .configure(api::routes)
        .configure(pages::routes)
        .configure(edge::routes);
}
