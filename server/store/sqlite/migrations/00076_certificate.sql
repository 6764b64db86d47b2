-- +goose Up

-- What servers have of a certificate authority: account key, certificates with their
-- keys, proofs under way. Those of several machines share it.
CREATE TABLE certificate (
    name TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE certificate;
