-- Small documents that replicas share: gates, sessions, turns, who is there. Few rows that change
-- several times a second: they are kept on their pages, and what they were is soon swept.
CREATE TABLE agreement (
    name text PRIMARY KEY,
    doc  text NOT NULL
) WITH (
    fillfactor = 20,
    autovacuum_vacuum_threshold = 200,
    autovacuum_vacuum_scale_factor = 0
);
