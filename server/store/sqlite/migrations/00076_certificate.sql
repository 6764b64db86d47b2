-- +goose Up

-- What servers hold of a certificate authority: account key, certificates with their
-- keys, challenges under way. Servers on several machines share it.
CREATE TABLE certificate (
    name TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE certificate;
