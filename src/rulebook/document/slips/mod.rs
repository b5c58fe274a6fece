//! Slips of the pen in a document that cannot be read, in words for people who do not program.
//!
//! The reader of TOML says where it stopped and what it expected there. Here that becomes what was
//! probably meant: a quote of a word processor, a forgotten comma, a colon for an equals sign.
//!
//! Guarantees: every failure of reading is said, but for those that only follow from an earlier one
//! (all on the same line, and all behind a bracket that is never closed); what fits no slip is said
//! in the reader's words; no document makes it panic.
//! Does not know: what the keys mean.

mod line;
mod structure;

#[cfg(test)]
mod tests;

use std::ops::Range;

use self::{
    line::Line,
    structure::{Open, first_open},
};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Where, in bytes.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty if nobody knows.
    pub mend: String,
}

impl Slip {
    fn new(at: Range<usize>, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { at, message: message.into(), mend: mend.into() }
    }
}

/// What is wrong with a document, by what its reader says: places and words.
pub fn slips(text: &str, failures: &[(Range<usize>, &str)]) -> Vec<Slip> {
    let open = first_open(text);
    let mut failures: Vec<&(Range<usize>, &str)> = failures.iter().collect();
    failures.sort_by_key(|(at, _)| at.start);
    let mut slips: Vec<Slip> = Vec::new();
    let mut said_to = 0;
    for (at, words) in failures {
        if at.start < said_to {
            continue;
        }
        let before = open.as_ref().filter(|(open, _)| open.start <= at.end);
        if let Some(slip) = before.and_then(|(open, what)| never_closed(text, open, *what)) {
            slips.push(slip);
            return slips;
        }
        let line = Line::around(text, at);
        said_to = line.end();
        slips.push(line.slip(at, words, open.as_ref()));
        let is_lost = open.as_ref().is_some_and(|(open, what)| {
            matches!(what, Open::Text { is_inside: true, .. }) && line.has(open.start)
        });
        if is_lost {
            return slips;
        }
    }
    slips
}

/// What is never closed, if all that follows cannot be read for that.
fn never_closed(text: &str, at: &Range<usize>, what: Open) -> Option<Slip> {
    let written = text.get(at.clone()).unwrap_or_default();
    Some(match what {
        Open::Text { .. } => return None,
        Open::Lines => Slip::new(
            at.clone(),
            format!("the text that begins with {written} here is never closed"),
            format!("write {written} once more where it ends"),
        ),
        Open::Bracket(bracket) => {
            let closing = if bracket == '[' { ']' } else { '}' };
            Slip::new(
                at.clone(),
                format!("this {bracket} is never closed"),
                format!("write {closing} where it ends"),
            )
        }
        Open::Heading => {
            let name = |c: &char| structure::is_of_key(*c);
            let name: String = written.chars().skip_while(|c| !name(c)).take_while(name).collect();
            let name = if name.is_empty() { "rule".to_owned() } else { name.to_lowercase() };
            Slip::new(
                at.clone(),
                "this is no heading of a section",
                format!("write [[{name}]] alone on its line"),
            )
        }
    })
}
