-- +goose Up

-- What servers have of a certificate authority: account key, certificates with their
-- keys, proofs under way. Those of several machines share it.
CREATE TABLE certificate (
    name text COLLATE "C" PRIMARY KEY,
    data text COLLATE "C" NOT NULL
);

-- +goose Down

DROP TABLE certificate;
