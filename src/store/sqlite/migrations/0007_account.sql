-- The mirror of accounts, by where they come from. `stamp` is the run that brought a row last, if
-- that run retires what it does not bring.
CREATE TABLE account (
    origin TEXT NOT NULL,
    id     TEXT NOT NULL,
    stamp  INTEGER NOT NULL,
    doc    TEXT NOT NULL,
    PRIMARY KEY (origin, id)
) STRICT, WITHOUT ROWID;

-- How often a mirror has changed: whoever keeps it in memory looks at this number.
CREATE TABLE mirror (
    name    TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
