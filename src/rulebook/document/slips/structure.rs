//! Quotes and brackets of a document that cannot be read: the first that is left open.
//!
//! Guarantees: a place is that of the opening quote or bracket, not of where reading failed; text
//! in quotes and behind a # counts for nothing; no document makes it panic.
//! Does not know: values, keys, nor what the sections are.

use std::ops::Range;

/// What is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A text on one line; whether it stands within brackets.
    Text {
        /// The quote.
        quote: char,
        /// Within brackets: what follows cannot be read either.
        is_inside: bool,
    },
    /// A text of several lines.
    Lines,
    /// A list or a table in braces.
    Bracket(char),
    /// The heading of a section.
    Heading,
}

/// The first that is left open, and its place.
pub fn first_open(text: &str) -> Option<(Range<usize>, Open)> {
    let mut scan = Scan { text, open: Vec::new() };
    let mut at = 0;
    while at < text.len() {
        match scan.line(at) {
            Ok(next) => at = next,
            Err(found) => return Some(found),
        }
    }
    let (at, bracket) = scan.open.last().copied()?;
    Some((at..at + 1, Open::Bracket(bracket)))
}

struct Scan<'t> {
    text: &'t str,
    /// Brackets that are open, outermost first.
    open: Vec<(usize, char)>,
}

impl Scan<'_> {
    /// Reads a line (or the lines of a long text) from its start; where the next one begins.
    fn line(&mut self, start: usize) -> Result<usize, (Range<usize>, Open)> {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let bare = line.trim();
        let from = start + (line.len() - line.trim_start().len());
        match self.open.last().copied() {
            None if bare.starts_with('[') => {
                return if is_heading(bare) {
                    Ok(start + line.len())
                } else {
                    Err((from..from + bare.len(), Open::Heading))
                };
            }
            // A new section, or a new key in a list: the bracket before it was forgotten.
            Some((at, bracket)) if is_heading(bare) || (bracket == '[' && is_setting(bare)) => {
                return Err((at..at + 1, Open::Bracket(bracket)));
            }
            _ => {}
        }
        let mut at = start;
        while at < start + line.len() {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some(c) = rest.chars().next() else { break };
            match c {
                '#' => break,
                '"' | '\'' => {
                    let end = self.quoted(at, c)?;
                    if end > start + line.len() {
                        return Ok(self.end_of_line(end));
                    }
                    at = end;
                    continue;
                }
                '[' | '{' => self.open.push((at, c)),
                ']' | '}' => {
                    let meant = if c == ']' { '[' } else { '{' };
                    match self.open.pop() {
                        Some((at, bracket)) if bracket != meant => {
                            return Err((at..at + 1, Open::Bracket(bracket)));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            at += c.len_utf8();
        }
        Ok(start + line.len())
    }

    fn end_of_line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.find('\n').map_or(rest.len(), |end| end + 1)
    }

    /// Where the text that begins here ends, past its closing quote.
    fn quoted(&self, at: usize, quote: char) -> Result<usize, (Range<usize>, Open)> {
        let rest = self.text.get(at..).unwrap_or_default();
        let triple = [quote; 3].iter().collect::<String>();
        let is_long = rest.starts_with(&triple);
        let (opens, closes) = if is_long { (3, triple) } else { (1, quote.to_string()) };
        let mut inside = rest.char_indices().skip(opens);
        while let Some((place, c)) = inside.next() {
            if c == '\\' && quote == '"' {
                inside.next();
            } else if rest.get(place..).is_some_and(|rest| rest.starts_with(&closes)) {
                return Ok(at + place + closes.len());
            } else if c == '\n' && !is_long {
                break;
            }
        }
        let is_inside = !self.open.is_empty();
        Err(if is_long {
            (at..at + 3, Open::Lines)
        } else {
            (at..at + 1, Open::Text { quote, is_inside })
        })
    }
}

/// Whether a line is the heading of a section, as in `[[rule]]`.
fn is_heading(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim();
    let name = [("[[", "]]"), ("[", "]")]
        .iter()
        .find_map(|(opens, closes)| line.strip_prefix(opens)?.strip_suffix(closes));
    // A list of one text, [["a"]], is none.
    name.is_some_and(|name| !name.is_empty() && name.chars().all(is_of_key))
}

/// Whether a line begins as `key = `.
fn is_setting(line: &str) -> bool {
    let Some((key, _)) = line.split_once('=') else { return false };
    let key = key.trim_end();
    key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(is_of_key)
}

/// Whether a character may stand in a key without quotes.
pub fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}
