//! Accept: events become rows, once per delivery.
//!
//! Guarantees: a second delivery of the same (source, delivery) writes nothing and gets the first
//! one's id, also within one call and when two replicas take it at once. Nothing is durable before
//! the commit. Rows are written in the order of their keys, so that two transactions with the same
//! deliveries wait for each other and never in a circle; ids follow the order of arrival.
//! Does not know: what a body means.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    rows,
    tx::{Tx, get},
    value::{Text, maybe, text},
};
use crate::{
    model::{
        event::{Accepted, Event, NewEvent},
        id::{EventId, digest, event_uuid},
    },
    store::{StoreError, StoreResult},
};

/// The most bytes of bodies that one read brings into memory; a list ends early at it.
pub const BODIES_MAX: usize = 8 * 1024 * 1024;

/// Stores what is new of `$1` …, and answers the keys of that.
const STORE: &str = "
WITH given AS (
    SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[],
        $6::text[], $7::text[], $8::text[], $9::bytea[]) WITH ORDINALITY
        AS g (key, uuid, kind, received_at, source, delivery, content_type, actor, bytes, place)
), numbered AS MATERIALIZED (
    SELECT nextval('event_id_seq') AS id, g.* FROM (SELECT * FROM given ORDER BY place) g
), stored AS (
    INSERT INTO event (id, key, uuid, kind, fate, received_at, source, delivery, content_type,
        actor, news)
    SELECT id, key, uuid, kind, 0, received_at, source, delivery, content_type, actor,
        CASE WHEN kind <> 0 THEN bytes END
    FROM numbered ORDER BY key
    ON CONFLICT (key) DO NOTHING
    RETURNING id, kind, key
), bodies AS (
    INSERT INTO body (event, bytes)
    SELECT s.id, n.bytes FROM stored s JOIN numbered n ON n.id = s.id WHERE s.kind = 0
), counted AS (
    INSERT INTO tally (name, slot, n)
    SELECT l.name, 1 + pg_backend_pid() % 16, f.fills
    FROM (SELECT count(*) AS fills FROM stored WHERE kind = 0) f,
        (VALUES ('accepted'), ('fate:underway')) l (name)
    WHERE f.fills > 0
    ON CONFLICT (name, slot) DO UPDATE SET n = tally.n + excluded.n
)
SELECT key FROM stored";

/// Deliveries about to be stored, each once.
pub struct Given<'a> {
    /// Each event with its key, in the order given.
    all: Vec<(&'a NewEvent, [u8; 32])>,
    /// The first of each delivery.
    firsts: Vec<usize>,
}

impl<'a> Given<'a> {
    /// These events.
    pub fn of(events: impl IntoIterator<Item = &'a NewEvent>) -> Self {
        let (mut all, mut firsts, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for event in events {
            let key = digest(&[event.source.as_bytes(), event.delivery.as_bytes()]);
            if seen.insert(key) {
                firsts.push(all.len());
            }
            all.push((event, key));
        }
        Self { all, firsts }
    }

    fn each<T>(&self, of: impl Fn(&'a NewEvent, &[u8; 32]) -> T) -> Vec<T> {
        let firsts = self.firsts.iter().filter_map(|place| self.all.get(*place));
        firsts.map(|(event, key)| of(event, key)).collect()
    }

    /// Stores what is new; answers the keys of that.
    pub async fn store(&self, tx: &Tx) -> StoreResult<HashSet<Vec<u8>>> {
        if self.all.is_empty() {
            return Ok(HashSet::new());
        }
        let keys: Vec<Vec<u8>> = self.each(|_, key| key.to_vec());
        let uuids =
            self.each(|event, _| event_uuid(event.received_at, &event.source, &event.delivery));
        let kinds: Vec<i64> = self.each(|event, _| rows::event_kind_number(event.kind));
        let received: Vec<i64> = self.each(|event, _| event.received_at.0);
        let sources: Vec<Text<'_>> = self.each(|event, _| text(&event.source));
        let deliveries: Vec<Text<'_>> = self.each(|event, _| text(&event.delivery));
        let types: Vec<Option<Text<'_>>> = self.each(|event, _| maybe(event.content_type.as_ref()));
        let actors: Vec<Option<Text<'_>>> = self.each(|event, _| maybe(event.actor.as_ref()));
        let bodies: Vec<&[u8]> = self.each(|event, _| event.body.as_slice());
        let stored = tx
            .query(
                STORE,
                &[
                    &keys,
                    &uuids,
                    &kinds,
                    &received,
                    &sources,
                    &deliveries,
                    &types,
                    &actors,
                    &bodies,
                ],
            )
            .await?;
        stored.iter().map(|row| get(row, 0)).collect()
    }

    /// The answers, in the order given: those that were not stored now were there.
    pub async fn answer(
        &self,
        tx: &Tx,
        mut stored: HashSet<Vec<u8>>,
    ) -> StoreResult<Vec<Accepted>> {
        let mut known: HashMap<Vec<u8>, Uuid> = HashMap::new();
        let before: Vec<Vec<u8>> = self.each(|_, key| key.to_vec());
        let before: Vec<Vec<u8>> = before.into_iter().filter(|key| !stored.contains(key)).collect();
        if !before.is_empty() {
            let sql = "SELECT key, uuid FROM event WHERE key = ANY($1)";
            for row in tx.query(sql, &[&before]).await? {
                known.insert(get(&row, 0)?, get(&row, 1)?);
            }
        }
        let mut answers = Vec::with_capacity(self.all.len());
        for (event, key) in &self.all {
            let is_new = stored.remove(key.as_slice());
            if is_new {
                let uuid = event_uuid(event.received_at, &event.source, &event.delivery);
                known.insert(key.to_vec(), uuid);
            }
            let uuid = *known.get(key.as_slice()).ok_or_else(|| {
                StoreError::Busy(
                    "a delivery was neither stored nor there: send it again".to_owned(),
                )
            })?;
            answers.push(Accepted { uuid, is_duplicate: !is_new });
        }
        Ok(answers)
    }
}

/// Stores events that are new, within a transaction.
pub async fn accept(tx: &Tx, events: &[NewEvent]) -> StoreResult<Vec<Accepted>> {
    let given = Given::of(events);
    let stored = given.store(tx).await?;
    given.answer(tx, stored).await
}

/// Events under way, oldest first; fewer when their bodies are large. An event whose id was given
/// out before that of another may become visible after it: whoever reads on from the last one has
/// to begin anew later, as the deciding loop does.
pub async fn undecided(tx: &Tx, after: EventId, max: usize) -> StoreResult<Vec<Event>> {
    let found = tx
        .query(
            "SELECT id, uuid, kind, fate, tries, received_at, source, delivery, content_type, actor,
                reason, bytes
             FROM (
                SELECT e.*, coalesce(e.news, b.bytes, ''::bytea) AS bytes,
                    sum(octet_length(coalesce(e.news, b.bytes, ''::bytea)))
                        OVER (ORDER BY e.id ROWS UNBOUNDED PRECEDING) AS total
                FROM event e LEFT JOIN body b ON b.event = e.id
                WHERE e.fate = 0 AND e.id > $1 ORDER BY e.id LIMIT $2
             ) found
             WHERE total - octet_length(bytes) < $3 ORDER BY id",
            &[&after.0, &(max as i64), &(BODIES_MAX as i64)],
        )
        .await?;
    found.iter().map(rows::event).collect()
}
