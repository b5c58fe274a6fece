//! The tables of a store, as both databases have them, and their rows as plain values.
//!
//! Guarantees: every table that holds something of ours is here; what one database derives for
//! itself (hints for look-ups, slots, its schema's steps) is not, nor what replicas agree on for a
//! moment by that database's clock. The sum of a table's rows is the
//! same whatever order they come in.
//! Does not know: SQL dialects.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// A number.
    Real,
    /// Yes or no.
    Flag,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A public id.
    Uuid,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// How many of the first columns are its key.
    pub key: usize,
    /// How many rows are moved at once: few, where a row may be large.
    pub batch: i64,
    /// The same as a statement on an open cursor named `rows`.
    pub fetch: &'static str,
}

impl Table {
    /// The names of its columns.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    /// The names of its key's columns.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> {
        self.names().take(self.key)
    }

    /// A row's cell of this column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> Option<&'r Cell> {
        row.get(self.names().position(|name| name == column)?)
    }
}

/// A statement put together from pieces of the program: nothing that was read can get into it.
#[derive(Clone, Debug, Default)]
pub struct Statement(String);

impl Statement {
    /// Begins with this.
    #[must_use]
    pub fn of(piece: &'static str) -> Self {
        Self(piece.to_owned())
    }

    /// Goes on with this.
    #[must_use]
    pub fn then(mut self, piece: &'static str) -> Self {
        self.0.push_str(piece);
        self
    }

    /// Goes on with a list.
    #[must_use]
    pub fn list(mut self, pieces: impl Iterator<Item = &'static str>) -> Self {
        for (place, piece) in pieces.enumerate() {
            self.0.push_str(if place == 0 { "" } else { ", " });
            self.0.push_str(piece);
        }
        self
    }

    /// As it is sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    None,
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A public id.
    Uuid(Uuid),
}

/// A row, in the order of its table's columns.
pub type Row = Vec<Cell>;

use Kind::{Bytes, Flag, Int, Real, Text, Uuid as Id};

macro_rules! table {
    ($name:literal, $key:literal, $batch:literal, [$($column:ident $kind:ident),*]) => {
        Table {
            name: $name,
            columns: &[$((stringify!($column), $kind)),*],
            key: $key,
            batch: $batch,
            fetch: concat!("FETCH ", $batch, " FROM rows"),
        }
    };
}

/// Every table, in the order in which they are moved.
#[rustfmt::skip] // One table a line reads as the list that it is.
pub static TABLES: [Table; 23] = [
    table!("rulebook", 1, 20, [version Int, author Text, message Text, at Int, document Text]),
    table!("token", 1, 1000, [name Text, hash Bytes, created_at Int, expires_at Int, revoked_at Int]),
    table!("event", 1, 500, [id Int, uuid Id, kind Int, fate Int, tries Int, lead Int, received_at Int, source Text, delivery Text, content_type Text, actor Text, reason Text, news Bytes]),
    table!("body", 1, 100, [event Int, bytes Bytes]),
    table!("lead", 1, 1000, [id Int, uuid Id, revision Int, state Int, owner Text, due_at Int, doc Text]),
    table!("identity", 3, 1000, [hash Int, value Text, lead Int]),
    table!("decision", 1, 1000, [seq Int, lead Int, event Int, at Int, what Text, rulebook Int, doc Text, saw Text, moved Text]),
    table!("checkpoint", 1, 1, [seq Int, team Text]),
    table!("basis", 1, 10, [hash Int, doc Text]),
    table!("job", 1, 1000, [id Int, lead Int, kind Int, destination Text, lane Text, wanted Int, due_at Int, rank Int, why Text, attempts Int, lapsed Int, lease_until Int, is_uncertain Flag, is_dead Flag, reason Text]),
    table!("link", 2, 1000, [lead Int, destination Text, record Text, owner Text, tried Text, written_at Int]),
    table!("notice", 1, 1000, [id Int, lead Int, destination Text, why Text, revision Int, at Int]),
    table!("open_lead", 1, 1000, [rep Text, n Int, late Int]),
    table!("rotation", 1, 1000, [pool Text, floor Real, last Text, hour_since Int, hour_leads Int, day_since Int, day_leads Int, week_since Int, week_leads Int]),
    table!("turn", 2, 1000, [pool Text, rep Text, credit Real, owed Real, received Int, last_at Int, hour_since Int, hour_leads Int, day_since Int, day_leads Int, week_since Int, week_leads Int, weight Real, entitled Real, skipped_away Int, skipped_off_hours Int, skipped_at_cap Int, skipped_had_it Int]),
    table!("away", 2, 1000, [rep Text, place Int, absence Text, since Int, until Int, is_from_calendar Flag]),
    table!("tally", 1, 1000, [name Text, n Int]),
    table!("unfilled", 2, 1000, [source Text, field Text, n Int]),
    table!("alert", 1, 100, [id Int, doc Text]),
    table!("account", 2, 1000, [origin Text, id Text, stamp Int, doc Text]),
    table!("mirror", 1, 100, [name Text, version Int]),
    table!("imported", 3, 1000, [at Int, source Text, person Text, owner Text, answered_at Int, fields Text]),
    table!("paper", 1, 20, [name Text, head Text, body Text]),
];

