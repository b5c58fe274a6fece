//! The newest decisions as lines to read, the newest first.
//!
//! Guarantees: sentences are those of `decide::explain`, escaped all the same.
//! Does not know: leads that are not on the board; their lines have no link.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::show::{Markup, Moment};
use crate::{
    decide::explain,
    model::{
        id::LeadId,
        plan::{Decided, What},
        time::Time,
    },
    rulebook::Rulebook,
};

/// Characters of a sentence before it is cut.
const SENTENCE: usize = 400;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The decision's number.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// The lead and who it is, if it is known here.
    pub lead: Option<(Uuid, Markup)>,
    /// What happened.
    pub text: Markup,
    /// How it is coloured: `good`, `bad`, `late` or `plain`.
    pub class: &'static str,
}

/// Lines of these decisions in their order.
#[must_use]
pub fn lines(
    book: &Rulebook,
    decisions: &[Decided],
    known: &BTreeMap<LeadId, (Uuid, Markup)>,
    now: Time,
) -> Vec<Line> {
    decisions
        .iter()
        .zip(explain::timeline(book, decisions))
        .map(|(decided, entry)| Line {
            seq: entry.seq.0,
            at: Moment::to_the_second(entry.at, now),
            lead: decided.lead.and_then(|lead| known.get(&lead).cloned()),
            text: Markup::sentence(&entry.text, SENTENCE, now),
            class: class(entry.what),
        })
        .collect()
}

const fn class(what: What) -> &'static str {
    match what {
        What::Answered | What::OnIt => "good",
        What::Escalated | What::Rejected | What::Held => "bad",
        What::Reminded | What::Reassigned => "late",
        _ => "plain",
    }
}
