//! Jobs: durable work due at a time.
//!
//! Guarantees: a job is unique per (kind, lead, destination). A plan raises the revision wanted;
//! settling finishes it only if the revision done is still the wanted one.
//! Does not know: how the work is done.

use serde::{Deserialize, Serialize};

use super::{
    event::NewEvent,
    id::{JobId, LeadId, Seq},
    time::Time,
};

/// The kinds of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Look at the lead again; done inside the store's decide, never leased.
    Review,
    /// Make the CRM agree about the lead.
    Write,
    /// Tell a person or a channel about the lead as it is.
    Tell,
    /// Ask a CRM what it knows about the lead.
    Ask,
    /// Look in a CRM whom another router gave the lead to.
    Observe,
}

impl JobKind {
    /// Every kind with its word and its stored number.
    pub const ALL: [(Self, &'static str, i64); 5] = [
        (Self::Review, "review", 0),
        (Self::Write, "write", 1),
        (Self::Tell, "tell", 2),
        (Self::Ask, "ask", 3),
        (Self::Observe, "observe", 4),
    ];

    /// The word used in columns, JSON, metrics and pages.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }
}

/// Why somebody is told; the newest reason wins, since a message speaks of the lead as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The lead is yours.
    Assigned,
    /// The lead is whoever says "on it" first.
    Offered,
    /// The same person filled in another form.
    FilledAgain,
    /// The deadline comes near.
    Reminder,
    /// The deadline has passed.
    Late,
    /// It was taken away and given to somebody else.
    Reassigned,
    /// A page is open: nobody has answered.
    Page,
    /// The page is over: somebody answered.
    PageOver,
    /// Nobody can take it, or it cannot be routed.
    Stuck,
}

/// A job that a plan wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobWanted {
    /// What kind.
    pub kind: JobKind,
    /// Where to: a CRM connection (`hubspot`), or a channel and recipient (`email:ada`).
    pub destination: String,
    /// Not before this instant.
    pub due_at: Time,
    /// Smaller is sooner when a destination is behind: hot SLAs first.
    pub rank: i64,
    /// Why, for `tell`.
    pub why: Option<Why>,
}

impl JobWanted {
    /// The lane whose caps and claims it shares: the destination up to the first colon.
    #[must_use]
    pub fn lane(&self) -> &str {
        lane(&self.destination)
    }
}

/// The lane of a destination: what stands before the first colon.
#[must_use]
pub fn lane(destination: &str) -> &str {
    destination.split_once(':').map_or(destination, |(lane, _)| lane)
}

/// A job under a lease, with what is needed to do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// Its row.
    pub id: JobId,
    /// What kind.
    pub kind: JobKind,
    /// The lead, as it is at the claim.
    pub lead: super::lead::Lead,
    /// Where to.
    pub destination: String,
    /// The revision wanted at the claim.
    pub wanted: Seq,
    /// The number of this attempt: it fences every later settle.
    pub attempt: u32,
    /// The attempt before this one never settled: look before repeating.
    pub is_uncertain: bool,
    /// Why, for `tell`.
    pub why: Option<Why>,
    /// What is on record about this lead at this CRM.
    pub link: Option<Link>,
    /// When it was due.
    pub due_at: Time,
}

/// A CRM's record of a lead, as `settle` left it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The CRM's id of the record.
    pub record: String,
    /// The CRM's id of the owner that we wrote last, if we did.
    pub owner: Option<String>,
    /// The owner of an attempt whose end we do not know: it may stand there.
    pub tried: Option<String>,
    /// When.
    pub written_at: Time,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done for the revision that was wanted at the claim.
    Done,
    /// Failed; try again then. Costs an attempt.
    Retry {
        /// When.
        at: Time,
        /// Why, without secrets or personal data.
        why: String,
    },
    /// Not now; costs no attempt.
    Snooze {
        /// When.
        at: Time,
        /// Why.
        why: String,
    },
    /// Hopeless without a person; kept and shown.
    Dead {
        /// Why.
        why: String,
    },
}

/// What acting left behind, recorded together with the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The CRM has the lead.
    Written(Link),
    /// Somebody was told.
    Told {
        /// Why.
        why: Why,
        /// When the channel took it.
        at: Time,
    },
}

/// The end of one attempt. News that it brought is accepted in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The job.
    pub job: JobId,
    /// The attempt that is being settled; another one since then makes this void.
    pub attempt: u32,
    /// The revision that was wanted at the claim.
    pub revision: Seq,
    /// How it ended.
    pub verdict: Verdict,
    /// What it left behind.
    pub effect: Option<Effect>,
    /// What it learnt.
    pub news: Vec<NewEvent>,
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It stands.
    Kept,
    /// The lease was lost to a later attempt: nothing was changed.
    LeaseLost,
}

/// A job as pages and the API list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the same words as in the job table, explained above")]
pub struct JobRow {
    pub id: JobId,
    pub kind: JobKind,
    pub lead: Option<uuid::Uuid>,
    pub destination: String,
    pub due_at: Time,
    pub attempts: u32,
    pub is_dead: bool,
    pub is_leased: bool,
    pub reason: Option<String>,
}

/// For a store: which lead a job belongs to.
pub type JobLead = LeadId;
