//! People's state as rows.
//!
//! Guarantees: what [`write`] wrote, [`load`] reads as the same [`Team`], floats to the bit.
//! Does not know: how a rotation turns.

use rusqlite::{Connection, Row, params};

use super::rows;
use crate::{
    model::{
        team::{Away, Count, Periods, Rotation, Skipped, Team, Turn},
        time::Time,
    },
    store::{StoreResult, books::Moved},
};

/// Reads everything about people.
pub fn load(conn: &Connection) -> StoreResult<Team> {
    let mut team = Team::default();
    load_rotations(conn, &mut team)?;
    let mut found = conn.prepare_cached(
        "SELECT rep, absence, since, until, is_from_calendar FROM away ORDER BY rep, place",
    )?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        let absence: String = row.get(1)?;
        let away = Away {
            absence: rows::of_word(&absence)?,
            from: Time(row.get(2)?),
            until: row.get::<_, Option<i64>>(3)?.map(Time),
            is_from_calendar: row.get(4)?,
        };
        team.away.entry(row.get(0)?).or_default().push(away);
    }
    let mut found = conn.prepare_cached("SELECT rep, n, late FROM open_lead")?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        let (rep, open, late): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if late != 0 {
            team.late.insert(rep.clone(), late);
        }
        team.open.insert(rep, open);
    }
    Ok(team)
}

fn load_rotations(conn: &Connection, team: &mut Team) -> StoreResult<()> {
    let mut found = conn.prepare_cached(
        "SELECT pool, floor, last, hour_since, hour_leads, day_since, day_leads, week_since,
            week_leads FROM rotation",
    )?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        let rotation = team.rotations.entry(row.get(0)?).or_default();
        rotation.floor = row.get(1)?;
        rotation.last = row.get(2)?;
        rotation.given = periods(row, 3)?;
    }
    let mut found = conn.prepare_cached(
        "SELECT pool, rep, credit, owed, received, last_at, hour_since, hour_leads, day_since,
            day_leads, week_since, week_leads, weight, entitled, skipped_away, skipped_off_hours,
            skipped_at_cap, skipped_had_it FROM turn",
    )?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        let Periods { hour, day, week } = periods(row, 6)?;
        let turn = Turn {
            credit: row.get(2)?,
            owed: row.get(3)?,
            received: row.get(4)?,
            last_at: Time(row.get(5)?),
            hour,
            day,
            week,
            weight: row.get(12)?,
            entitled: row.get(13)?,
            skipped: Skipped {
                away: row.get(14)?,
                off_hours: row.get(15)?,
                at_cap: row.get(16)?,
                had_it: row.get(17)?,
            },
        };
        team.rotations.entry(row.get(0)?).or_default().turns.insert(row.get(1)?, turn);
    }
    Ok(())
}

/// Counts of an hour, a day and a week, from six columns.
fn periods(row: &Row<'_>, at: usize) -> StoreResult<Periods> {
    let count = |at: usize| -> StoreResult<Count> {
        Ok(Count { since: Time(row.get(at)?), leads: row.get(at + 1)? })
    };
    Ok(Periods { hour: count(at)?, day: count(at + 2)?, week: count(at + 4)? })
}

/// Writes the rows that moved.
pub fn write(tx: &Connection, team: &Team, moved: &mut Moved) -> StoreResult<()> {
    for (pool, rep) in moved.turns.drain() {
        let turn = team.rotations.get(&pool).and_then(|rotation| rotation.turns.get(&rep));
        if let Some(turn) = turn {
            write_turn(tx, &pool, &rep, turn)?;
        }
    }
    for pool in moved.rotations.drain() {
        if let Some(rotation) = team.rotations.get(&pool) {
            write_rotation(tx, &pool, rotation)?;
        }
    }
    for rep in moved.open.drain() {
        match team.open.get(&rep) {
            Some(n) => tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO open_lead (rep, n, late) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![rep, n, team.late.get(&rep).copied().unwrap_or(0)])?,
            None => tx.prepare_cached("DELETE FROM open_lead WHERE rep = ?1")?.execute([rep])?,
        };
    }
    for rep in moved.away.drain() {
        tx.prepare_cached("DELETE FROM away WHERE rep = ?1")?.execute([&rep])?;
        let all = team.away.get(&rep).map_or(&[][..], Vec::as_slice);
        for (place, away) in (0_i64..).zip(all) {
            tx.prepare_cached(
                "INSERT INTO away (rep, place, absence, since, until, is_from_calendar)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                rep,
                place,
                rows::word(&away.absence)?,
                away.from.0,
                away.until.map(|until| until.0),
                away.is_from_calendar
            ])?;
        }
    }
    Ok(())
}

fn write_rotation(tx: &Connection, pool: &str, rotation: &Rotation) -> StoreResult<()> {
    let Periods { hour, day, week } = rotation.given;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO rotation (pool, floor, last, hour_since, hour_leads, day_since,
            day_leads, week_since, week_leads) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        pool,
        rotation.floor,
        rotation.last,
        hour.since.0,
        hour.leads,
        day.since.0,
        day.leads,
        week.since.0,
        week.leads
    ])?;
    Ok(())
}

fn write_turn(tx: &Connection, pool: &str, rep: &str, turn: &Turn) -> StoreResult<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO turn (pool, rep, credit, owed, received, last_at, hour_since,
            hour_leads, day_since, day_leads, week_since, week_leads, weight, entitled,
            skipped_away, skipped_off_hours, skipped_at_cap, skipped_had_it)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?
    .execute(params![
        pool,
        rep,
        turn.credit,
        turn.owed,
        turn.received,
        turn.last_at.0,
        turn.hour.since.0,
        turn.hour.leads,
        turn.day.since.0,
        turn.day.leads,
        turn.week.since.0,
        turn.week.leads,
        turn.weight,
        turn.entitled,
        turn.skipped.away,
        turn.skipped.off_hours,
        turn.skipped.at_cap,
        turn.skipped.had_it
    ])?;
    Ok(())
}
