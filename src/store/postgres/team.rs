//! People's state as rows.
//!
//! Guarantees: what [`write`] wrote, [`load`] reads as the same [`Team`], floats to the bit.
//! Does not know: how a rotation turns.

use tokio_postgres::Row;

use super::{
    error::together,
    rows,
    tx::{Tx, get, get_maybe, get_text},
    value::{Text, maybe, text},
};
use crate::{
    model::{
        team::{Away, Count, Periods, Skipped, Team, Turn},
        time::Time,
    },
    store::{StoreResult, books::Moved},
};

/// Reads everything about people.
pub async fn load(tx: &Tx) -> StoreResult<Team> {
    let mut team = Team::default();
    let (rotations, turns, away, open) = tokio::try_join!(
        tx.query(
            "SELECT pool, floor, last, hour_since, hour_leads, day_since, day_leads, week_since,
                week_leads FROM rotation",
            &[]
        ),
        tx.query(
            "SELECT pool, rep, credit, owed, received, last_at, hour_since, hour_leads, day_since,
                day_leads, week_since, week_leads, weight, entitled, skipped_away,
                skipped_off_hours, skipped_at_cap, skipped_had_it FROM turn",
            &[]
        ),
        tx.query(
            "SELECT rep, absence, since, until, is_from_calendar FROM away ORDER BY rep, place",
            &[]
        ),
        tx.query("SELECT rep, n, late FROM open_lead", &[]),
    )?;
    for row in &rotations {
        let rotation = team.rotations.entry(get_text(row, 0)?).or_default();
        rotation.floor = get(row, 1)?;
        rotation.last = get_maybe(row, 2)?;
        rotation.given = periods(row, 3)?;
    }
    for row in &turns {
        let rotation = team.rotations.entry(get_text(row, 0)?).or_default();
        rotation.turns.insert(get_text(row, 1)?, turn(row)?);
    }
    for row in &away {
        let absence = get_text(row, 1)?;
        let away = Away {
            absence: rows::of_word(&absence)?,
            from: Time(get(row, 2)?),
            until: get::<Option<i64>>(row, 3)?.map(Time),
            is_from_calendar: get(row, 4)?,
        };
        team.away.entry(get_text(row, 0)?).or_default().push(away);
    }
    for row in &open {
        let (rep, late) = (get_text(row, 0)?, get::<i64>(row, 2)?);
        if late != 0 {
            team.late.insert(rep.clone(), late);
        }
        team.open.insert(rep, get(row, 1)?);
    }
    Ok(team)
}

/// Counts of an hour, a day and a week, from six columns.
fn periods(row: &Row, at: usize) -> StoreResult<Periods> {
    let count = |at: usize| -> StoreResult<Count> {
        Ok(Count { since: Time(get(row, at)?), leads: rows::number(get(row, at + 1)?) })
    };
    Ok(Periods { hour: count(at)?, day: count(at + 2)?, week: count(at + 4)? })
}

fn turn(row: &Row) -> StoreResult<Turn> {
    let Periods { hour, day, week } = periods(row, 6)?;
    Ok(Turn {
        credit: get(row, 2)?,
        owed: get(row, 3)?,
        received: rows::number(get(row, 4)?),
        last_at: Time(get(row, 5)?),
        hour,
        day,
        week,
        weight: get(row, 12)?,
        entitled: get(row, 13)?,
        skipped: Skipped {
            away: rows::number(get(row, 14)?),
            off_hours: rows::number(get(row, 15)?),
            at_cap: rows::number(get(row, 16)?),
            had_it: rows::number(get(row, 17)?),
        },
    })
}

/// Writes the rows that moved.
pub async fn write(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let turns =
        async { if moved.turns.is_empty() { Ok(()) } else { write_turns(tx, team, moved).await } };
    let rotations = async {
        if moved.rotations.is_empty() { Ok(()) } else { write_rotations(tx, team, moved).await }
    };
    let open =
        async { if moved.open.is_empty() { Ok(()) } else { write_open(tx, team, moved).await } };
    let away =
        async { if moved.away.is_empty() { Ok(()) } else { write_away(tx, team, moved).await } };
    let (turns, rotations, open, away) = tokio::join!(biased; turns, rotations, open, away);
    together([turns, rotations, open, away])
}