/// Tables whose rows are numbered by the database, which must not give out a number again.
pub const NUMBERED: [&str; 4] = ["event", "job", "notice", "alert"];

/// How many rows a table has, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// The sum of their digests, as four numbers.
    digests: [u64; 4],
}

impl Sum {
    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        let mut digest = Sha256::new();
        for cell in row {
            // A mark of the kind, and the length where it varies: no two rows have one text.
            match cell {
                Cell::None => digest.update([0]),
                Cell::Int(number) => digest.update([&[1][..], &number.to_le_bytes()].concat()),
                Cell::Real(number) => {
                    digest.update([&[2][..], &number.to_bits().to_le_bytes()].concat());
                }
                Cell::Flag(is_set) => digest.update([3, u8::from(*is_set)]),
                Cell::Text(text) => {
                    digest.update([&[4][..], &(text.len() as u64).to_le_bytes()].concat());
                    digest.update(text);
                }
                Cell::Bytes(bytes) => {
                    digest.update([&[5][..], &(bytes.len() as u64).to_le_bytes()].concat());
                    digest.update(bytes);
                }
                Cell::Uuid(id) => digest.update([&[6][..], id.as_bytes()].concat()),
            }
        }
        let digest = digest.finalize();
        for (sum, part) in self.digests.iter_mut().zip(digest.chunks_exact(8)) {
            let part = part.try_into().map_or(0, u64::from_le_bytes);
            *sum = sum.wrapping_add(part);
        }
        self.rows += 1;
    }

    /// Adds rows.
    pub fn add_all(&mut self, rows: &[Row]) {
        for row in rows {
            self.add(row);
        }
    }

    /// In hexadecimal digits, for people to compare.
    #[must_use]
    pub fn text(&self) -> String {
        self.digests.iter().fold(String::new(), |text, part| format!("{text}{part:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[Row]) -> Sum {
        let mut sum = Sum::default();
        sum.add_all(rows);
        sum
    }

    #[test]
    fn a_sum_forgets_the_order_of_rows_and_nothing_else() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let (a, b) = (vec![Cell::Int(1), text("a")], vec![Cell::Int(2), Cell::None]);
        assert_eq!(sum(&[a.clone(), b.clone()]), sum(&[b.clone(), a.clone()]));
        for other in [
            vec![Cell::Int(1), text("b")],
            vec![Cell::Int(1), Cell::Bytes(b"a".to_vec())],
            vec![Cell::Flag(true), text("a")],
            vec![text("a"), Cell::Int(1)],
            vec![Cell::Int(1)],
        ] {
            assert_ne!(sum(&[a.clone(), b.clone()]), sum(&[other.clone(), b.clone()]), "{other:?}");
        }
        assert_ne!(sum(&[a.clone(), a.clone()]), sum(&[b.clone(), b]), "twice is not nothing");
        assert_ne!(sum(&[vec![text("ab"), text("c")]]), sum(&[vec![text("a"), text("bc")]]));
        assert_eq!(sum(&[a]).text().len(), 64);
    }

    #[test]
    fn every_numbered_table_begins_with_its_number() {
        for name in NUMBERED {
            let table = TABLES.iter().find(|table| table.name == name).unwrap();
            assert_eq!((table.columns[0].0, table.columns[0].1, table.key), ("id", Kind::Int, 1));
        }
    }
}
