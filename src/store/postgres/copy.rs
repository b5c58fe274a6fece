//! A store on PostgreSQL as one side of a copy.
//!
//! Guarantees: in one transaction that holds every table against all who would write: a replica
//! that runs meanwhile is told that the store is busy. It begins only when none is at work.
//! Does not know: the other side.

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::{
    migrate, open,
    options::{Options, place},
    pools::{Pools, Sizes},
    tally,
    tx::{Tx, get, get_maybe},
    value::{Text, Value, text},
};
use crate::{
    model::{id::digest, time::Time},
    store::{
        Audit, StoreError, StoreResult,
        copy::{
            Side,
            table::{Cell, Kind, Row, Statement, TABLES, Table},
        },
    },
};

/// One side of a copy.
pub struct PostgresSide {
    /// None once it is finished.
    tx: Option<Tx>,
    place: String,
    reading: Option<&'static Table>,
    /// Ends after the transaction.
    runtime: Runtime,
}

/// Limits are lifted: the other side may take its time.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0; \
     SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = 0";

/// Where values stand in a statement: as many as the widest table has columns, and one.
const PLACES: [&str; 24] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
    "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24",
];

impl PostgresSide {
    /// Opens the database, and makes or upgrades the schema.
    ///
    /// # Errors
    /// It cannot be reached or used, or a replica is at work in it.
    pub fn open(options: &Options) -> StoreResult<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Busy(format!("no runtime for the store: {error}")))?;
        let (tx, place) = runtime.block_on(begun(options))?;
        Ok(Self { tx: Some(tx), place, reading: None, runtime })
    }

    fn tx(&self) -> StoreResult<&Tx> {
        self.tx.as_ref().ok_or_else(|| StoreError::Busy("the copy is over".to_owned()))
    }
}

/// A transaction that holds every table.
async fn begun(options: &Options) -> StoreResult<(Tx, String)> {
    let (mut config, tls) = options.config()?;
    config.application_name("handoff store copy");
    let client =
        open::connect(&config, &tls).await.map_err(|error| open::unreachable(&config, error))?;
    let found = open::look(&client, options).await?;
    migrate::migrate(&client).await?;
    let sizes = Sizes { intake: 1, work: 1, pages: 1 };
    let pools = Pools::new(&config, &tls, sizes, found.commits)?;
    let tx = Tx::begin(pools.work(), BEGIN).await?;
    if let Some(setting) = found.commits {
        tx.batch(&format!("SET LOCAL synchronous_commit = {setting}")).await?;
    }
    let replicas = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'handoff'";
    let replicas = tx.first(replicas, &[]).await?.map_or(Ok(0), |row| get::<i64>(&row, 0))?;
    if replicas > 0 {
        return Err(StoreError::Refused(format!(
            "handoff is at work in {} ({replicas} connections): stop every replica first",
            place(&config)
        )));
    }
    let hold = Statement::of("LOCK TABLE ").list(TABLES.iter().map(|table| table.name));
    tx.batch(hold.then(", decider IN EXCLUSIVE MODE").text()).await?;
    Ok((tx, place(&config)))
}

/// A column as it is read: leases do not come along, and a line of the books is the sum of its
/// slots.
fn read_column(name: &'static str) -> &'static str {
    if name == "lease_until" { "least(lease_until, 1)" } else { name }
}

fn cursor(table: &Table) -> Statement {
    let begin = Statement::of("DECLARE rows NO SCROLL CURSOR FOR SELECT ");
    if table.name == "tally" {
        return begin.then("name, sum(n)::bigint FROM tally GROUP BY name");
    }
    let all = begin.list(table.names().map(read_column)).then(" FROM ").then(table.name);
    all.then(" ORDER BY ").list(table.key_names())
}

fn cell(kind: Kind, row: &tokio_postgres::Row, place: usize) -> StoreResult<Cell> {
    fn of<'r, T: FromSql<'r>>(
        row: &'r tokio_postgres::Row,
        place: usize,
        cell: fn(T) -> Cell,
    ) -> StoreResult<Cell> {
        Ok(get::<Option<T>>(row, place)?.map_or(Cell::None, cell))
    }
    match kind {
        Kind::Int => of(row, place, Cell::Int),
        Kind::Real => of(row, place, Cell::Real),
        Kind::Flag => of(row, place, Cell::Flag),
        Kind::Text => Ok(get_maybe(row, place)?.map_or(Cell::None, Cell::Text)),
        Kind::Bytes => of(row, place, Cell::Bytes),
        Kind::Uuid => of(row, place, Cell::Uuid),
    }
}

/// A column of these rows, to be bound.
fn column<'a>(
    kind: Kind,
    place: usize,
    rows: &'a [Row],
) -> StoreResult<Box<dyn Value + Send + 'a>> {
    fn of<'a, T>(
        rows: &'a [Row],
        place: usize,
        value: impl Fn(&'a Cell) -> Option<T>,
    ) -> StoreResult<Vec<Option<T>>> {
        let one = |row: &'a Row| match row.get(place) {
            Some(Cell::None) => Ok(None),
            Some(cell) => value(cell).map(Some).ok_or_else(odd),
            None => Err(odd()),
        };
        rows.iter().map(one).collect()
    }
    macro_rules! bound {
        ($cell:ident, $type:ty, $value:expr) => {
            Box::new(of::<$type>(rows, place, |cell| match cell {
                Cell::$cell(value) => Some($value(value)),
                _ => None,
            })?)
        };
    }
    Ok(match kind {
        Kind::Int => bound!(Int, i64, |value: &i64| *value),
        Kind::Real => bound!(Real, f64, |value: &f64| *value),
        Kind::Flag => bound!(Flag, bool, |value: &bool| *value),
        Kind::Text => bound!(Text, Text<'a>, |value: &'a String| text(value)),
        Kind::Bytes => bound!(Bytes, &'a [u8], |value: &'a Vec<u8>| value.as_slice()),
        Kind::Uuid => bound!(Uuid, Uuid, |value: &Uuid| *value),
    })
}