async fn write_turns(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let (mut pools, mut reps, mut shares, mut numbers) =
        (Vec::new(), Vec::new(), [const { Vec::new() }; 4], [const { Vec::new() }; 12]);
    for (pool, rep) in &moved.turns {
        let turn = team.rotations.get(pool).and_then(|rotation| rotation.turns.get(rep));
        let Some(turn) = turn else { continue };
        pools.push(text(pool));
        reps.push(text(rep));
        let share = [turn.credit, turn.owed, turn.weight, turn.entitled];
        for (to, value) in shares.iter_mut().zip(share) {
            to.push(value);
        }
        let [hour, hours, day, days, week, weeks] =
            columns(Periods { hour: turn.hour, day: turn.day, week: turn.week });
        let skipped = turn.skipped;
        let [away, off, cap, had] =
            [skipped.away, skipped.off_hours, skipped.at_cap, skipped.had_it].map(i64::from);
        let (received, last) = (i64::from(turn.received), turn.last_at.0);
        let all = [received, last, hour, hours, day, days, week, weeks, away, off, cap, had];
        for (to, value) in numbers.iter_mut().zip(all) {
            to.push(value);
        }
    }
    let [credit, owed, weight, entitled] = &shares;
    let [received, last, hour, hours, day, days, week, weeks, away, off, cap, had] = &numbers;
    tx.execute(
        "INSERT INTO turn (pool, rep, credit, owed, received, last_at, hour_since, hour_leads,
            day_since, day_leads, week_since, week_leads, weight, entitled, skipped_away,
            skipped_off_hours, skipped_at_cap, skipped_had_it)
         SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
            $12::bigint[], $13::float8[], $14::float8[], $15::bigint[], $16::bigint[],
            $17::bigint[], $18::bigint[])
         ON CONFLICT (pool, rep) DO UPDATE SET credit = excluded.credit, owed = excluded.owed,
            received = excluded.received, last_at = excluded.last_at,
            hour_since = excluded.hour_since, hour_leads = excluded.hour_leads,
            day_since = excluded.day_since, day_leads = excluded.day_leads,
            week_since = excluded.week_since, week_leads = excluded.week_leads,
            weight = excluded.weight, entitled = excluded.entitled,
            skipped_away = excluded.skipped_away, skipped_off_hours = excluded.skipped_off_hours,
            skipped_at_cap = excluded.skipped_at_cap, skipped_had_it = excluded.skipped_had_it",
        &[
            &pools, &reps, credit, owed, received, last, hour, hours, day, days, week, weeks,
            weight, entitled, away, off, cap, had,
        ],
    )
    .await?;
    Ok(())
}

/// Counts of an hour, a day and a week, as six columns.
fn columns(of: Periods) -> [i64; 6] {
    let count = |count: Count| (count.since.0, i64::from(count.leads));
    let ((hour, hours), (day, days), (week, weeks)) =
        (count(of.hour), count(of.day), count(of.week));
    [hour, hours, day, days, week, weeks]
}

async fn write_rotations(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let all = moved.rotations.iter().filter_map(|pool| Some((pool, team.rotations.get(pool)?)));
    let (mut pools, mut floors, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
    let mut given = [const { Vec::new() }; 6];
    for (pool, rotation) in all {
        pools.push(text(pool));
        floors.push(rotation.floor);
        lasts.push(maybe(rotation.last.as_ref()));
        for (to, value) in given.iter_mut().zip(columns(rotation.given)) {
            to.push(value);
        }
    }
    let [hour, hours, day, days, week, weeks] = &given;
    tx.execute(
        "INSERT INTO rotation (pool, floor, last, hour_since, hour_leads, day_since, day_leads,
            week_since, week_leads)
         SELECT * FROM unnest($1::text[], $2::float8[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
         ON CONFLICT (pool) DO UPDATE SET floor = excluded.floor, last = excluded.last,
            hour_since = excluded.hour_since, hour_leads = excluded.hour_leads,
            day_since = excluded.day_since, day_leads = excluded.day_leads,
            week_since = excluded.week_since, week_leads = excluded.week_leads",
        &[&pools, &floors, &lasts, hour, hours, day, days, week, weeks],
    )
    .await?;
    Ok(())
}

async fn write_open(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let (mut gone, mut reps, mut counts, mut late) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for rep in &moved.open {
        match team.open.get(rep) {
            Some(n) => {
                reps.push(text(rep));
                counts.push(*n);
                late.push(team.late.get(rep).copied().unwrap_or(0));
            }
            None => gone.push(text(rep)),
        }
    }
    if !gone.is_empty() {
        tx.execute("DELETE FROM open_lead WHERE rep = ANY($1)", &[&gone]).await?;
    }
    tx.execute(
        "INSERT INTO open_lead (rep, n, late)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
         ON CONFLICT (rep) DO UPDATE SET n = excluded.n, late = excluded.late",
        &[&reps, &counts, &late],
    )
    .await?;
    Ok(())
}

async fn write_away(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let who: Vec<Text<'_>> = moved.away.iter().map(text).collect();
    let (mut reps, mut places, mut words, mut since, mut until, mut fed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for rep in &moved.away {
        let all = team.away.get(rep).map_or(&[][..], Vec::as_slice);
        for (place, away) in (0_i64..).zip(all) {
            reps.push(text(rep));
            places.push(place);
            words.push(text(rows::word(&away.absence)?));
            since.push(away.from.0);
            until.push(away.until.map(|until| until.0));
            fed.push(away.is_from_calendar);
        }
    }
    tx.execute("DELETE FROM away WHERE rep = ANY($1)", &[&who]).await?;
    tx.execute(
        "INSERT INTO away (rep, place, absence, since, until, is_from_calendar)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bool[])",
        &[&reps, &places, &words, &since, &until, &fed],
    )
    .await?;
    Ok(())
}
