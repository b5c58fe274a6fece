//! Findings: what is wrong in a document, where, and how to mend it.
//!
//! Guarantees: one type for the settings and the rulebook; a finding prints as one line without
//! control characters; a rendered report shows the place in the text.
//! Does not know: documents, nor which of their text is secret (who renders passes text that may
//! be shown).

use std::{borrow::Cow, fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// It can be used; somebody should look.
    Warning,
    /// Good to know; nothing has to be done.
    Note,
}

impl Severity {
    /// The word for it, as reports and JSON have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a text: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// One thing that is wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file's name as the reader knows it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// Just past the last character that is meant.
    pub end: Place,
    /// How grave it is.
    pub severity: Severity,
    /// The stable name of this kind of finding (`rule.shadowed`); empty if it has none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub code: Cow<'static, str>,
    /// What is wrong, without a full stop.
    pub message: String,
    /// How to mend it, without a full stop; empty if the message says it all.
    pub mend: String,
}

impl Finding {
    /// An error about the bytes `span` of `text`, the content of `file`.
    #[must_use]
    pub fn error(
        file: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let start = place(text, span.start);
        let end = place(text, span.end.max(span.start));
        Self {
            file: file.to_owned(),
            line: start.line,
            column: start.column,
            end,
            severity: Severity::Error,
            code: Cow::Borrowed(""),
            message: message.into(),
            mend: mend.into(),
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same under the stable name of its kind.
    #[must_use]
    pub fn coded(self, code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), ..self }
    }

    /// Whether the document cannot be used because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The bytes of `text` that it is about.
    fn span(&self, text: &str) -> Range<usize> {
        let start = offset(text, Place { line: self.line, column: self.column });
        let end = offset(text, self.end).max(start);
        start..end
    }
}

/// `file:line:col: message; mend`, in one line; warnings and notes say so.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
            Severity::Note => "note: ",
        };
        write!(f, "{}:{}:{}: {word}", one_line(&self.file), self.line, self.column)?;
        f.write_str(&one_line(&self.message))?;
        if !self.mend.is_empty() {
            write!(f, "; {}", one_line(&self.mend))?;
        }
        Ok(())
    }
}

/// Places to byte offsets and back. A column past the end of its line is the end of the line; an
/// offset inside a character is its beginning.
#[must_use]
pub fn place(text: &str, offset: usize) -> Place {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or("").chars().count() + 1,
    }
}

fn offset(text: &str, place: Place) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(place.line.saturating_sub(1)) {
        start += line.len();
    }
    let line = text.get(start..).unwrap_or("").split('\n').next().unwrap_or("");
    let within = line
        .char_indices()
        .map(|(at, _)| at)
        .nth(place.column.saturating_sub(1))
        .unwrap_or(line.len());
    start + within
}

/// A report for people: every finding with its place in the text. `text` gives a file's content by
/// name, as far as it may be shown; without it the finding is one line.
#[must_use]
pub fn render<'a>(findings: &[Finding], text: impl Fn(&str) -> Option<&'a str>) -> String {
    let renderer = Renderer::plain();
    let mut report = String::new();
    for finding in findings {
        match text(&finding.file) {
            Some(text) => report.push_str(&renderer.render(&[group(finding, text)])),
            None => report.push_str(&finding.to_string()),
        }
        report.push_str("\n\n");
    }
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| (of(severity), severity.word()));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, word)| counted(count, word)).collect();
    report.push_str(&counts.join(", "));
    report
}

/// Lines of one finding that a report shows: an unclosed quote may reach to the end of the file.
const LINES_SHOWN: usize = 6;

