-- The mirror of accounts, by where they come from. `stamp` is the run that brought a row last, if
-- that run retires what it does not bring. Ordered by bytes, as the other store does.
CREATE TABLE account (
    origin text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    stamp  bigint NOT NULL,
    doc    text NOT NULL,
    PRIMARY KEY (origin, id)
);

-- How often a mirror has changed: whoever keeps it in memory looks at this number.
CREATE TABLE mirror (
    name    text PRIMARY KEY,
    version bigint NOT NULL
);
