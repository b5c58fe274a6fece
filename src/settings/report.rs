//! What is wrong so far, and where each setting stands.
//!
//! Guarantees: every finding has the place of the setting it is about, or the name of the
//! environment variable that overlaid it; text that may be a secret is never shown.
//! Does not know: what the settings mean.

use std::{collections::BTreeMap, fmt, ops::Range};

use super::reference;
use crate::model::finding::{Finding, render};

/// Findings that are told; of further ones only how many there are. Somebody mends the first and
/// looks again, and a file that is no settings file at all must not cost more than its reading.
pub(super) const FINDINGS_MAX: usize = 200;

/// Where a setting stands.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// In the file, at these bytes.
    File(Range<usize>),
    /// In this environment variable.
    Environment(String),
}

/// Collects findings about one file.
#[derive(Clone, Debug)]
pub(super) struct Report {
    file: String,
    text: String,
    findings: Vec<Finding>,
    /// Findings beyond the bound, and whether one of them is an error.
    more: (usize, bool),
    places: BTreeMap<String, Origin>,
    hidden: Vec<Range<usize>>,
    /// Whether the text was searched for what sounds like a secret.
    is_searched: bool,
}

impl Report {
    pub(super) fn new(file: &str, text: &str) -> Self {
        let (file, text) = (file.to_owned(), text.to_owned());
        let places = BTreeMap::from([(String::new(), Origin::File(0..0))]);
        Self {
            file,
            text,
            findings: Vec::new(),
            more: (0, false),
            places,
            hidden: Vec::new(),
            is_searched: false,
        }
    }

    /// Remembers where `path` (`log.level`, `source.demo.secrets`) stands.
    pub(super) fn stands(&mut self, path: &str, origin: Origin) {
        self.places.insert(path.to_owned(), origin);
    }

    /// Whether `path` stands anywhere.
    pub(super) fn has(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The text at these bytes may be a secret.
    pub(super) fn hide(&mut self, span: Range<usize>) {
        self.hidden.push(span);
    }

    /// What is given to the key at this byte may be a secret.
    pub(super) fn hide_line_of(&mut self, at: usize) {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        if let Some(from) = line.find('=') {
            self.hidden.push(at + from + 1..at + line.len());
        }
    }

    /// Before text that could not be parsed is shown: whatever is given to a name that sounds like
    /// a secret.
    pub(super) fn hide_what_sounds_secret(&mut self) {
        const SOUNDS: [&str; 6] = ["secret", "token", "password", "key", "url", "whsec_"];
        let mut start = 0;
        if std::mem::replace(&mut self.is_searched, true) {
            return;
        }
        for line in self.text.clone().split_inclusive('\n') {
            let lower = line.to_ascii_lowercase();
            if SOUNDS.iter().any(|sound| lower.contains(sound)) {
                let from = line.find('=').map_or(0, |at| at + 1);
                self.hidden.push(start + from..start + line.trim_end().len());
            }
            start += line.len();
        }
    }

    /// Whether a further finding is only counted.
    fn is_full(&mut self, is_error: bool) -> bool {
        let is_full = self.findings.len() >= FINDINGS_MAX;
        if is_full {
            self.more = (self.more.0 + 1, self.more.1 || is_error);
        }
        is_full
    }

    /// An error at these bytes.
    pub(super) fn error_at(&mut self, span: Range<usize>, message: impl Into<String>, mend: &str) {
        if self.is_full(true) {
            return;
        }
        self.findings.push(Finding::error(&self.file, &self.text, span, message, mend));
    }

    /// An error about a setting, or about the section in which it is missing.
    pub(super) fn error(&mut self, path: &str, message: impl Into<String>, mend: &str) {
        if self.is_full(true) {
            return;
        }
        let finding = self.finding(path, message, mend);
        self.findings.push(finding);
    }

    /// The same as a warning.
    pub(super) fn warn(&mut self, path: &str, message: impl Into<String>, mend: &str) {
        if self.is_full(false) {
            return;
        }
        let finding = self.finding(path, message, mend).as_warning();
        self.findings.push(finding);
    }

    /// An error in a part's own sentence: `key: what is wrong; how to mend it`. The key, if it is
    /// one of this section, gives the place.
    pub(super) fn complain(&mut self, section: &str, sentence: &str) {
        if self.is_full(true) {
            return;
        }
        let word = sentence.split([':', ' ']).next().unwrap_or_default();
        let key = if word == "secret" { "secrets" } else { word };
        let path = join(section, key);
        let path = if self.has(&path) { path.as_str() } else { section };
        let (message, mend) = sentence.split_once("; ").unwrap_or((sentence, ""));
        let finding = self.finding(path, message, mend);
        self.findings.push(finding);
    }

    fn finding(&self, path: &str, message: impl Into<String>, mend: &str) -> Finding {
        let mut place = path;
        let origin = loop {
            match self.places.get(place) {
                Some(origin) => break origin.clone(),
                None => place = place.rsplit_once('.').map_or("", |(before, _)| before),
            }
        };
        match origin {
            Origin::File(span) => Finding::error(&self.file, &self.text, span, message, mend),
            Origin::Environment(name) => {
                Finding::error(&format!("${name}"), "", 0..0, message, mend)
            }
        }
    }

    /// How to write `path`, by the reference.
    pub(super) fn example(path: &str, kind: Option<&str>) -> String {
        reference::example(path, kind).map_or_else(
            || "see config/handoff.toml for every setting".to_owned(),
            |line| format!("write it as in `{line}`"),
        )
    }

    pub(super) fn is_broken(&self) -> bool {
        self.more.1 || self.findings.iter().any(Finding::is_error)
    }

    /// The findings in the order of the file.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings
            .sort_by_key(|finding| (finding.file.starts_with('$'), finding.line, finding.column));
        findings.dedup();
        if let (more @ 1.., is_error) = self.more {
            let end = self.text.len()..self.text.len();
            let message = format!("there are {more} more of them");
            let last = Finding::error(&self.file, &self.text, end, message, "mend these first");
            findings.push(if is_error { last } else { last.as_warning() });
        }
        findings
    }

