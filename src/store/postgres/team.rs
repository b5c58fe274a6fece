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
        team::{Away, Count, Team, Turn},
        time::Time,
    },
    store::{StoreResult, books::Moved},
};

/// Reads everything about people.
pub async fn load(tx: &Tx) -> StoreResult<Team> {
    let mut team = Team::default();
    let (rotations, turns, away, open) = tokio::try_join!(
        tx.query("SELECT pool, floor, last FROM rotation", &[]),
        tx.query(
            "SELECT pool, rep, credit, owed, received, last_at, hour_since, hour_leads, day_since,
                day_leads, week_since, week_leads FROM turn",
            &[]
        ),
        tx.query("SELECT rep, absence, since, until FROM away ORDER BY rep, place", &[]),
        tx.query("SELECT rep, n FROM open_lead", &[]),
    )?;
    for row in &rotations {
        let rotation = team.rotations.entry(get_text(row, 0)?).or_default();
        rotation.floor = get(row, 1)?;
        rotation.last = get_maybe(row, 2)?;
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
        };
        team.away.entry(get_text(row, 0)?).or_default().push(away);
    }
    for row in &open {
        team.open.insert(get_text(row, 0)?, get(row, 1)?);
    }
    Ok(team)
}

fn turn(row: &Row) -> StoreResult<Turn> {
    let count = |since: usize| -> StoreResult<Count> {
        Ok(Count { since: Time(get(row, since)?), leads: rows::number(get(row, since + 1)?) })
    };
    Ok(Turn {
        credit: get(row, 2)?,
        owed: get(row, 3)?,
        received: rows::number(get(row, 4)?),
        last_at: Time(get(row, 5)?),
        hour: count(6)?,
        day: count(8)?,
        week: count(10)?,
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
        (Vec::new(), Vec::new(), [Vec::new(), Vec::new()], [const { Vec::new() }; 8]);
    for (pool, rep) in &moved.turns {
        let turn = team.rotations.get(pool).and_then(|rotation| rotation.turns.get(rep));
        let Some(turn) = turn else { continue };
        pools.push(text(pool));
        reps.push(text(rep));
        for (to, value) in shares.iter_mut().zip([turn.credit, turn.owed]) {
            to.push(value);
        }
        let of = |count: Count| [count.since.0, i64::from(count.leads)];
        let ([hour, hours], [day, days], [week, weeks]) =
            (of(turn.hour), of(turn.day), of(turn.week));
        let all = [i64::from(turn.received), turn.last_at.0, hour, hours, day, days, week, weeks];
        for (to, value) in numbers.iter_mut().zip(all) {
            to.push(value);
        }
    }
    let [credit, owed] = &shares;
    let [received, last, hour, hours, day, days, week, weeks] = &numbers;
    tx.execute(
        "INSERT INTO turn (pool, rep, credit, owed, received, last_at, hour_since, hour_leads,
            day_since, day_leads, week_since, week_leads)
         SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
            $12::bigint[])
         ON CONFLICT (pool, rep) DO UPDATE SET credit = excluded.credit, owed = excluded.owed,
            received = excluded.received, last_at = excluded.last_at,
            hour_since = excluded.hour_since, hour_leads = excluded.hour_leads,
            day_since = excluded.day_since, day_leads = excluded.day_leads,
            week_since = excluded.week_since, week_leads = excluded.week_leads",
        &[&pools, &reps, credit, owed, received, last, hour, hours, day, days, week, weeks],
    )
    .await?;
    Ok(())
}

async fn write_rotations(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let all = moved.rotations.iter().filter_map(|pool| Some((pool, team.rotations.get(pool)?)));
    let (mut pools, mut floors, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
    for (pool, rotation) in all {
        pools.push(text(pool));
        floors.push(rotation.floor);
        lasts.push(maybe(rotation.last.as_ref()));
    }
    tx.execute(
        "INSERT INTO rotation (pool, floor, last)
         SELECT * FROM unnest($1::text[], $2::float8[], $3::text[])
         ON CONFLICT (pool) DO UPDATE SET floor = excluded.floor, last = excluded.last",
        &[&pools, &floors, &lasts],
    )
    .await?;
    Ok(())
}

async fn write_open(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let (mut gone, mut reps, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for rep in &moved.open {
        match team.open.get(rep) {
            Some(n) => {
                reps.push(text(rep));
                counts.push(*n);
            }
            None => gone.push(text(rep)),
        }
    }
    if !gone.is_empty() {
        tx.execute("DELETE FROM open_lead WHERE rep = ANY($1)", &[&gone]).await?;
    }
    tx.execute(
        "INSERT INTO open_lead (rep, n) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (rep) DO UPDATE SET n = excluded.n",
        &[&reps, &counts],
    )
    .await?;
    Ok(())
}

async fn write_away(tx: &Tx, team: &Team, moved: &Moved) -> StoreResult<()> {
    let who: Vec<Text<'_>> = moved.away.iter().map(text).collect();
    let (mut reps, mut places, mut words, mut since, mut until) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for rep in &moved.away {
        let all = team.away.get(rep).map_or(&[][..], Vec::as_slice);
        for (place, away) in (0_i64..).zip(all) {
            reps.push(text(rep));
            places.push(place);
            words.push(text(rows::word(&away.absence)?));
            since.push(away.from.0);
            until.push(away.until.map(|until| until.0));
        }
    }
    tx.execute("DELETE FROM away WHERE rep = ANY($1)", &[&who]).await?;
    tx.execute(
        "INSERT INTO away (rep, place, absence, since, until)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])",
        &[&reps, &places, &words, &since, &until],
    )
    .await?;
    Ok(())
}
