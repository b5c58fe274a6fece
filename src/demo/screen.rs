//! The terminal: one line per thing, calm, at most a hundred columns wide.
//!
//! Guarantees: a line is wrapped between words, its continuation stands under its text; colours
//! only where a terminal shows them; a terminal that has gone away stops nothing. Text of
//! strangers comes here only as [`shown`] makes it. Does not know: what a line says.

use std::io::{IsTerminal as _, Write as _};

use crate::model::text::Untrusted;

/// Columns of the terminal that are used.
const WIDTH: usize = 100;
/// Where the text of a line begins, behind its time.
const INDENT: usize = 7;
/// Where it begins in the summary, behind a name.
const NAMED: usize = 13;

/// How a piece of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Quiet,
    Name,
    Good,
    Warn,
    Bad,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Quiet => "2",
            Self::Name => "1",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
        }
    }
}

/// One line: its head and its pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    head: (Ink, String),
    /// Where its text begins, on every row.
    indent: usize,
    pieces: Vec<(Ink, String)>,
}

impl Line {
    /// A line that begins with a time, or with as much space.
    #[must_use]
    pub fn at(time: impl Into<String>) -> Self {
        Self { head: (Ink::Quiet, time.into()), indent: INDENT, pieces: Vec::new() }
    }

    /// A line of the summary: a name, then what is to be said of it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { head: (Ink::Name, name.into()), indent: NAMED, pieces: Vec::new() }
    }

    /// Adds a piece; blanks between pieces are the pieces' own.
    #[must_use]
    pub fn with(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.pieces.push((ink, text.into()));
        self
    }

    /// Adds a plain piece.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.with(Ink::Plain, text)
    }

    /// As it is printed.
    #[must_use]
    pub fn render(&self, is_coloured: bool) -> String {
        let paint = |ink: Ink, text: &str| match ink.code() {
            code if is_coloured && !code.is_empty() && !text.is_empty() => {
                format!("\u{1b}[{code}m{text}\u{1b}[0m")
            }
            _ => text.to_owned(),
        };
        let indent = self.indent;
        let mut line = paint(self.head.0, &format!("{:<indent$}", self.head.1));
        let mut column = indent;
        // Blanks are written only before the next word on the same row.
        let mut blanks = 0;
        for (ink, text) in &self.pieces {
            let mut row = String::new();
            for (at, word) in text.split(' ').enumerate() {
                blanks += usize::from(at > 0);
                let length = word.chars().count();
                if length == 0 {
                    continue;
                }
                if column + blanks + length > WIDTH && column > indent {
                    line.push_str(&paint(*ink, &row));
                    row.clear();
                    line.push('\n');
                    line.push_str(&" ".repeat(indent));
                    (column, blanks) = (indent, 0);
                }
                row.push_str(&" ".repeat(blanks));
                row.push_str(word);
                column += blanks + length;
                blanks = 0;
            }
            line.push_str(&paint(*ink, &row));
        }
        if is_coloured { line } else { line.trim_end().to_owned() }
    }
}

/// A stranger's text as it may stand on a terminal: one line, cut, nothing that turns, hides,
/// rings or colours.
#[must_use]
pub fn shown(text: &Untrusted, max: usize) -> String {
    text.one_line(max).escape_mail_line()
}

/// Where lines go.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    is_coloured: bool,
    /// Whether the account is printed.
    tells: bool,
    /// Whether the summary is.
    sums_up: bool,
}

impl Screen {
    /// The standard output; a quiet one prints the summary alone.
    #[must_use]
    pub fn stdout(is_quiet: bool) -> Self {
        let is_coloured = std::io::stdout().is_terminal();
        Self { is_coloured, tells: !is_quiet, sums_up: true }
    }

    /// Nothing is printed.
    #[must_use]
    pub const fn silent() -> Self {
        Self { is_coloured: false, tells: false, sums_up: false }
    }

    /// A line of the account.
    pub fn tell(self, line: &Line) {
        if self.tells {
            print(&line.render(self.is_coloured));
        }
    }

    /// A line of the summary.
    pub fn sum_up(self, line: &Line) {
        if self.sums_up {
            print(&line.render(self.is_coloured));
        }
    }
}

fn print(text: &str) {
    // A closed pipe ends the reading, not the demo.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_under_its_text() {
        let line = Line::at("10:02")
            .with(Ink::Name, "Eva Novak")
            .text(", ")
            .text("word ".repeat(30).trim_end());
        let text = line.render(false);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 2, "{text}");
        assert!(
            rows[0].starts_with("10:02  Eva Novak, word") && rows[1].starts_with("       word")
        );
        assert!(
            rows.iter().all(|row| row.chars().count() <= WIDTH && !row.ends_with(' ')),
            "{text}"
        );
        assert!(line.render(true).starts_with("\u{1b}[2m10:02  \u{1b}[0m\u{1b}[1mEva Novak"));
    }

    #[test]
    fn a_word_longer_than_the_terminal_is_not_lost() {
        let word = "x".repeat(150);
        assert!(Line::at("").text(word.clone()).render(false).contains(&word));
    }

    #[test]
    fn strangers_cannot_colour_turn_or_ring() {
        let text = Untrusted::from("\u{1b}[31mEva\u{7}\n\u{202e}kavoN<script>");
        assert_eq!(shown(&text, 40), "[31mEva kavoN<script>");
    }
}
