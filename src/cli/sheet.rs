//! CSV files that people export and handoff imports.
//!
//! Guarantees: commas, semicolons and tabs part cells, as the heading shows (Excel writes semicolons
//! where the comma is that of numbers); a file of any size is read line by line; every wrong line is told with its number
//! and how to mend it, and never with all that stands in it; a column that is not known is refused,
//! with the one that may be meant.
//! Does not know: what a column holds and what becomes of a row.

use std::{
    collections::HashMap,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher as _},
    io::{self, Read, Seek as _, SeekFrom},
    path::Path,
};

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

use super::{
    exit::{Exit, Stop},
    screen::Tone,
    session::Session,
};
use crate::rulebook::csv_delimiter;

/// Bytes in which the heading ends.
const HEADING_MAX: u64 = 64 * 1024;
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
    /// Lines that its reader does not count.
    before: u64,
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
        let mut file = File::open(path).map_err(|error| cannot(&error))?;
        let (delimiter, before) = begin(&mut file).map_err(|error| cannot(&error))?;
        let mut reader = ReaderBuilder::new()
            .trim(Trim::All)
            .delimiter(delimiter)
            .buffer_capacity(1 << 18)
            .from_reader(file);
        let headings = reader.headers().map_err(|error| cannot(&error))?.clone();
        let rows = of_headings(&headings).map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(|why| format!("{place}:1: {why}")).collect();
            Stop::no(wrong.join("\n"))
        })?;
        Ok(Self { reader, record: StringRecord::new(), before, rows })
    }
}

/// The delimiter of a file, by its heading, and how many lines it has beside those that the reader
/// counts (`sep=;`); what is read of it next is the heading.
fn begin(file: &mut File) -> io::Result<(u8, u64)> {
    let mut first = Vec::new();
    Read::by_ref(file).take(HEADING_MAX).read_to_end(&mut first)?;
    if first.starts_with(b"PK\x03\x04") {
        let why = "it is a workbook of a spreadsheet program: save it as \"CSV UTF-8\" there";
        return Err(io::Error::other(why));
    }
    let text = String::from_utf8_lossy(&first);
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (delimiter, begins) = csv_delimiter(text.get(mark..).unwrap_or_default());
    let at = if begins > 0 { mark + begins } else { 0 };
    let heading = text.get(at..).and_then(|rest| rest.split_once('\n')).map(|(line, _)| line);
    // The reader counts the second half of a line's end with the line behind it.
    let half = heading.is_some_and(|line| line.ends_with('\r'));
    file.seek(SeekFrom::Start(at as u64))?;
    // They are ASCII, all three.
    Ok((u8::try_from(delimiter).unwrap_or(b','), u64::from(begins > 0) + u64::from(half)))
}

impl<R: Rows> Iterator for Sheet<R> {
    type Item = Line<R::Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.reader.read_record(&mut self.record);
        let number = self.before + self.record.position().map_or(0, csv::Position::line);
        match read {
            Ok(false) => None,
            Ok(true) => Some(Line { number, row: self.rows.row(&self.record, number) }),
            Err(error) => {
                let number = error.position().map_or(number, |at| self.before + at.line());
                let row = Err(format!("{}; save it as \"CSV UTF-8\"", why(&error)));
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Cells;

    impl Rows for Cells {
        type Row = Vec<String>;

        fn row(&mut self, record: &StringRecord, _: u64) -> Result<Self::Row, String> {
            Ok(record.iter().map(str::to_owned).collect())
        }
    }

    /// A line's number and its cells, or why there are none.
    type Told = (u64, Result<Vec<String>, String>);

    fn read(text: &[u8]) -> (Vec<String>, Vec<Told>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut headings = Vec::new();
        let sheet = Sheet::open(file.path(), |found| {
            headings = found.iter().map(plain).collect();
            Ok(Cells)
        });
        let lines = sheet.unwrap().map(|line| (line.number, line.row)).collect();
        (headings, lines)
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_of_any_country_save_it() {
        for text in [
            "id,name\n7,Linden\n",
            "id;name\r\n7;Linden\r\n",
            "id\tname\n7\tLinden\n",
            "\u{feff}id;name\r\n7;Linden\r\n",
            "\u{feff}id,name\r\n7,Linden\r\n",
            "ID ; \"Name\"\n7;\"Linden\"\n",
        ] {
            let (headings, lines) = read(text.as_bytes());
            assert_eq!(headings, ["id", "name"], "{text:?}");
            assert_eq!(lines, [(2, Ok(vec!["7".to_owned(), "Linden".to_owned()]))], "{text:?}");
        }
        for text in ["sep=;\r\nid;name\r\n7;a,b\r\n", "\u{feff}sep=;\nid;name\n7;a,b\n"] {
            let (headings, lines) = read(text.as_bytes());
            assert_eq!(headings, ["id", "name"], "{text:?}");
            assert_eq!(lines, [(3, Ok(vec!["7".to_owned(), "a,b".to_owned()]))], "{text:?}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_told_with_its_line_and_the_way_to_save_it() {
        let (_, lines) = read(b"id;name\n7;M\xfcller\n8;Linden\n");
        let why = "it is not UTF-8; save it as \"CSV UTF-8\"".to_owned();
        assert_eq!(lines.first(), Some(&(2, Err(why))));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_workbook_is_told_from_a_file_of_cells() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"PK\x03\x04\x14\0\x06\0[Content_Types].xml").unwrap();
        let stop = Sheet::open(file.path(), |_| Ok(Cells)).err().unwrap();
        assert!(stop.error.to_string().contains("save it as \"CSV UTF-8\""), "{}", stop.error);
    }
}
