-- +goose Up

-- How often devices and keys that never reported were deleted. When it changes,
-- processes discard the keys they cached.
CREATE TABLE forgotten (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    times INTEGER NOT NULL
) STRICT;
INSERT INTO forgotten VALUES (1, 0);

-- +goose Down

DROP TABLE forgotten;
