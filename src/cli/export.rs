//! CSV files for a spreadsheet, written row by row.
//!
//! Guarantees: no cell is a formula to a spreadsheet; a disk that is full is said at the end.
//! Does not know: what is in the columns.

use std::{
    fs::File,
    io::{BufWriter, Result, Write as _},
    path::Path,
};

use anyhow::Context as _;

use super::exit::Stop;
use crate::model::text::Untrusted;

/// A file that is being written.
pub struct Export {
    file: BufWriter<File>,
    place: String,
    written: Result<()>,
}

impl Export {
    /// A new file with these headings.
    pub fn into(path: &Path, headings: &str) -> std::result::Result<Self, Stop> {
        let place = path.display().to_string();
        let file = File::create(path).with_context(|| format!("cannot write {place}"))?;
        let mut file = BufWriter::new(file);
        let written = write!(file, "{headings}\r\n");
        Ok(Self { file, place, written })
    }

    /// Another row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> =
            cells.into_iter().map(|cell| Untrusted::new(cell).csv_cell()).collect();
        if self.written.is_ok() {
            self.written = write!(self.file, "{}\r\n", cells.join(","));
        }
    }

    /// The end of it.
    pub fn end(mut self) -> std::result::Result<(), Stop> {
        let flushed = self.written.and_then(|()| self.file.flush());
        Ok(flushed.with_context(|| format!("cannot write {}", self.place))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_the_file_is_no_formula() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moved.csv");
        let mut file = Export::into(&path, "lead,owner").map_err(|_| ()).unwrap();
        file.row(["=1+1".to_owned(), "a,b".to_owned()]);
        file.end().map_err(|_| ()).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "lead,owner\r\n'=1+1,\"a,b\"\r\n");
    }
}
