-- +goose Up

-- Which runs counted something in which slots of a day; see store.Activity.
CREATE TABLE activity (
    type           INTEGER NOT NULL, -- 0: any
    day            INTEGER NOT NULL, -- its start in UTC
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    runs           BLOB    NOT NULL,
    PRIMARY KEY (type, day, handshake_code, item)
) STRICT;

-- Which rows of raw_report are about slots of a day of a run; see store.Arrivals.
CREATE TABLE arrival (
    run  INTEGER NOT NULL REFERENCES run (id),
    day  INTEGER NOT NULL, -- its start in UTC
    rows BLOB    NOT NULL,
    PRIMARY KEY (run, day)
) STRICT, WITHOUT ROWID;

-- Up to which row of raw_report both are about; without a row, none. Later ones are read
-- besides.
CREATE TABLE activity_fold (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    upto  INTEGER NOT NULL,
    since INTEGER NOT NULL -- the slot from which on it is known: reports from before were gone
) STRICT;
INSERT INTO activity_fold SELECT 1, 0, pruned FROM slot_closing WHERE pruned > 0;

-- +goose Down

DROP TABLE activity_fold;
DROP TABLE arrival;
DROP TABLE activity;
