//! Findings printed for people: the line, what is wrong underlined, and how to mend it.
//!
//! Guarantees: every finding is printed, also when its file is not at hand.
//! Does not know: terminals; colours are asked for.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{
    files::{Files, MAIN},
    finding::{Finding, Severity},
};

/// All findings, one after the other, with a count at the end.
pub fn report(findings: &[Finding], files: &Files, in_colour: bool) -> String {
    let renderer = if in_colour { Renderer::styled() } else { Renderer::plain() };
    let mut pages: Vec<String> =
        findings.iter().map(|found| one(found, files, &renderer)).collect();
    let errors = findings.iter().filter(|found| found.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let counts: Vec<String> =
        [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
    if !counts.is_empty() {
        pages.push(counts.join(", "));
    }
    pages.join("\n\n")
}

fn one(found: &Finding, files: &Files, renderer: &Renderer) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let bytes = if found.file == MAIN { Some(&files.main) } else { files.others.get(&found.file) };
    let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    let Some((text, first_line, span)) = text.and_then(|text| excerpt(text, found)) else {
        return found.to_string();
    };
    let snippet = Snippet::source(text)
        .line_start(first_line)
        .path(found.file.as_str())
        .annotation(AnnotationKind::Primary.span(span));
    let mut group = level.primary_title(found.message.as_str()).element(snippet);
    if !found.mend.is_empty() {
        group = group.element(Level::HELP.message(found.mend.as_str()));
    }
    renderer.render(&[group])
}

/// The lines of a finding, the number of the first, and what to underline in them. Whole files
/// would be copied for every finding.
fn excerpt<'t>(text: &'t str, found: &Finding) -> Option<(&'t str, usize, std::ops::Range<usize>)> {
    let start = found.bytes.start.min(text.len());
    let end = found.bytes.end.clamp(start, text.len());
    if !text.is_char_boundary(start) || !text.is_char_boundary(end) {
        return None;
    }
    let begin = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    // One line is enough to find the place.
    let stop = text.get(start..)?.find('\n').map_or(text.len(), |at| start + at);
    let end = end.min(stop).max(start);
    Some((text.get(begin..stop)?, found.line, start - begin..end - begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::finding::Source;

    #[test]
    fn a_finding_shows_its_line_and_how_to_mend_it() {
        let text = "# top\nassign_to = \"pool: emea-x\"\nnext = 1\n";
        let at = text.find("\"pool").unwrap();
        let found = Source::new(MAIN, text).finding(
            &(at..at + 14),
            Severity::Error,
            "unknown pool \"emea-x\"",
            "did you mean \"emea\"?",
        );
        let page = report(&[found], &Files::new(text), false);
        let expected = "\
error: unknown pool \"emea-x\"
 --> rulebook.toml:2:13
  |
2 | assign_to = \"pool: emea-x\"
  |             ^^^^^^^^^^^^^^
  |
  = help: did you mean \"emea\"?

1 error";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_finding_without_its_file_is_printed_on_one_line() {
        let found = Source::new("x.csv", "a\n").finding(&(0..1), Severity::Warning, "odd", "");
        let page = report(&[found], &Files::new(""), false);
        assert_eq!(page, "x.csv:1:1: warning: odd\n\n1 warning");
    }
}
