//! Alerts: what the daemon says about itself, to people.
//!
//! Guarantees: every alert stands once in one table, with what it means and how to mend it; an
//! alert that is standing carries all that is needed to tell it again after a restart.
//! Does not know: when one is raised (`decide::watch` judges), nor how it reaches anybody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::{Span, Time};

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Leads are lost, stuck or not taken: now.
    Critical,
    /// Something will go wrong, or does so in a part: today.
    Warning,
}

impl Severity {
    /// The word in logs and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// Every alert there is. What each means stands in its row of the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the table says what each means")]
pub enum Alert {
    BooksDoNotBalance,
    LeadStuck,
    EventDead,
    JobDead,
    JobsLate,
    ReviewsLate,
    DestinationHeld,
    ChannelFailing,
    SourceRefused,
    SourceSilent,
    #[serde(rename = "no-2xx")]
    No2xx,
    MappedFieldUnfilled,
    RulebookRefused,
    OldSecretUsed,
    DiskNearlyFull,
    ClockJumped,
    DepartedOwner,
    CalendarStale,
    StoreBloated,
    DecisionDiffers,
}

/// A row of the table.
struct Row {
    alert: Alert,
    name: &'static str,
    severity: Severity,
    means: &'static str,
    mend: &'static str,
}

use Severity::{Critical, Warning};

/// What each alert is called, means and asks for. The README has the same table.
#[rustfmt::skip] // One alert a row reads as the table that it is.
const TABLE: [Row; 20] = [
    Row { alert: Alert::BooksDoNotBalance, name: "books-do-not-balance", severity: Critical, means: "the tally and the rows differ, or a fill has no fate", mend: "run `handoff check --store`; stop the daemon, keep a copy of the store, restore a backup" },
    Row { alert: Alert::LeadStuck, name: "lead-stuck", severity: Critical, means: "a fill is on disk and has not been decided", mend: "look into the log for steps that fail; restart the daemon; `handoff events list --fate underway`" },
    Row { alert: Alert::EventDead, name: "event-dead", severity: Critical, means: "deciding an event failed five times; it is kept and nobody has it", mend: "`handoff events list --fate dead` says why; mend the rulebook, then `handoff events redo`" },
    Row { alert: Alert::JobDead, name: "job-dead", severity: Critical, means: "a destination refuses work for good; it is not tried again", mend: "`handoff jobs list --dead` says why; mend it, then `handoff jobs retry`, or `handoff jobs bury`" },
    Row { alert: Alert::JobsLate, name: "jobs-late", severity: Critical, means: "work for a destination is due and not done", mend: "see whether the destination is slow, or gone from the settings; raise its per_second or workers" },
    Row { alert: Alert::ReviewsLate, name: "reviews-late", severity: Critical, means: "reminders, hand-overs and pages come too late", mend: "after an outage this passes by itself; else see `handoff_decide_batch_seconds` and the disk" },
    Row { alert: Alert::DestinationHeld, name: "destination-held", severity: Critical, means: "a CRM is not called: it fails, throttles, or refuses the credential", mend: "look at the CRM's status and the credential in the settings; nothing is lost, work waits" },
    Row { alert: Alert::ChannelFailing, name: "channel-failing", severity: Critical, means: "no message has got through on a channel", mend: "look at its address and secret in the settings; tell people another way until then" },
    Row { alert: Alert::SourceRefused, name: "source-refused", severity: Critical, means: "every delivery of a source is refused: its secret was probably changed", mend: "compare the secret in the marketing tool with the one in the settings; have refused fills sent again" },
    Row { alert: Alert::SourceSilent, name: "source-silent", severity: Warning, means: "a source has delivered nothing for longer than the settings allow", mend: "see in the marketing tool whether its webhook is still on; send a test with `handoff send`" },
    Row { alert: Alert::No2xx, name: "no-2xx", severity: Critical, means: "deliveries are answered 5xx, and none is taken: senders give up after hours", mend: "see the log for why the store cannot write: a full disk, a lock, a slow disk" },
    Row { alert: Alert::MappedFieldUnfilled, name: "mapped-field-unfilled", severity: Warning, means: "a mapped field that used to be filled stays empty: a form was probably renamed", mend: "compare the form with [[mapping]] in the rulebook; publish, then `handoff events redo` what was rejected" },
    Row { alert: Alert::RulebookRefused, name: "rulebook-refused", severity: Warning, means: "the rulebook's file has mistakes, or one that was scheduled could not be published: the version before it stays in force", mend: "`handoff rulebook check` shows every mistake in its place, `handoff rulebook scheduled` what became of those" },
    Row { alert: Alert::OldSecretUsed, name: "old-secret-used", severity: Warning, means: "a source still signs with a secret that is not its first", mend: "give the marketing tool the first secret of the source, then take the old one out" },
    Row { alert: Alert::DiskNearlyFull, name: "disk-nearly-full", severity: Critical, means: "the store's disk is nearly full: soon deliveries are answered 503", mend: "make room or enlarge the disk; shorten keep.bodies" },
    Row { alert: Alert::ClockJumped, name: "clock-jumped", severity: Warning, means: "the wall clock was set: hand-overs and pages waited for a minute", mend: "see that time synchronisation runs; look at the deadlines of that time" },
    Row { alert: Alert::DepartedOwner, name: "departed-owner", severity: Warning, means: "somebody who has left, or whom a CRM refuses as an owner, is still named; they get no lead", mend: "take them out of the rules and pools that it names; `handoff reps back` if the CRM takes them again" },
    Row { alert: Alert::CalendarStale, name: "calendar-stale", severity: Warning, means: "a person's calendar has not been read for long; what it said last holds", mend: "look at its address or file in the settings; `handoff reps away` says what it cannot" },
    Row { alert: Alert::StoreBloated, name: "store-bloated", severity: Warning, means: "the database cannot clear away finished rows: a transaction is held open, or its vacuum falls behind", mend: "find it in pg_stat_activity (xact_start) or pg_prepared_xacts and end it; look at autovacuum" },
    Row { alert: Alert::DecisionDiffers, name: "decision-differs", severity: Warning, means: "a stored decision, made again from its record, did not come out the same: the record or the program is damaged", mend: "run `handoff replay --verify` on a backup; it shows what differs, field by field; report it" },
];

impl Alert {
    /// Every alert, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.alert)
    }

