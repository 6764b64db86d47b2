-- +goose Up

ALTER TABLE handshake_code ADD COLUMN previous_password TEXT NOT NULL DEFAULT ''; -- '': none
ALTER TABLE handshake_code ADD COLUMN previous_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handshake_code ADD COLUMN archived_at INTEGER NOT NULL DEFAULT 0; -- 0: in use

ALTER TABLE item ADD COLUMN trial_by TEXT NOT NULL DEFAULT ''; -- 'device', 'address'
ALTER TABLE item ADD COLUMN trial_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN requires TEXT NOT NULL DEFAULT ''; -- comma-separated ids of items
ALTER TABLE item ADD COLUMN request_limit INTEGER NOT NULL DEFAULT 0; -- 0: none
ALTER TABLE item ADD COLUMN refuse_clones INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN archived_at INTEGER NOT NULL DEFAULT 0; -- 0: in use
ALTER TABLE item ADD COLUMN license_file TEXT NOT NULL DEFAULT ''; -- '': none
ALTER TABLE item ADD COLUMN requests INTEGER NOT NULL DEFAULT 0; -- granted, if they are limited

-- When a device or an address began a trial.
CREATE TABLE trial (
    item       INTEGER NOT NULL REFERENCES item (id),
    subject    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (item, subject)
) STRICT, WITHOUT ROWID;

ALTER TABLE denial ADD COLUMN device_name TEXT NOT NULL DEFAULT '';
ALTER TABLE denial ADD COLUMN item TEXT NOT NULL DEFAULT '';
ALTER TABLE denial ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE denial ADD COLUMN quota INTEGER NOT NULL DEFAULT 0;
ALTER TABLE denial ADD COLUMN used INTEGER NOT NULL DEFAULT 0;

ALTER TABLE device_key ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0; -- 0: reports apart, unless it is the first
ALTER TABLE device ADD COLUMN cloned_at INTEGER NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE device_account ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0; -- units counted since accounts are compared

-- Products of the vendor's own.
CREATE TABLE product (
    bit        INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- The key by which this installation signs license files.
CREATE TABLE vendor_key (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seed BLOB NOT NULL -- Ed25519: secret
) STRICT;

-- Vendors whose license files are accepted.
CREATE TABLE vendor (
    public_key BLOB    PRIMARY KEY NOT NULL,
    name       TEXT    NOT NULL,
    trusted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE license_file (
    id           TEXT    PRIMARY KEY NOT NULL,
    vendor       TEXT    NOT NULL, -- the id of its key
    revision     INTEGER NOT NULL, -- the highest imported
    organization INTEGER NOT NULL REFERENCES organization (id),
    alias        TEXT    NOT NULL,
    revoked      INTEGER NOT NULL,
    imported_at  INTEGER NOT NULL,
    content      BLOB    NOT NULL -- as imported
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE license_file;
DROP TABLE vendor;
DROP TABLE vendor_key;
DROP TABLE product;
ALTER TABLE device_account DROP COLUMN accepted;
ALTER TABLE device DROP COLUMN cloned_at;
ALTER TABLE device_key DROP COLUMN confirmed_at;
ALTER TABLE denial DROP COLUMN used;
ALTER TABLE denial DROP COLUMN quota;
ALTER TABLE denial DROP COLUMN cause;
ALTER TABLE denial DROP COLUMN item;
ALTER TABLE denial DROP COLUMN device_name;
DROP TABLE trial;
ALTER TABLE item DROP COLUMN requests;
ALTER TABLE item DROP COLUMN license_file;
ALTER TABLE item DROP COLUMN archived_at;
ALTER TABLE item DROP COLUMN refuse_clones;
ALTER TABLE item DROP COLUMN request_limit;
ALTER TABLE item DROP COLUMN requires;
ALTER TABLE item DROP COLUMN trial_days;
ALTER TABLE item DROP COLUMN trial_by;
ALTER TABLE handshake_code DROP COLUMN archived_at;
ALTER TABLE handshake_code DROP COLUMN previous_until;
ALTER TABLE handshake_code DROP COLUMN previous_password;
