-- +goose Up

-- Refusals that are alike are counted, so that nobody can fill the disk with them.
CREATE TABLE denial_of (
    id             INTEGER PRIMARY KEY,
    device         TEXT    NOT NULL,
    handshake_code TEXT    NOT NULL,
    status         INTEGER NOT NULL,
    organization   TEXT    NOT NULL, -- as asked for the last time
    reason         TEXT    NOT NULL, -- of the last one
    count          INTEGER NOT NULL,
    first_at       INTEGER NOT NULL,
    last_at        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX denial_key ON denial_of (device, handshake_code, status);
INSERT INTO denial_of (device, handshake_code, status, organization, reason, count, first_at, last_at)
    SELECT device, handshake_code, status, organization, reason, count(*), min(at), max(at)
    FROM denial GROUP BY device, handshake_code, status ORDER BY max(id);
DROP TABLE denial;
ALTER TABLE denial_of RENAME TO denial;

-- +goose Down

CREATE TABLE denial_before (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    device         TEXT    NOT NULL,
    handshake_code TEXT    NOT NULL,
    organization   TEXT    NOT NULL,
    reason         TEXT    NOT NULL
) STRICT;
INSERT INTO denial_before SELECT id, last_at, status, device, handshake_code, organization, reason FROM denial;
DROP TABLE denial;
ALTER TABLE denial_before RENAME TO denial;
