-- What decisions saw and moved, so that each can be decided again.
ALTER TABLE decision ADD COLUMN saw text;   -- null: from before there were records; empty: erased
ALTER TABLE decision ADD COLUMN moved text; -- about people; null: nothing
-- The state of people after a decision, from time to time.
CREATE TABLE checkpoint (
    seq  bigint PRIMARY KEY,
    team text NOT NULL
);
-- What decisions stand on beside their rulebook, by its hash.
CREATE TABLE basis (
    hash bigint PRIMARY KEY,
    doc  text NOT NULL
);
