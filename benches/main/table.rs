//! A table in markdown, its columns aligned so that it reads in a terminal too.
//!
//! Guarantees: every row has the columns of the head.
//! Does not know: what is in it.

use std::fmt;

/// One group's table.
#[derive(Default)]
pub struct Table {
    title: String,
    notes: Vec<String>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// What is measured, and the names of the columns.
    pub fn begin(&mut self, title: &str, head: &[&str]) {
        title.clone_into(&mut self.title);
        self.head = head.iter().map(|name| (*name).to_owned()).collect();
    }

    /// A line below the table: the load, the sizes, what to know about the figures.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// One row. Says it at once too, since a long group is watched.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<String> = cells.into_iter().collect();
        assert_eq!(row.len(), self.head.len(), "a cell for each column");
        eprintln!("  {}", row.join("  "));
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |at: usize| {
            let cells = self.rows.iter().chain([&self.head]).filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        writeln!(f, "### {}\n", self.title)?;
        line(f, &self.head, &widths)?;
        for (at, width) in widths.iter().enumerate() {
            let end = if at == 0 { "-" } else { ":" };
            write!(f, "|{}{end}", "-".repeat(width + 1))?;
        }
        writeln!(f, "|")?;
        for row in &self.rows {
            line(f, row, &widths)?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

/// The first column begins at the left, figures end at the right.
fn line(f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at == 0 {
            write!(f, "| {cell:<width$} ")?;
        } else {
            write!(f, "| {cell:>width$} ")?;
        }
    }
    writeln!(f, "|")
}
