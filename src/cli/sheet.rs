//! CSV files that people export and handoff imports.
//!
//! Guarantees: a file of any size is read line by line; every wrong line is told with its number
//! and how to mend it, and never with all that stands in it; a column that is not known is refused,
//! with the one that may be meant.
//! Does not know: what a column holds and what becomes of a row.

use std::{
    collections::HashMap,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher as _},
    path::Path,
};

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

use super::{
    exit::{Exit, Stop},
    screen::Tone,
    session::Session,
};

/// So many wrong lines are shown.
const WRONG_SHOWN: usize = 20;

/// What makes something of a line.
pub trait Rows {
    /// What it makes.
    type Row;

    /// Reads a line; its number is that in the file, the heading being the first.
    ///
    /// # Errors
    /// What is wrong with it and how to mend it.
    fn row(&mut self, record: &StringRecord, number: u64) -> Result<Self::Row, String>;
}

/// A file that is being read.
pub struct Sheet<R> {
    reader: Reader<File>,
    record: StringRecord,
    rows: R,
}

/// One line of it.
pub struct Line<T> {
    /// Its number; the heading is the first.
    pub number: u64,
    /// What it says, or what is wrong and how to mend it.
    pub row: Result<T, String>,
}

impl<R: Rows> Sheet<R> {
    /// Opens a file and reads its heading.
    ///
    /// # Errors
    /// It cannot be read, or its columns are not those that are expected.
    pub fn open(
        path: &Path,
        of_headings: impl FnOnce(&StringRecord) -> Result<R, Vec<String>>,
    ) -> Result<Self, Stop> {
        let place = path.display();
        let cannot = |why: &dyn std::fmt::Display| {
            Stop::new(Exit::Failed, format!("{place} cannot be read: {why}"))
        };
        let file = File::open(path).map_err(|error| cannot(&error))?;
        let mut reader =
            ReaderBuilder::new().trim(Trim::All).buffer_capacity(1 << 18).from_reader(file);
        let headings = reader.headers().map_err(|error| cannot(&error))?.clone();
        let rows = of_headings(&headings).map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(|why| format!("{place}:1: {why}")).collect();
            Stop::no(wrong.join("\n"))
        })?;
        Ok(Self { reader, record: StringRecord::new(), rows })
    }
}

impl<R: Rows> Iterator for Sheet<R> {
    type Item = Line<R::Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.reader.read_record(&mut self.record);
        let number = self.record.position().map_or(0, csv::Position::line);
        match read {
            Ok(false) => None,
            Ok(true) => Some(Line { number, row: self.rows.row(&self.record, number) }),
            Err(error) => {
                let number = error.position().map_or(number, csv::Position::line);
                let row = Err(format!("{}; save it as CSV in UTF-8", why(&error)));
                Some(Line { number, row })
            }
        }
    }
}

/// What is wrong with a line, without what stands in it.
fn why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} cells, the heading has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it cannot be read".to_owned(),
    }
}

/// A heading as it is compared.
pub fn plain(heading: &str) -> String {
    let heading = heading.trim_start_matches('\u{feff}').trim().to_lowercase();
    let parts = heading.split(|letter: char| !letter.is_alphanumeric());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// The known name that is likely meant by this one, if any is near.
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.min_by_key(|known| strsim::damerau_levenshtein(name, known));
    near.filter(|known| strsim::damerau_levenshtein(name, known) <= 2)
}

/// What each line is known by, to find those that are there twice: sixteen bytes a line.
#[derive(Debug, Default)]
pub struct Seen(HashMap<u64, u64>);

impl Seen {
    /// The line that said the same before, if one did.
    pub fn before(&mut self, key: impl Hash, number: u64) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.0.insert(hasher.finish(), number)
    }
}

/// Wrong lines of a file: how many, and what the first of them say.
#[derive(Debug, Default)]
pub struct Wrong {
    /// The first, each with its place.
    pub lines: Vec<String>,
    /// How many.
    pub count: usize,
}

impl Wrong {
    /// Notes one.
    pub fn note(&mut self, file: &Path, number: u64, why: &str) {
        self.count += 1;
        if self.lines.len() < WRONG_SHOWN {
            self.lines.push(format!("{}:{number}: {why}", file.display()));
        }
    }

    /// Shows them, and what to do about them unless they are left out.
    pub fn say(&self, session: &mut Session, are_skipped: bool) {
        for line in &self.lines {
            session.screen.toned(Tone::Bad, line);
        }
        let unsaid = self.count.saturating_sub(self.lines.len());
        if unsaid > 0 {
            session.screen.toned(Tone::Bad, &format!("and {unsaid} more, not shown"));
        }
        if self.count > 0 && !are_skipped {
            session.screen.line("Mend these lines, or add --skip-wrong to leave them out.");
        }
    }
}
