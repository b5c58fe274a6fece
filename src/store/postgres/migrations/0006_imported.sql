-- Leads of the time before, for back-tests: who got what, and when it was answered. They are
-- nobody's leads and stand in no book. `person` is the address, else the telephone. Ordered by
-- bytes, as the other store does.
CREATE TABLE imported (
    at          bigint NOT NULL,
    source      text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    owner       text,
    answered_at bigint,
    fields      text NOT NULL,
    PRIMARY KEY (at, source, person)
);
