//! What the account counted while it told: per rep, and how long things took.
//!
//! Guarantees: counted from decisions alone. Does not know: what was simulated.

use std::collections::BTreeMap;

use super::words::Said;
use crate::model::{
    lead::Lead,
    plan::{Decision, What},
    time::Span,
};

/// One rep's part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Leads that came.
    pub got: u32,
    /// Leads answered.
    pub answered: u32,
    /// Of these after the deadline.
    pub late: u32,
    /// Leads handed on to somebody else.
    pub lost: u32,
}

/// Everything counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// By rep.
    pub reps: BTreeMap<String, Part>,
    /// Pages sent.
    pub pages: u32,
    /// Leads that somebody was paged for and that had an answer in the end.
    pub reminders: u32,
    /// Leads that were re-opened.
    pub reopened: u32,
    /// Owners that a person changed in the CRM.
    pub kept: u32,
    /// By this machine's clock, from arrival.
    pub decided: Vec<Span>,
    pub written: Vec<Span>,
    pub told: Vec<Span>,
}

impl Score {
    /// Counts a decision.
    pub fn count(&mut self, decision: &Decision, said: &Said, lead: Option<&Lead>) {
        let mut part = |rep: Option<&String>, change: fn(&mut Part)| {
            if let Some(rep) = rep {
                change(self.reps.entry(rep.clone()).or_default());
            }
        };
        match decision.what {
            What::Opened | What::Routed | What::Joined | What::Reopened => {
                part(said.owner.as_ref(), |part| part.got += 1);
            }
            What::Reassigned | What::OwnerKept => {
                part(said.owner.as_ref(), |part| part.got += 1);
                let from = said.from.as_ref().or_else(|| lead.and_then(|lead| lead.had.last()));
                part(from, |part| part.lost += 1);
            }
            What::Answered => {
                let by = said.response.as_ref().and_then(|response| response.by.as_ref());
                let by = by.or_else(|| lead.and_then(|lead| lead.owner.as_ref()));
                part(by, |part| part.answered += 1);
                let at = said.response.as_ref().map_or(decision.at, |response| response.at);
                let deadline = lead.and_then(|lead| lead.ladder.as_ref()).map(|one| one.deadline);
                if deadline.is_some_and(|deadline| at > deadline) {
                    part(by, |part| part.late += 1);
                }
            }
            _ => {}
        }
        self.pages += u32::from(said.paged.is_some());
        self.reminders += u32::from(decision.what == What::Reminded);
        self.reopened += u32::from(decision.what == What::Reopened);
        self.kept += u32::from(decision.what == What::OwnerKept);
    }

    /// Takes the times of one lead.
    pub fn took(&mut self, decided: Span, written: Option<Span>, told: Option<Span>) {
        self.decided.push(decided);
        self.written.extend(written);
        self.told.extend(told);
    }
}

/// The values below which so many percent are; nothing of nothing.
#[must_use]
pub fn percentile(spans: &[Span], percent: usize) -> Option<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    // The nearest rank.
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank.min(last)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let spans: Vec<Span> = (1..=200).rev().map(Span).collect();
        assert_eq!(percentile(&spans, 50), Some(Span(100)));
        assert_eq!(percentile(&spans, 99), Some(Span(198)));
        assert_eq!(percentile(&spans[..1], 99), Some(Span(200)));
        assert_eq!(percentile(&[], 50), None);
    }
}