fn odd() -> StoreError {
    StoreError::Corrupt("a column does not hold what the schema says".to_owned())
}

/// What this database keeps beside the columns of a table, for these rows.
fn derived(table: &Table, rows: &[Row]) -> Option<(&'static str, Box<dyn Value + Send>)> {
    let text = |row: &Row, column: &str| match table.cell(row, column) {
        Some(Cell::Text(text)) => text.as_bytes().to_vec(),
        _ => Vec::new(),
    };
    let key = |row: &Row| digest(&[&text(row, "source"), &text(row, "delivery")]).to_vec();
    match table.name {
        "event" => Some(("key", Box::new(rows.iter().map(key).collect::<Vec<Vec<u8>>>()))),
        "tally" => Some(("slot", Box::new(vec![0_i64; rows.len()]))),
        _ => None,
    }
}

impl Side for PostgresSide {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn begin(&mut self, table: &'static Table) -> StoreResult<()> {
        if self.reading.is_some() {
            self.runtime.block_on(self.tx()?.batch("CLOSE rows"))?;
        }
        self.runtime.block_on(self.tx()?.batch(cursor(table).text()))?;
        self.reading = Some(table);
        Ok(())
    }

    fn next(&mut self) -> StoreResult<Vec<Row>> {
        let Some(table) = self.reading else { return Ok(Vec::new()) };
        let found = self.runtime.block_on(self.tx()?.query(table.fetch, &[]))?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            let kinds = table.columns.iter().enumerate();
            let cells = kinds.map(|(place, (_, kind))| cell(*kind, row, place));
            rows.push(cells.collect::<StoreResult<Row>>()?);
        }
        Ok(rows)
    }

    fn write(&mut self, table: &'static Table, rows: &[Row]) -> StoreResult<()> {
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        for (place, (name, kind)) in table.columns.iter().enumerate() {
            names.push(*name);
            columns.push(column(*kind, place, rows)?);
        }
        if let Some((name, column)) = derived(table, rows) {
            names.push(name);
            columns.push(column);
        }
        debug_assert!(columns.len() <= PLACES.len(), "{} has too many columns", table.name);
        let places = PLACES.iter().copied().take(columns.len());
        let statement = Statement::of("INSERT INTO ").then(table.name).then(" (");
        let statement = statement.list(names.into_iter());
        let statement = statement.then(") OVERRIDING SYSTEM VALUE SELECT * FROM unnest(");
        let statement = statement.list(places).then(")");
        let values: Vec<&dyn Value> = columns.iter().map(|column| &**column as _).collect();
        self.runtime.block_on(self.tx()?.execute(statement.text(), &values))?;
        Ok(())
    }

    fn last_number(&mut self, table: &'static str) -> StoreResult<i64> {
        let statement = Statement::of("SELECT greatest((SELECT max(id) FROM ").then(table);
        let statement = statement
            .then("), (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ")
            .then(table)
            .then("_id_seq))");
        let last = self.runtime.block_on(self.tx()?.first(statement.text(), &[]))?;
        last.map_or(Ok(0), |row| get(&row, 0))
    }

    fn number_after(&mut self, table: &'static str, last: i64) -> StoreResult<()> {
        let statement = Statement::of("SELECT setval('").then(table).then("_id_seq', $1)");
        if last > 0 {
            self.runtime.block_on(self.tx()?.query(statement.text(), &[&last]))?;
        }
        Ok(())
    }

    fn audit(&mut self, now: Time) -> StoreResult<Audit> {
        self.runtime.block_on(tally::audit(self.tx()?, now))
    }

    fn finish(&mut self) -> StoreResult<()> {
        // A replica that waits for its first work remembers an empty store: it must read anew.
        let sql = "UPDATE decider SET batch = batch + 1,
            last_seq = (SELECT coalesce(max(seq), 0) FROM decision) WHERE id = 1";
        self.runtime.block_on(self.tx()?.execute(sql, &[]))?;
        match self.tx.take() {
            Some(tx) => self.runtime.block_on(tx.commit()),
            None => Ok(()),
        }
    }
}
