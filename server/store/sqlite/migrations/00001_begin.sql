-- +goose Up

-- One set of keys for a database; made at the first start.
CREATE TABLE server_key (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    signing    BLOB NOT NULL, -- Ed25519 seed
    report     BLOB NOT NULL  -- X25519 private key
) STRICT;

CREATE TABLE organization (
    id           INTEGER PRIMARY KEY,
    public_id    TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    default_code INTEGER REFERENCES handshake_code (id),
    created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE handshake_code (
    id               INTEGER PRIMARY KEY,
    code             TEXT    NOT NULL UNIQUE,
    organization     INTEGER NOT NULL REFERENCES organization (id),
    session_password TEXT    NOT NULL, -- '': none
    created_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE validation_field (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    value          TEXT    NOT NULL,
    PRIMARY KEY (handshake_code, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    id               INTEGER PRIMARY KEY,
    public_id        TEXT    NOT NULL UNIQUE,
    organization     INTEGER NOT NULL REFERENCES organization (id),
    name             TEXT    NOT NULL,
    products         INTEGER NOT NULL,
    version          TEXT    NOT NULL, -- '': any
    edition          TEXT    NOT NULL, -- '': any
    deployment_type  INTEGER NOT NULL, -- 0: any
    charge_way       INTEGER NOT NULL,
    modules          TEXT    NOT NULL, -- comma-separated numbers; '': all
    quota            INTEGER NOT NULL, -- -1: not limited
    starts_at        INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    max_buffer_days  INTEGER NOT NULL,
    validation_field TEXT    NOT NULL, -- '': any
    trial            INTEGER NOT NULL,
    revoked_at       INTEGER NOT NULL, -- 0: in force
    created_at       INTEGER NOT NULL,
    used             INTEGER NOT NULL DEFAULT 0 -- units counted by reports
) STRICT;

CREATE TABLE handshake_item (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    position       INTEGER NOT NULL, -- 0: by the default rules
    PRIMARY KEY (handshake_code, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id            INTEGER PRIMARY KEY,
    uuid          TEXT    NOT NULL UNIQUE,
    uuid_source   TEXT    NOT NULL,
    friendly_name TEXT    NOT NULL,
    platform      TEXT    NOT NULL,
    library       TEXT    NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE device_key (
    key_id     TEXT    NOT NULL,
    device     INTEGER NOT NULL REFERENCES device (id),
    public_key BLOB    NOT NULL,
    report_key BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_key_of_device ON device_key (device);

-- The device list of an item.
CREATE TABLE seat (
    item       INTEGER NOT NULL REFERENCES item (id),
    device     INTEGER NOT NULL REFERENCES device (id),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (item, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX seat_of_device ON seat (device);

-- One tally of a device under one code and item.
CREATE TABLE run (
    id             INTEGER PRIMARY KEY,
    uuid           TEXT    NOT NULL,
    device         INTEGER NOT NULL REFERENCES device (id),
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id)
) STRICT;
CREATE UNIQUE INDEX run_key ON run (device, uuid, handshake_code, item);

-- The accepted counts of each slot of each run. The keys of runs rise, and so do the
-- slots of a run, so rows are written side by side.
CREATE TABLE report (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    revision INTEGER NOT NULL, -- 0: only losses were declared
    counts   TEXT    NOT NULL, -- JSON: units by operation type, cumulative
    losses   INTEGER NOT NULL, -- the number of rows in report_loss
    PRIMARY KEY (run, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_loss (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    counts   TEXT    NOT NULL, -- JSON, as declared
    units    INTEGER NOT NULL, -- lost
    PRIMARY KEY (run, slot, cause)
) STRICT, WITHOUT ROWID;

-- Each report that changed something, as it came. Never updated.
CREATE TABLE raw_report (
    id           INTEGER PRIMARY KEY,
    received_at  INTEGER NOT NULL,
    run          INTEGER NOT NULL REFERENCES run (id),
    slot         INTEGER NOT NULL,
    slot_seconds INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    counts       TEXT    NOT NULL, -- JSON
    lost         TEXT    NOT NULL  -- '' or the cause
) STRICT;

CREATE TABLE operation_type (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE total (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL,
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE denial (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    device         TEXT    NOT NULL,
    handshake_code TEXT    NOT NULL,
    organization   TEXT    NOT NULL,
    reason         TEXT    NOT NULL
) STRICT;

CREATE TABLE anomaly (
    device   INTEGER NOT NULL REFERENCES device (id),
    kind     TEXT    NOT NULL,
    detail   TEXT    NOT NULL, -- of the last one
    count    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (device, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    object TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;

-- +goose Down

DROP TABLE audit;
DROP TABLE anomaly;
DROP TABLE denial;
DROP TABLE total;
DROP TABLE operation_type;
DROP TABLE raw_report;
DROP TABLE report_loss;
DROP TABLE report;
DROP TABLE run;
DROP TABLE seat;
DROP TABLE device_key;
DROP TABLE device;
DROP TABLE handshake_item;
DROP TABLE item;
DROP TABLE validation_field;
DROP TABLE handshake_code;
DROP TABLE organization;
DROP TABLE server_key;
