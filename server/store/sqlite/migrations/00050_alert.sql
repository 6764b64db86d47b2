-- +goose Up

-- How authorizations under a code ended, of the last hours, by ten minutes. Codes that
-- do not exist are not in it.
CREATE TABLE authorization_outcome (
    handshake_code TEXT    NOT NULL,
    at             INTEGER NOT NULL, -- the start of the ten minutes
    granted        INTEGER NOT NULL,
    refused        INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, at)
) STRICT, WITHOUT ROWID;

-- The last alert about each subject.
CREATE TABLE alert_state (
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    level   INTEGER NOT NULL, -- 0: none in this period
    period  TEXT    NOT NULL, -- a level alerts once in it
    value   INTEGER NOT NULL,
    since   INTEGER NOT NULL, -- when it began; 0: it is over
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

-- The history of alerts.
CREATE TABLE alert_event (
    id           INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    organization TEXT    NOT NULL, -- its id; '': none in particular
    level        INTEGER NOT NULL,
    value        INTEGER NOT NULL,
    recovered    INTEGER NOT NULL, -- 1: it is over
    text         TEXT    NOT NULL
) STRICT;

-- Where alerts are sent, and which were delivered.
CREATE TABLE alert_channel (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    target     TEXT    NOT NULL, -- JSON, with secrets
    created_at INTEGER NOT NULL,
    delivered  INTEGER NOT NULL, -- the event up to which all are delivered
    batch      INTEGER NOT NULL, -- the last event of the message that is tried again; 0: there is none
    attempts   INTEGER NOT NULL, -- of this message
    next_at    INTEGER NOT NULL, -- when it is tried again
    failure    TEXT    NOT NULL, -- of the last attempt; '': it went well
    day        INTEGER NOT NULL, -- the day of the messages counted in sent
    sent       INTEGER NOT NULL
) STRICT;

-- Work that one server at a time does.
CREATE TABLE lease (
    name   TEXT    PRIMARY KEY NOT NULL,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE lease;
DROP TABLE alert_channel;
DROP TABLE alert_event;
DROP TABLE alert_state;
DROP TABLE authorization_outcome;
