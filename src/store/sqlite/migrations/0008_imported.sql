-- Leads of the time before, for back-tests: who got what, and when it was answered. They are
-- nobody's leads and stand in no book. `person` is the address, else the telephone.
CREATE TABLE imported (
    at          INTEGER NOT NULL,
    source      TEXT NOT NULL,
    person      TEXT NOT NULL,
    owner       TEXT,
    answered_at INTEGER,
    fields      TEXT NOT NULL,
    PRIMARY KEY (at, source, person)
) STRICT, WITHOUT ROWID;
