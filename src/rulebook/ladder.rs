//! How long somebody has, and what happens when it takes longer: SLAs and ladders as compiled.
//!
//! Guarantees: what is named here is there; the document was checked.
//! Does not know: where a lead stands on its ladder.

use crate::model::time::Span;

/// An SLA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sla {
    /// The id.
    pub id: String,
    /// How long the owner has.
    pub respond_within: Span,
    /// Whose time counts.
    pub clock: Clock,
    /// What happens on the way and after.
    pub escalation: String,
    /// How long "on it" holds the ladder, in wall time.
    pub on_it: Span,
    /// Smaller is hotter: the rank of its jobs when a destination is behind.
    pub rank: i64,
}

/// Whose time an SLA counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Every minute.
    Always,
    /// The owner's working time.
    Owner,
    /// These hours.
    Hours(String),
}

/// A ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The id.
    pub id: String,
    /// Its steps, in the order of their times.
    pub steps: Vec<LadderStep>,
    /// How often a lead may be taken away and given to somebody else.
    pub reassign_max: u32,
}

/// One step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderStep {
    /// When.
    pub at: StepAt,
    /// Whom to tell.
    pub tell: Vec<Tell>,
    /// Whether the lead is taken away and given to somebody else who is free.
    pub reassign: bool,
    /// Which pager to page.
    pub page: Option<String>,
    /// How often the step is repeated until somebody answers.
    pub repeat: Option<Repeat>,
}

/// A repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Every so long …
    pub every: Span,
    /// … so many times in all, the first one included.
    pub times: u32,
}

/// When a step of a ladder is due, on the SLA's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepAt {
    /// After this share of the time, in percent.
    Percent(u32),
    /// So long after the deadline.
    LateBy(Span),
}

/// Somebody to tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tell {
    /// Who owns the lead now.
    Owner,
    /// The manager of who owns the lead now.
    Manager,
    /// This rep.
    Rep(String),
    /// This channel of the settings.
    Channel(String),
}
