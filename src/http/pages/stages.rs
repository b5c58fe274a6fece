//! The road of one lead in stages: received, decided, written, told, answered.
//!
//! Guarantees: two clocks: what is ours up to "told" is never mixed with the time that a person
//! took. Does not know: why a stage took as long as it did.

use super::show::{Moment, rough};
use crate::{
    model::{
        plan::Decided,
        time::{Span, Time},
    },
    store::LeadStory,
};

/// One stage of the road.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// When it was reached.
    pub at: Moment,
    /// How long after the stage before; empty for the first.
    pub after: String,
    /// Whether the time was a person's rather than ours.
    pub is_human: bool,
}

/// Received, decided, written, told, answered: ours up to told, a person's after it.
#[must_use]
pub fn stages(story: &LeadStory, now: Time) -> Vec<Stage> {
    let decided = story.decisions.iter().map(|one| one.decision.at).min();
    // A link keeps its last writing only: that is the first one if nothing was decided before it
    // that the CRM had to hear of.
    let owned = |one: &&Decided| one.decision.why.contains_key("owner");
    let placed = story.decisions.iter().find(owned).map(|one| one.decision.at);
    let later = story.decisions.iter().map(|one| one.decision.at).find(|at| Some(*at) > placed);
    let written = story.links.values().map(|link| link.written_at).min();
    let written = written.filter(|at| later.is_none_or(|later| *at <= later));
    let told = story.notices.iter().map(|notice| notice.at).min();
    let reached = [
        ("received", Some(story.lead.opened_at), false),
        ("decided", decided, false),
        ("in the CRM", written, false),
        ("told", told, false),
        ("answered", story.lead.answered_at, true),
    ];
    let mut reached: Vec<(&'static str, Time, bool)> =
        reached.into_iter().filter_map(|(name, at, human)| Some((name, at?, human))).collect();
    reached.sort_by_key(|(_, at, _)| *at);
    let mut before: Option<Time> = None;
    reached
        .into_iter()
        .map(|(name, at, is_human)| {
            let after = before.map_or_else(String::new, |before| fine(at.since(before)));
            before = Some(at);
            Stage { name, at: Moment::to_the_second(at, now), after, is_human }
        })
        .collect()
}

/// A span that may be short: `38 ms`, `1.2 s`, `4m 10s`.
fn fine(span: Span) -> String {
    match span.0 {
        ..1_000 => format!("{} ms", span.0.max(0)),
        1_000..60_000 => format!("{}.{} s", span.0 / 1_000, span.0 % 1_000 / 100),
        _ => rough(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_spans_are_fine_and_long_ones_rough() {
        for (ms, shown) in [
            (-5, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (59_990, "59.9 s"),
            (60_000, "1m 00s"),
        ] {
            assert_eq!(fine(Span(ms)), shown);
        }
    }
}
