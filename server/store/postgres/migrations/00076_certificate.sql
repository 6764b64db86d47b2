-- +goose Up

-- What servers hold of a certificate authority: account key, certificates with their
-- keys, challenges under way. Servers on several machines share it.
CREATE TABLE certificate (
    name text COLLATE "C" PRIMARY KEY,
    data text COLLATE "C" NOT NULL
);

-- +goose Down

DROP TABLE certificate;
