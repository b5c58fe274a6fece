//! A table as spreadsheets write it.
//!
//! Guarantees: the delimiter (`,` `;` or tab) is found out, also from Excel's `sep=` line; cells
//! keep leading zeros; a cell can be found again in the file, for findings.
//! Does not know: what a column means.

use std::ops::Range;

/// Rows and cells as texts.
#[derive(Debug)]
pub struct Sheet<'t> {
    text: &'t str,
    /// What stands between cells.
    pub delimiter: char,
    /// The first row.
    pub header: Vec<String>,
    /// All rows that are not empty: their first byte and their cells.
    pub rows: Vec<(usize, Vec<String>)>,
}

impl<'t> Sheet<'t> {
    /// Reads a file.
    ///
    /// # Errors
    /// The byte at which the file stops being a table, and why.
    pub fn read(text: &'t str) -> Result<Self, (usize, String)> {
        let (delimiter, begin) = delimiter(text);
        let body = text.get(begin..).unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter as u8)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(body.as_bytes());
        let mut all: Vec<(usize, Vec<String>)> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|why| (begin, why.to_string()))?;
            let at = record.position().map_or(0, |at| at.byte() as usize);
            // Blank lines in front of a record belong to nothing.
            let blank = body.get(at..).unwrap_or_default();
            let blank = blank.len() - blank.trim_start_matches(['\r', '\n']).len();
            if record.iter().any(|cell| !cell.is_empty()) {
                all.push((begin + at + blank, record.iter().map(str::to_owned).collect()));
            }
        }
        if let Some((at, _)) = all.last()
            && is_left_open(text.get(*at..).unwrap_or_default(), delimiter)
        {
            let why = "a text that begins with \" in this row is never closed: write \" where it \
                       ends, or all that follows belongs to it";
            return Err((*at, why.to_owned()));
        }
        let mut rows = all.into_iter();
        let (_, header) =
            rows.next().ok_or((0, "the file has no row, not even a header".to_owned()))?;
        Ok(Self { text, delimiter, header, rows: rows.collect() })
    }

    /// The bytes of a cell of the row that begins at `row`.
    pub fn cell(&self, row: usize, column: usize) -> Range<usize> {
        let line = self.text.get(row..).unwrap_or_default();
        let (mut is_quoted, mut at, mut start) = (false, 0, 0);
        let mut end = line.len();
        for (byte, c) in line.char_indices() {
            match c {
                '"' => is_quoted = !is_quoted,
                _ if is_quoted => {}
                '\n' | '\r' => {
                    end = byte;
                    break;
                }
                c if c == self.delimiter => {
                    if at == column {
                        end = byte;
                        break;
                    }
                    at += 1;
                    start = byte + c.len_utf8();
                }
                _ => {}
            }
        }
        // A row that is too short is pointed at behind its end.
        if at < column {
            start = end;
        }
        row + start..row + end
    }
}

/// Whether the quotes of a cell of this row, the last one, are never closed.
fn is_left_open(row: &str, delimiter: char) -> bool {
    let (mut is_quoted, mut begins) = (false, true);
    for c in row.chars() {
        match c {
            '"' if is_quoted || begins => is_quoted = !is_quoted,
            _ if is_quoted => {}
            _ => begins = c == delimiter || matches!(c, '\r' | '\n'),
        }
    }
    is_quoted
}

/// The delimiter of a table by its first lines, and where it begins: behind Excel's `sep=` line, if
/// there is one.
#[must_use]
pub fn delimiter(text: &str) -> (char, usize) {
    let first = text.lines().next().unwrap_or_default();
    if let Some(named) = first.strip_prefix("sep=").and_then(|rest| rest.chars().next())
        && named.is_ascii()
    {
        let rest = text.get(first.len()..).unwrap_or_default();
        let breaks = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        return (named, first.len() + breaks);
    }
    let mut is_quoted = false;
    let mut counts = [(';', 0), ('\t', 0), (',', 0)];
    for c in text.trim_start_matches(['\r', '\n']).lines().next().unwrap_or_default().chars() {
        is_quoted ^= c == '"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(!is_quoted && c == *delimiter);
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    (most.filter(|(_, count)| *count > 0).map_or(',', |(delimiter, _)| delimiter), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: char, expected: &[&[&str]]) {
        let sheet = Sheet::read(text).unwrap();
        assert_eq!(sheet.delimiter, delimiter, "{text}");
        let rows: Vec<&Vec<String>> =
            std::iter::once(&sheet.header).chain(sheet.rows.iter().map(|(_, row)| row)).collect();
        assert_eq!(rows, expected, "{text}");
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        check("plz;pool\r\n01067;ost\r\n;\r\n;;;\r\n", ';', &[&["plz", "pool"], &["01067", "ost"]]);
        check("a,b\n\"x, y\",2\n\n\n", ',', &[&["a", "b"], &["x, y", "2"]]);
        check("a\tb\n 1 \t2\n", '\t', &[&["a", "b"], &["1", "2"]]);
        check("sep=;\r\na;b\r\n1;2,5\r\n", ';', &[&["a", "b"], &["1", "2,5"]]);
        check("only\nx\n", ',', &[&["only"], &["x"]]);
        check(
            "a;b\n\"two\nlines\";\"say \"\"hi\"\"\"\n",
            ';',
            &[&["a", "b"], &["two\nlines", "say \"hi\""]],
        );
        assert!(Sheet::read("").is_err());
        assert!(Sheet::read("\n\n;;\n").is_err());
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_swallow_rows_in_silence() {
        for (text, at) in [
            ("a;b\n1;\"x\n2;y\n", 4),
            ("a;b\n1;x\n2;\"y\n", 8),
            ("a;b\n1;\"\"\"x\n", 4),
            ("\"a;b\n1;x\n", 0),
        ] {
            let (found, why) = Sheet::read(text).unwrap_err();
            assert!(found == at && why.contains("never closed"), "{text:?}: {found}: {why}");
        }
        for text in [
            "a;b\n1;5\" pipe\n",
            "a;b\n1;\"x\ny\"\n",
            "a;b\n1;\"say \"\"x\"\"\"\n",
            "a;b\n1;\"\"\n",
        ] {
            assert!(Sheet::read(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_cell_is_found_again() {
        let text = "country;pool\n\nDE;\"da;ch\"\r\nAT;dach\n";
        let sheet = Sheet::read(text).unwrap();
        for (row, column, expected) in
            [(0, 0, "DE"), (0, 1, "\"da;ch\""), (1, 0, "AT"), (1, 1, "dach"), (1, 2, "")]
        {
            let at = sheet.cell(sheet.rows[row].0, column);
            assert_eq!(&text[at], expected, "{row} {column}");
        }
    }
}
