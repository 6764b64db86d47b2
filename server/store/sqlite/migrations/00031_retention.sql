-- +goose Up

-- How many days records are kept; without a row, forever.
CREATE TABLE retention (
    record TEXT PRIMARY KEY,
    days   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Slots before this one are closed: nothing counts in them any more.
CREATE TABLE slot_closing (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    before INTEGER NOT NULL,
    pruned INTEGER NOT NULL DEFAULT 0, -- reports of slots before this one may be gone
    swept  INTEGER NOT NULL DEFAULT 0  -- all reports of slots before this one are gone
) STRICT;

-- Signed totals of the reports of closed slots, so that the reports may be deleted.
CREATE TABLE checkpoint (
    closed_before INTEGER PRIMARY KEY,
    made_at       INTEGER NOT NULL,
    document      TEXT    NOT NULL -- a JWS
) STRICT;

-- Changes of what is used of an item. Never updated.
CREATE TABLE adjustment (
    id        INTEGER PRIMARY KEY,
    item      INTEGER NOT NULL REFERENCES item (id),
    at        INTEGER NOT NULL,
    units     INTEGER NOT NULL,
    reason    TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    signature TEXT    NOT NULL -- a JWS
) STRICT;

-- What was billed. Never updated.
CREATE TABLE statement (
    organization INTEGER NOT NULL REFERENCES organization (id),
    month        TEXT    NOT NULL, -- such as 2026-11
    made_at      INTEGER NOT NULL,
    document     TEXT    NOT NULL, -- a JWS
    PRIMARY KEY (organization, month)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE statement;
DROP TABLE adjustment;
DROP TABLE checkpoint;
DROP TABLE slot_closing;
DROP TABLE retention;
