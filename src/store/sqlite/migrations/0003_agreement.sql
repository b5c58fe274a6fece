-- Small documents that the processes on one store share: gates, sessions, turns, who is there.
CREATE TABLE agreement (
    name TEXT PRIMARY KEY,
    doc  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
