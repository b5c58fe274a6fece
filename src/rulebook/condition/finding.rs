//! What is wrong with a condition, as a sentence that says where, what and how to mend.
//!
//! Guarantees: a finding holds text of the rulebook only, never a value of a lead.
//! Does not know: files and lines; the caller adds its own offset to a place.

use std::fmt;
use std::ops::Range;

/// Where in a condition a finding points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes of the CEL source.
    Source(Range<usize>),
    /// The field name of a plain condition.
    Field,
    /// The value of a plain condition.
    Value,
    /// One item of the list that is the value of a plain condition, counted from 0.
    Item(usize),
}

/// One thing that is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Finding {
    pub(super) fn source(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { place: Place::Source(span), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The candidate that `name` was probably meant to be, as `, did you mean x?`, or nothing.
///
/// A candidate also counts when only its front is missing (`employees` for `lead.employees`).
pub(super) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let tail = candidate.rsplit('.').next().unwrap_or_default();
        if tail == wanted.rsplit('.').next().unwrap_or_default() {
            return 0;
        }
        strsim::damerau_levenshtein(&wanted, &candidate)
            .min(strsim::damerau_levenshtein(&wanted, tail))
    };
    // Very long names are no slip of the finger, and the distance is quadratic.
    let nearest = (wanted.len() <= 100)
        .then(|| {
            let near = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
            near.filter(|(far, _)| *far <= limit).min_by_key(|(far, _)| *far)
        })
        .flatten();
    nearest.map_or_else(String::new, |(_, candidate)| format!(", did you mean {candidate}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_proposed_and_a_far_one_is_not() {
        let names = ["lead.employees", "lead.email", "lead.utm.campaign", "account.owner"];
        for (name, expected) in [
            ("lead.emploees", ", did you mean lead.employees?"),
            ("employees", ", did you mean lead.employees?"),
            ("utm.campaign", ", did you mean lead.utm.campaign?"),
            ("emial", ", did you mean lead.email?"),
            ("account.ower", ", did you mean account.owner?"),
            ("lead.favourite_colour", ""),
        ] {
            assert_eq!(did_you_mean(name, names), expected, "{name}");
        }
    }
}
