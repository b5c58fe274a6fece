-- Documents that people work on for a while: drafts of the rulebook, scheduled ones, a shadow run, a
-- re-routing. Few rows; a body may have megabytes.
CREATE TABLE paper (
    name TEXT PRIMARY KEY,
    head TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