    fn row(self) -> &'static Row {
        let found = TABLE.iter().find(|row| row.alert == self);
        // A test holds that each has a row; the first stands in rather than a panic.
        found.unwrap_or(&TABLE[0])
    }

    /// Its name in metrics, messages, logs and the README.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// How grave it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn means(self) -> &'static str {
        self.row().means
    }

    /// How to mend it, in a sentence.
    #[must_use]
    pub fn mend(self) -> &'static str {
        self.row().mend
    }
}

/// Which alert, about what: a connection, a source, a field; empty where there is only one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Which.
    pub alert: Alert,
    /// About what, by a name of the settings or the rulebook.
    pub subject: String,
}

impl Key {
    /// An alert about this.
    #[must_use]
    pub fn new(alert: Alert, subject: impl Into<String>) -> Self {
        Self { alert, subject: subject.into() }
    }
}

/// Where a destination stands with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was last told.
    pub at: Time,
    /// Whether it was told that it is over.
    pub is_over: bool,
}

/// An alert that is raised, or over and not told to everybody yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedAlert {
    /// Which, about what.
    #[serde(flatten)]
    pub key: Key,
    /// When it was raised.
    pub since: Time,
    /// When it was raised the last time, before everybody had heard that it was over.
    pub raised_at: Time,
    /// What was found, in our own words: names of the settings and numbers.
    pub says: String,
    /// Since when nothing is found any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<Time>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<Time>,
    /// Who was told, by channel and recipient.
    #[serde(default)]
    pub told: BTreeMap<String, Told>,
}

/// What a database that several share has not cleared away. Finished rows make every look for work
/// longer, and one transaction that is held open keeps all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bloat {
    /// Rows that are deleted or replaced and still lie there.
    pub dead_rows: i64,
    /// How long the oldest transaction has been open that could still see them.
    pub oldest: Span,
}

/// From when on things are worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether people are told; else alerts are in the metrics and the log alone.
    pub tell: bool,
    /// A raised alert is told again after so long.
    pub repeat: Span,
    /// A fill may be undecided for so long.
    pub stuck: Span,
    /// Work may be due for so long.
    pub jobs_late: Span,
    /// A review may be due for so long.
    pub reviews_late: Span,
    /// A CRM may be left alone, and a channel may fail, for so long.
    pub held: Span,
    /// A source may be refused for so long, and deliveries be answered 5xx.
    pub refused: Span,
    /// An old secret may be used for so long.
    pub old_secret: Span,
    /// Room that the store's disk must have, in bytes.
    pub disk_free: u64,
    /// A transaction may be open in the store's database for so long.
    pub transaction: Span,
    /// Finished rows that may lie in it uncleared.
    pub dead_rows: i64,
    /// Sources that must deliver at least once in such a time.
    pub silent: BTreeMap<String, Span>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tell: true,
            repeat: Span::hours(4),
            stuck: Span::minutes(15),
            jobs_late: Span::minutes(15),
            reviews_late: Span::minutes(5),
            held: Span::minutes(10),
            refused: Span::minutes(5),
            old_secret: Span::hours(24),
            disk_free: 1 << 30,
            transaction: Span::minutes(5),
            dead_rows: 2_000_000,
            silent: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_one_row_and_goes_by_one_name_everywhere() {
        let mut names: Vec<&str> = Alert::all().map(Alert::name).collect();
        assert_eq!(names.len(), TABLE.len());
        for alert in Alert::all() {
            assert_eq!(serde_json::to_value(alert).unwrap(), alert.name());
            assert!(alert.mend().len() > 20 && alert.means().len() > 20, "{alert:?}");
            // A row that is missing would answer with the first one's name.
            assert_eq!(serde_json::from_value::<Alert>(alert.name().into()).unwrap(), alert);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len(), "{names:?}");
        // The last of the enum is the last of its numbers: none was left out of the table.
        assert_eq!(Alert::DecisionDiffers as usize + 1, TABLE.len());
    }
}
