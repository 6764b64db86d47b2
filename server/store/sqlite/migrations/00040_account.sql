-- +goose Up

-- Accounts that may sign in to the pages.
CREATE TABLE account (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    role         TEXT    NOT NULL, -- 'owner', 'administrator', 'viewer'
    organization INTEGER REFERENCES organization (id), -- a viewer of this one only; NULL: of all
    password     TEXT    NOT NULL, -- argon2id in PHC format
    created_at   INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL -- 0: never
) STRICT;

-- Browsers that are signed in.
CREATE TABLE session (
    digest     TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of its id, in hex
    account    INTEGER NOT NULL REFERENCES account (id),
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_account ON session (account);

-- Tokens with which programs use the API.
CREATE TABLE api_token (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT    NOT NULL UNIQUE,
    digest       TEXT    NOT NULL UNIQUE, -- SHA-256 of the token, in hex
    name         TEXT    NOT NULL,
    scope        TEXT    NOT NULL, -- 'read', 'write'
    organization INTEGER REFERENCES organization (id), -- NULL: all
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL, -- 0: never
    seen_at      INTEGER NOT NULL  -- 0: never
) STRICT;

-- Links that make the first account.
CREATE TABLE set_up_link (
    digest     TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the API answered to requests with an Idempotency-Key.
CREATE TABLE idempotency (
    digest     TEXT    NOT NULL PRIMARY KEY, -- of who asked and the key, in hex
    request    TEXT    NOT NULL, -- digest of what was asked for, in hex
    answer     TEXT    NOT NULL, -- sealed by the token; empty: not known yet
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Settings of the installation.
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX denial_by_age ON denial (last_at);

-- +goose Down

DROP INDEX denial_by_age;
DROP TABLE setting;
DROP TABLE idempotency;
DROP TABLE set_up_link;
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE account;
