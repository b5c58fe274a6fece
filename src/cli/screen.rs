//! What a command prints: tables for people, JSON for programs.
//!
//! Guarantees: no control or direction character of anybody's text reaches the terminal, in either
//! form; colours only on a terminal and without `NO_COLOR`; a reader that goes away (`| head`)
//! ends the output, not the command.
//! Does not know: what the rows mean.

use std::io::{self, IsTerminal as _, Write};

use comfy_table::{Table, presets};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::model::{
    text::{Untrusted, is_visible},
    time::Time,
};

/// The longest text of a cell, in characters.
const CELL_MAX: usize = 60;
/// The longest line that is printed as one.
const LINE_MAX: usize = 2_000;

/// Where a command prints.
pub struct Screen {
    out: Box<dyn Write>,
    json: bool,
    in_colour: bool,
    zone: TimeZone,
    failed: Option<io::Error>,
}

/// A colour with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody should look.
    Bad,
    /// Less important than its surroundings.
    Dim,
}

impl Screen {
    /// The terminal or pipe that the process has.
    #[must_use]
    pub fn stdout(json: bool) -> Self {
        let in_colour = io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::new(Box::new(io::stdout()), json, in_colour, TimeZone::system())
    }

    /// Another place.
    #[must_use]
    pub fn new(out: Box<dyn Write>, json: bool, in_colour: bool, zone: TimeZone) -> Self {
        Self { out, json, in_colour, zone, failed: None }
    }

    /// Whether programs read it.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// The reader's time zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Prints one line, cleaned.
    pub fn line(&mut self, text: &str) {
        let line = clean(text, LINE_MAX);
        self.put(&line);
    }

    /// Prints one line, cleaned, in a colour.
    pub fn toned(&mut self, tone: Tone, text: &str) {
        let line = self.paint(tone, &clean(text, LINE_MAX));
        self.put(&line);
    }

    /// Prints one line in a colour, its blanks kept.
    pub fn toned_as_it_is(&mut self, tone: Tone, text: &str) {
        let line = self.paint(tone, &visible(text));
        self.put(&line);
    }

    /// Prints lines as they are laid out; only what a terminal would act on is left out.
    pub fn block(&mut self, text: &str) {
        self.put(visible(text).trim_end_matches('\n'));
    }

    /// Prints JSON.
    pub fn json(&mut self, value: &Value) {
        let text = safe_json(value);
        self.put(&text);
    }

    /// Prints a table with these headings; without rows, `none` instead.
    pub fn table(&mut self, headings: &[&str], rows: &[Vec<String>], none: &str) {
        if rows.is_empty() {
            self.toned(Tone::Dim, none);
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
        for row in rows {
            table.add_row(row.iter().map(|cell| clean(cell, CELL_MAX)));
        }
        let text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        let text = text.join("\n");
        self.put(&text);
    }

    /// An instant in the reader's zone, to the minute: `2026-03-02 14:05`.
    #[must_use]
    pub fn time(&self, at: Time) -> String {
        jiff::Timestamp::from_millisecond(at.0).map_or_else(
            |_| at.0.to_string(),
            |at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    }

    /// The same, or a dash.
    #[must_use]
    pub fn time_or_dash(&self, at: Option<Time>) -> String {
        at.map_or_else(|| "–".to_owned(), |at| self.time(at))
    }

    /// Shows at once what was printed so far.
    pub fn flush(&mut self) {
        if let Err(error) = self.out.flush() {
            self.note(error);
        }
    }

    /// Flushes, and says what went wrong with the output, if anything did.
    ///
    /// # Errors
    /// The first failure other than a reader that went away.
    pub fn finish(mut self) -> io::Result<()> {
        if let Err(error) = self.out.flush() {
            self.note(error);
        }
        self.failed.map_or(Ok(()), Err)
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.in_colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn put(&mut self, text: &str) {
        if let Err(error) = writeln!(self.out, "{text}") {
            self.note(error);
        }
    }

    fn note(&mut self, error: io::Error) {
        if error.kind() != io::ErrorKind::BrokenPipe && self.failed.is_none() {
            self.failed = Some(error);
        }
    }
}

/// The text in its layout, without anything else that a terminal would act on.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|letter| is_visible(*letter) || matches!(letter, '\n' | '\t')).collect()
}

/// One line without anything that a terminal would act on.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    Untrusted::new(text).one_line(max).as_str_for_logic().to_owned()
}

/// Indented JSON in which every character that a terminal would act on is written `\u....`: the
/// same value, since such characters stand only inside texts.
fn safe_json(value: &Value) -> String {
    let plain = format!("{value:#}");
    let mut safe = String::with_capacity(plain.len());
    for letter in plain.chars() {
        if letter == '\n' || is_visible(letter) {
            safe.push(letter);
            continue;
        }
        let mut units = [0; 2];
        for unit in letter.encode_utf16(&mut units) {
            safe.extend(["\\u", &format!("{unit:04x}")]);
        }
    }
    safe
}

#[cfg(test)]
pub(super) mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    /// A screen whose text can be read afterwards.
    #[derive(Clone, Default)]
    pub struct Paper(Rc<RefCell<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        pub fn screen(&self, json: bool) -> Screen {
            Screen::new(Box::new(self.clone()), json, false, TimeZone::UTC)
        }

        pub fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    const NASTY: &str = "Eva\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}\r\nLinden";

    #[test]
    fn no_text_steers_the_terminal() {
        let paper = Paper::default();
        let mut screen = paper.screen(false);
        screen.line(NASTY);
        screen.block(NASTY);
        screen.toned(Tone::Bad, NASTY);
        screen.table(&["name"], &[vec![NASTY.to_owned()]], "none");
        screen.json(&serde_json::json!({ "name": NASTY }));
        screen.finish().unwrap();
        let text = paper.text();
        assert!(text.chars().all(|letter| letter == '\n' || is_visible(letter)), "{text:?}");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "name": NASTY, "n": [1, null] });
        let read: Value = serde_json::from_str(&safe_json(&value)).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn a_table_has_headings_and_a_word_when_it_is_empty() {
        let paper = Paper::default();
        let mut screen = paper.screen(false);
        screen.table(&["rep"], &[vec!["ada".to_owned()]], "no reps");
        screen.table(&["rep"], &[], "no reps");
        assert_eq!(paper.text(), " REP\n ada\nno reps\n");
    }

    #[test]
    fn times_are_the_readers_own() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let screen = Screen::new(Box::new(io::sink()), false, false, zone);
        assert_eq!(screen.time(Time(1_767_225_600_000)), "2026-01-01 01:00");
        assert_eq!(screen.time_or_dash(None), "–");
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
        struct Failing(io::ErrorKind);
        impl Write for Failing {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for (kind, is_ok) in
            [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)]
        {
            let mut screen = Screen::new(Box::new(Failing(kind)), false, false, TimeZone::UTC);
            screen.line("x");
            assert_eq!(screen.finish().is_ok(), is_ok, "{kind:?}");
        }
    }
}
