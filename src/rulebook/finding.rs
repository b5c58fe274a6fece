//! Findings about a rulebook's files, and what to write instead.
//!
//! Guarantees: a finding holds text of the rulebook's files only; a place in a large file is
//! found without reading it all again.
//! Does not know: how findings are shown; that is the model's business.

use std::ops::Range;

use crate::model::finding::{Finding, Place, Severity};

/// One file's text, and where its lines begin.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub name: &'t str,
    pub text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Source<'t> {
    pub(super) fn new(name: &'t str, text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { name, text, lines }
    }

    /// The line and the column of a byte; of the end when there is no such byte.
    fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start..byte).unwrap_or_default();
        // Bytes that begin a character, so that a range inside one does no harm.
        let column = before.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
        (line, column + 1)
    }

    /// The line in which a range begins.
    pub(super) fn line(&self, bytes: &Range<usize>) -> usize {
        self.position(bytes.start).0
    }

    pub(super) fn finding(
        &self,
        bytes: &Range<usize>,
        severity: Severity,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        let (line, column) = self.position(bytes.start);
        let (end_line, end_column) = self.position(bytes.end.max(bytes.start));
        Finding {
            file: self.name.to_owned(),
            line,
            column,
            end: Place { line: end_line, column: end_column },
            severity,
            code: "".into(),
            message: message.into(),
            mend: mend.into(),
        }
    }
}

/// The candidate that `name` was probably meant to be.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Very long names are no slip of the finger, and the distance is quadratic.
    if name.len() > 100 {
        return None;
    }
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    let far = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        // "emea-x" for "emea" and "dach" for "dach-enterprise" are slips too.
        let is_part = wanted.len() >= 3
            && candidate.len() >= 3
            && (candidate.starts_with(&wanted) || wanted.starts_with(&candidate));
        let distance = strsim::damerau_levenshtein(&wanted, &candidate);
        if is_part { distance.min(limit) } else { distance }
    };
    let candidates = candidates.into_iter().filter(|candidate| candidate.len() <= 100);
    let near = candidates.map(|candidate| (far(candidate), candidate));
    near.filter(|(far, _)| *far <= limit).min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// `did you mean "emea"?`, or which there are, or that there are none.
pub(super) fn advice<'a>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    if let Some(near) = nearest(name, candidates.clone()) {
        return format!("did you mean {near:?}?");
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    match all.get(..8) {
        _ if all.is_empty() => format!("no {what} is defined yet"),
        Some(few) if all.len() > 8 => {
            format!("write one of {}, or another of the {}", few.join(", "), all.len())
        }
        _ => format!("write {}", either(&all)),
    }
}

/// `a, b or c`.
pub(super) fn either(words: &[impl AsRef<str>]) -> String {
    listed(words, "or")
}

/// `a, b and c`.
pub(super) fn all(words: &[impl AsRef<str>]) -> String {
    listed(words, "and")
}

fn listed(words: &[impl AsRef<str>], before_last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {before_last} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("a.toml", "x = 1\nü = \"y\"\n");
        for (byte, expected) in [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (11, (2, 5)), (99, (3, 1))]
        {
            assert_eq!(source.position(byte), expected, "{byte}");
        }
        assert_eq!(Source::new("a", "").position(0), (1, 1));
    }

    #[test]
    fn a_finding_prints_on_one_line() {
        let source = Source::new("rulebook.toml", "\na = \"pool: emea-x\"\n");
        let found = source.finding(
            &(5..19),
            Severity::Error,
            "unknown pool \"emea-x\"",
            advice("emea-x", "pool", ["emea", "dach"]),
        );
        let line = "rulebook.toml:2:5: unknown pool \"emea-x\"; did you mean \"emea\"?";
        assert_eq!(found.to_string(), line);
    }

    #[test]
    fn advice_names_the_nearest_or_what_there_is() {
        for (name, expected) in [
            ("emae", "did you mean \"emea\"?"),
            ("dach-ent", "did you mean \"dach\"?"),
            ("zzzz", "write emea or dach"),
        ] {
            assert_eq!(advice(name, "pool", ["emea", "dach"]), expected);
        }
        assert_eq!(advice("x", "pool", []), "no pool is defined yet");
    }
}
