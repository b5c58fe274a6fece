//! The sections of the settings that are handoff's own, as structs.
//!
//! Guarantees: whatever may be left out has the default that the reference states.
//! Does not know: sources, CRMs and channels; those parts have their own structs.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::{
    store::StoreSettings,
    value::{Listen, PublicUrl, Size},
};
use crate::{
    model::{alert::Limits, time::Span},
    outbound::Secret,
    telemetry::LogFormat,
};

/// The keys at the top.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Top {
    pub(super) listen: Listen,
    pub(super) public_url: Option<PublicUrl>,
    pub(super) store: StoreSettings,
    pub(super) rulebook: PathBuf,
    pub(super) body_max: Size,
    pub(super) body_within: Span,
}

impl Default for Top {
    fn default() -> Self {
        Self {
            listen: Listen(([127, 0, 0, 1], 8080).into()),
            public_url: None,
            store: StoreSettings::Sqlite { path: "handoff.db".into() },
            rulebook: "rulebook.toml".into(),
            body_max: Size(1 << 20),
            body_within: Span::seconds(10),
        }
    }
}

/// How the daemon speaks to its operator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// From which level on, for all or by module.
    pub level: String,
    /// JSON or text.
    pub format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// The links in messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ActionLinks {
    pub(super) secrets: Vec<Secret>,
    pub(super) expire: Span,
}

impl Default for ActionLinks {
    fn default() -> Self {
        Self { secrets: Vec::new(), expire: Span::days(7) }
    }
}

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepSettings {
    /// Raw bodies of decided fills.
    pub bodies: Span,
}

impl Default for KeepSettings {
    fn default() -> Self {
        Self { bodies: Span::days(30) }
    }
}

/// How much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Deliveries that may wait for the disk before senders get 503.
    pub line: usize,
    /// Calls at once per destination and kind of work.
    pub workers: usize,
    /// For how long work is leased.
    pub lease: Span,
    /// Free space on the store's disk below which the daemon says that it is not ready; the store's
    /// own limit if it is left out.
    pub free_min: Option<Size>,
    /// Connections open at once.
    pub connections: usize,
    /// How long it still answers after it was asked to stop, while it says that it is not ready.
    pub drain: Span,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            line: 4096,
            workers: 4,
            lease: Span::seconds(60),
            free_min: None,
            connections: 4096,
            drain: Span::ZERO,
        }
    }
}

/// What every destination may say beside its own keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaceSettings {
    /// Calls a second; the adapter's own limit if it is left out.
    pub per_second: Option<u32>,
    /// Calls at once after a quiet time.
    pub burst: Option<u32>,
}

impl PaceSettings {
    /// Its keys, which the kinds' own structs do not read.
    pub(super) const KEYS: [&'static str; 2] = ["per_second", "burst"];
}

/// Observe mode: on, if the section is there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObserveSettings {
    /// So long after a lead came the CRM is looked at first.
    pub after: Span,
    /// So long after a lead came it is given up.
    pub until: Span,
    /// Which CRM connection; the only one if it is left out.
    pub crm: Option<String>,
}

impl Default for ObserveSettings {
    fn default() -> Self {
        Self { after: Span::minutes(15), until: Span::hours(24), crm: None }
    }
}

/// From when on the daemon tells people about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// Whether the rulebook's `alarm` is told; else alerts are in the metrics and the log alone.
    pub tell: bool,
    /// A raised alert is told again after so long.
    pub repeat: Span,
    /// lead-stuck: a fill may be undecided for so long.
    pub stuck: Span,
    /// jobs-late: work may be due for so long.
    pub jobs_late: Span,
    /// reviews-late: a review may be due for so long.
    pub reviews_late: Span,
    /// destination-held and channel-failing: for so long.
    pub held: Span,
    /// source-refused and no-2xx: for so long.
    pub refused: Span,
    /// old-secret-used: for so long.
    pub old_secret: Span,
    /// disk-nearly-full: below this.
    pub disk_free: Size,
    /// store-bloated: a transaction may be open in the database for so long.
    pub transaction: Span,
    /// store-bloated: finished rows that may lie there uncleared.
    pub dead_rows: i64,
    /// source-silent: sources that must deliver at least once in such a time.
    pub silent: BTreeMap<String, Span>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            tell: limits.tell,
            repeat: limits.repeat,
            stuck: limits.stuck,
            jobs_late: limits.jobs_late,
            reviews_late: limits.reviews_late,
            held: limits.held,
            refused: limits.refused,
            old_secret: limits.old_secret,
            disk_free: Size(limits.disk_free),
            transaction: limits.transaction,
            dead_rows: limits.dead_rows,
            silent: limits.silent,
        }
    }
}

impl AlertSettings {
    /// As the watch takes them.
    #[must_use]
    pub fn limits(self) -> Limits {
        Limits {
            tell: self.tell,
            repeat: self.repeat,
            stuck: self.stuck,
            jobs_late: self.jobs_late,
            reviews_late: self.reviews_late,
            held: self.held,
            refused: self.refused,
            old_secret: self.old_secret,
            disk_free: self.disk_free.0,
            transaction: self.transaction,
            dead_rows: self.dead_rows,
            silent: self.silent,
        }
    }
}

/// What a source may say about its size and pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceLimits {
    /// The most bytes of one delivery, if not what holds for all.
    pub body_max: Option<Size>,
    /// Deliveries a second; as many as come if it is left out.
    pub per_second: Option<u32>,
    /// Deliveries at once after a quiet time; as many as in a second if it is left out.
    pub burst: Option<u32>,
}

impl SourceLimits {
    /// Its keys, which the kinds' own structs do not read.
    pub(super) const KEYS: [&'static str; 3] = ["body_max", "per_second", "burst"];
}