    /// Them, for people, with their places in the text as far as it may be shown.
    pub(super) fn render(&self) -> String {
        let shown = self.shown();
        render(&self.findings(), |file| (file == self.file).then_some(shown.as_str()))
    }

    /// The text with stars over what may be a secret.
    fn shown(&self) -> String {
        let mut hidden = self.hidden.clone();
        hidden.sort_unstable_by_key(|span| (span.start, span.end));
        let mut hidden = hidden.into_iter().peekable();
        // Both go forward only. What ends first is passed, though a longer one may begin before it.
        let mut until = 0;
        let star = |(at, c): (usize, char)| {
            while let Some(span) = hidden.next_if(|span| span.start <= at) {
                until = until.max(span.end);
            }
            if at < until && c != '\n' { '*' } else { c }
        };
        self.text.char_indices().map(star).collect()
    }
}

/// `log` and `level` are `log.level`; the root has no name.
pub(super) fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// Settings that cannot be used. Prints as a report with every problem in its place.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Everything that is wrong, in the order of the file.
    pub findings: Vec<Finding>,
    rendered: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered)
    }
}

impl std::error::Error for Broken {}

impl From<&Report> for Broken {
    fn from(report: &Report) -> Self {
        Self { findings: report.findings(), rendered: report.render() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_may_be_what_makes_the_file_unusable() {
        let mut report = Report::new("x.toml", "a = 1\n");
        for number in 0..FINDINGS_MAX {
            report.warn("", format!("warning {number}"), "");
        }
        assert!(!report.is_broken());
        report.warn("", "one more warning", "");
        let told = report.findings();
        assert!(told.len() == FINDINGS_MAX + 1 && !told.iter().any(Finding::is_error));
        report.error("", "an error", "");
        assert!(report.is_broken());
        let told = report.findings();
        let last = told.last().expect("there are some");
        assert!(last.is_error() && last.message.contains("2 more"), "{last}");
    }

    #[test]
    fn whatever_is_hidden_by_any_span_is_hidden() {
        let text = "a = 'äöü' # x\nb = 'c'\n";
        for spans in [
            &[(5, 11), (0, 1)][..],
            &[(0, 20), (3, 4), (19, 22)],
            &[(4, 4), (6, 7)], // nothing; half a character
            &[(3, 9), (3, 5), (8, 10), (15, 99)],
        ] {
            let mut report = Report::new("x.toml", text);
            for (from, to) in spans {
                report.hide(*from..*to);
            }
            let is_hidden = |at: usize| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
            let stars: String = text
                .char_indices()
                .map(|(at, c)| if is_hidden(at) && c != '\n' { '*' } else { c })
                .collect();
            assert_eq!(report.shown(), stars, "{spans:?}");
        }
    }

    #[test]
    fn looking_for_secrets_again_hides_nothing_twice() {
        let mut report = Report::new("x.toml", "token = 1\nname = 2\nsecret = 3\n");
        for _ in 0..3 {
            report.hide_what_sounds_secret();
        }
        assert_eq!(report.hidden.len(), 2);
    }
}
