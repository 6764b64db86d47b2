-- +goose Up

-- Which runs counted something in which slots of a day; see store.Activity. Rows have some
-- kilobytes, and are read many at a time: side by side, not from elsewhere.
CREATE TABLE activity (
    type           bigint NOT NULL, -- 0: any
    day            bigint NOT NULL, -- its start in UTC
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    runs           bytea  NOT NULL,
    PRIMARY KEY (type, day, handshake_code, item)
) WITH (toast_tuple_target = 8160);
ALTER TABLE activity ALTER COLUMN runs SET STORAGE EXTERNAL;

-- Which rows of raw_report are about slots of a day of a run; see store.Arrivals.
CREATE TABLE arrival (
    run  bigint NOT NULL,
    day  bigint NOT NULL, -- its start in UTC
    rows bytea  NOT NULL,
    PRIMARY KEY (run, day)
) WITH (fillfactor = 80);

-- Up to which row of raw_report both are about; without a row, none. Later ones are read
-- besides.
CREATE TABLE activity_fold (
    id    smallint PRIMARY KEY CHECK (id = 1),
    upto  bigint NOT NULL,
    since bigint NOT NULL -- the slot from which on it is known: reports from before were gone
);
INSERT INTO activity_fold SELECT 1, 0, pruned FROM slot_closing WHERE pruned > 0;

-- +goose Down

DROP TABLE activity_fold;
DROP TABLE arrival;
DROP TABLE activity;
