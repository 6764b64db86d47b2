-- +goose Up

-- How often devices and keys were forgotten that never reported anything: what
-- processes remember of keys is of no use then.
CREATE TABLE forgotten (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    times INTEGER NOT NULL
) STRICT;
INSERT INTO forgotten VALUES (1, 0);

-- +goose Down

DROP TABLE forgotten;
