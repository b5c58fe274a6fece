-- Documents that people work on for a while: drafts of the rulebook, scheduled ones, a shadow run, a
-- re-routing. Few rows; a body may have megabytes.
CREATE TABLE paper (
    name text PRIMARY KEY,
    head text NOT NULL,
    body text NOT NULL
);