/// The lines that a finding is about, and its place in them: what is drawn costs as much as it
/// shows, not as much as the file is long.
fn window<'a>(finding: &Finding, text: &'a str) -> (&'a str, Range<usize>) {
    let span = finding.span(text);
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let lines = text.get(start..).unwrap_or("").split_inclusive('\n').take(LINES_SHOWN);
    let mut end = start;
    for line in lines {
        end += line.len();
        if end >= span.end {
            break;
        }
    }
    let lines = text.get(start..end).unwrap_or("");
    (lines, span.start - start..span.end.min(end).max(span.start) - start)
}

fn group<'a>(finding: &'a Finding, text: &'a str) -> annotate_snippets::Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let (lines, span) = window(finding, text);
    let snippet = Snippet::source(lines)
        .line_start(finding.line)
        .path(finding.file.as_str())
        .annotation(AnnotationKind::Primary.span(span));
    let title = level.primary_title(finding.message.as_str());
    let title = if finding.code.is_empty() { title } else { title.id(finding.code.as_ref()) };
    let group = title.element(snippet);
    if finding.mend.is_empty() {
        return group;
    }
    group.element(Level::HELP.message(finding.mend.as_str()))
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\nname = \"Zoë\" # ö\nb = wrong\n";

    #[test]
    fn a_finding_is_one_line_with_its_place_in_characters() {
        let at = TEXT.find("# ö").unwrap();
        let finding = Finding::error("x.toml", TEXT, at..at + 1, "a\nb", "write c");
        assert_eq!(finding.to_string(), "x.toml:2:14: a b; write c");
        assert_eq!(finding.clone().as_warning().to_string(), "x.toml:2:14: warning: a b; write c");
        assert_eq!(finding.end, Place { line: 2, column: 15 });
        let coded = finding.as_warning().coded("a.b");
        assert!(render(&[coded], |_| Some(TEXT)).contains("warning[a.b]: a"));
    }

    #[test]
    fn places_and_offsets_are_each_others_inverse() {
        for (at, _) in TEXT.char_indices() {
            assert_eq!(offset(TEXT, place(TEXT, at)), at, "{at}");
        }
        assert_eq!(place(TEXT, 10_000), Place { line: 4, column: 1 });
        assert_eq!(offset("ab\nc", Place { line: 1, column: 99 }), 2);
        assert_eq!(offset("ab\nc", Place { line: 99, column: 1 }), 4);
    }

    #[test]
    fn a_report_draws_the_lines_of_a_finding_and_no_others() {
        let text = "line = 'ü'\n".repeat(10_000);
        for (from, to, first, drawn) in [
            (0, 4, 1, 1),
            (12 * 5_000 + 2, 12 * 5_000 + 3, 5_001, 1),
            (12 * 5_000, 12 * 5_002, 5_001, 2),
            (12 * 7, text.len(), 8, LINES_SHOWN),
            (text.len(), text.len(), 10_001, 0),
        ] {
            let finding = Finding::error("x.toml", &text, from..to, "wrong", "");
            let (lines, span) = window(&finding, &text);
            assert_eq!((finding.line, lines.lines().count()), (first, drawn), "{from}..{to}");
            assert!(span.end <= lines.len(), "{span:?}");
            let report = render(&[finding], |_| Some(&text));
            assert!(report.contains(&format!("x.toml:{first}:")), "{report}");
            assert!(report.lines().count() < LINES_SHOWN + 12, "{report}");
        }
    }

    #[test]
    fn a_report_shows_the_place_and_the_way_out() {
        let at = TEXT.find("wrong").unwrap();
        let finding = Finding::error("x.toml", TEXT, at..at + 5, "not a number", "write b = 2");
        let report =
            render(std::slice::from_ref(&finding), |file| (file == "x.toml").then_some(TEXT));
        for part in
            ["error: not a number", "x.toml:3:5", "b = wrong", "^^^^^", "write b = 2", "1 error"]
        {
            assert!(report.contains(part), "{part} in:\n{report}");
        }
        let without = render(&[finding], |_| None);
        assert_eq!(without, "x.toml:3:5: not a number; write b = 2\n\n1 error");
    }
}
