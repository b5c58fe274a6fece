-- The store of handoff. Integers are the keys inside; UUIDs (16 bytes) are the public ids.
-- Times are whole milliseconds since 1970 in UTC and always come from outside.
-- Numbers of kinds, fates and states are those of `ALL` in the model.

-- Everything that came in. A row is written once; only fate, reason, tries and lead move.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY,
    hash         INTEGER NOT NULL, -- of (source, delivery): a hint, verified against both
    uuid         BLOB NOT NULL,
    kind         INTEGER NOT NULL,
    fate         INTEGER NOT NULL,
    tries        INTEGER NOT NULL,
    lead         INTEGER,
    received_at  INTEGER NOT NULL,
    source       TEXT NOT NULL,
    delivery     TEXT NOT NULL,
    content_type TEXT,
    actor        TEXT,
    reason       TEXT,
    news         BLOB              -- the body of news; that of a fill is in `body`
) STRICT;
CREATE INDEX event_hash ON event (hash);
CREATE INDEX event_uuid ON event (uuid);
CREATE INDEX event_underway ON event (id) WHERE fate = 0;
CREATE INDEX event_rejected ON event (id) WHERE fate = 3;
CREATE INDEX event_dead ON event (id) WHERE fate = 4;
CREATE INDEX event_lead ON event (lead) WHERE lead <> id; -- the opening event has the lead's id

-- Raw bodies of fills, apart: they are read once, swept by age, and must not be rewritten when
-- an event's fate changes.
CREATE TABLE body (
    event INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- A lead as it is now; `doc` is the whole of it, the other columns are projections for lists.
CREATE TABLE lead (
    id       INTEGER PRIMARY KEY, -- the event that opened it
    uuid     BLOB NOT NULL,
    revision INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    owner    TEXT,
    due_at   INTEGER,             -- the ladder's deadline while it is assigned
    doc      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX lead_uuid ON lead (uuid);
CREATE INDEX lead_state ON lead (state, id, due_at);
CREATE INDEX lead_owner ON lead (owner, id, state) WHERE owner IS NOT NULL;

-- How a person is recognised. All of a person's leads stay in here.
CREATE TABLE identity (
    hash  INTEGER NOT NULL, -- a hint, verified against `value`
    value TEXT NOT NULL,
    lead  INTEGER NOT NULL,
    PRIMARY KEY (hash, value, lead)
) STRICT, WITHOUT ROWID;

-- What was decided, gapless.
CREATE TABLE decision (
    seq      INTEGER PRIMARY KEY,
    lead     INTEGER,
    event    INTEGER,
    at       INTEGER NOT NULL,
    what     TEXT NOT NULL,
    rulebook INTEGER NOT NULL,
    doc      TEXT NOT NULL
) STRICT;
CREATE INDEX decision_lead ON decision (lead) WHERE lead IS NOT NULL;

-- Work due at a time. Ids are never used again: an attempt is fenced by them.
CREATE TABLE job (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    lead         INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    destination  TEXT NOT NULL,
    lane         TEXT NOT NULL,
    wanted       INTEGER NOT NULL,           -- the revision wanted; -1: dropped while leased
    due_at       INTEGER NOT NULL,
    rank         INTEGER NOT NULL,
    why          TEXT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    lapsed       INTEGER NOT NULL DEFAULT 0, -- the last attempt that never settled
    lease_until  INTEGER NOT NULL DEFAULT 0, -- 0: not leased
    is_uncertain INTEGER NOT NULL DEFAULT 0, -- an attempt never settled and none has succeeded since
    is_dead      INTEGER NOT NULL DEFAULT 0,
    reason       TEXT,
    UNIQUE (lead, kind, destination)
) STRICT;
CREATE INDEX job_due ON job (kind, lane, rank, due_at) WHERE is_dead = 0;
CREATE INDEX job_tell ON job (destination, rank, due_at) WHERE is_dead = 0 AND kind = 2;
CREATE INDEX job_dead ON job (id) WHERE is_dead = 1;
CREATE INDEX job_leased ON job (id) WHERE lease_until > 1; -- to free them all at a start

-- The CRMs' records of leads.
CREATE TABLE link (
    lead        INTEGER NOT NULL,
    destination TEXT NOT NULL,
    record      TEXT NOT NULL,
    owner       TEXT,
    tried       TEXT,              -- an owner that may have been written, by an attempt without an end
    written_at  INTEGER NOT NULL,
    PRIMARY KEY (lead, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_record ON link (destination, record);

-- Who was told of what.
CREATE TABLE notice (
    id          INTEGER PRIMARY KEY,
    lead        INTEGER NOT NULL,
    destination TEXT NOT NULL,
    why         TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX notice_lead ON notice (lead);

-- The state of people: open leads, rotations, turns, absences.
CREATE TABLE open_lead (
    rep TEXT PRIMARY KEY,
    n   INTEGER NOT NULL           -- assigned and unanswered; no row when there is none
) STRICT, WITHOUT ROWID;
CREATE TABLE rotation (
    pool  TEXT PRIMARY KEY,
    floor REAL NOT NULL,
    last  TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE turn (
    pool       TEXT NOT NULL,
    rep        TEXT NOT NULL,
    credit     REAL NOT NULL,
    owed       REAL NOT NULL,
    received   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    hour_since INTEGER NOT NULL,
    hour_leads INTEGER NOT NULL,
    day_since  INTEGER NOT NULL,
    day_leads  INTEGER NOT NULL,
    week_since INTEGER NOT NULL,
    week_leads INTEGER NOT NULL,
    PRIMARY KEY (pool, rep)
) STRICT, WITHOUT ROWID;
CREATE TABLE away (
    rep     TEXT NOT NULL,
    place   INTEGER NOT NULL, -- its place in the rep's list
    absence TEXT NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER,
    PRIMARY KEY (rep, place)
) STRICT, WITHOUT ROWID;

-- The books: `accepted`, `fate:<word>` of fills, `state:<word>` of leads, `reviews` (open ones).
CREATE TABLE tally (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE unfilled (
    source TEXT NOT NULL,
    field  TEXT NOT NULL,
    n      INTEGER NOT NULL, -- fills in a row without it
    PRIMARY KEY (source, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE rulebook (
    version  INTEGER PRIMARY KEY,
    author   TEXT NOT NULL,
    message  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE token (
    name       TEXT PRIMARY KEY,
    hash       BLOB NOT NULL, -- SHA-256; the token itself is nowhere
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- One row that `ready` writes, to know that writing works.
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;
INSERT INTO pulse (id, n) VALUES (1, 0);
