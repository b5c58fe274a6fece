-- What decisions saw and moved, so that each can be decided again.
ALTER TABLE decision ADD COLUMN saw TEXT;   -- null: from before there were records; empty: erased
ALTER TABLE decision ADD COLUMN moved TEXT; -- about people; null: nothing
-- The state of people after a decision, from time to time.
CREATE TABLE checkpoint (
    seq  INTEGER PRIMARY KEY,
    team TEXT NOT NULL
) STRICT;
-- What decisions stand on beside their rulebook, by its hash.
CREATE TABLE basis (
    hash INTEGER PRIMARY KEY,
    doc  TEXT NOT NULL
) STRICT;
