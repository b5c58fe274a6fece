-- Alerts that are raised, or over and not told to everybody: few rows, replaced as a whole.
CREATE TABLE alert (
    id  INTEGER PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;
