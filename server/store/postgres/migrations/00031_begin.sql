-- +goose Up

-- The numbers of the scripts are those of the SQLite store: databases of the same
-- version hold the same. This is the first one, with all that was there by then.
--
-- Texts are compared byte by byte, as in SQLite. The tables that grow (report,
-- report_loss, raw_report and the totals) have no foreign keys: checking them would cost
-- more than the rows themselves.

-- One set of keys for a database; made at the first start.
CREATE TABLE server_key (
    id      smallint PRIMARY KEY CHECK (id = 1),
    signing bytea NOT NULL, -- Ed25519 seed
    report  bytea NOT NULL  -- X25519 private key
);

-- The version of what administrators enter (organizations, codes, items, types):
-- a server that caches any of it reads it again when the version changed.
CREATE TABLE catalog (
    id      smallint PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO catalog VALUES (1, 1);

CREATE TABLE organization (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id    text COLLATE "C" NOT NULL UNIQUE,
    name         text COLLATE "C" NOT NULL,
    default_code bigint, -- references handshake_code, see below
    created_at   bigint NOT NULL
);

CREATE TABLE handshake_code (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code             text COLLATE "C" NOT NULL UNIQUE,
    organization     bigint NOT NULL REFERENCES organization (id),
    session_password  text COLLATE "C" NOT NULL, -- its hash; '': none
    previous_password text COLLATE "C" NOT NULL, -- the hash of the one before; '': none
    previous_until    bigint NOT NULL,
    archived_at       bigint NOT NULL, -- 0: in use
    created_at        bigint NOT NULL
);
ALTER TABLE organization ADD FOREIGN KEY (default_code) REFERENCES handshake_code (id);

CREATE TABLE validation_field (
    handshake_code bigint NOT NULL REFERENCES handshake_code (id),
    value          text COLLATE "C" NOT NULL,
    PRIMARY KEY (handshake_code, value)
);

CREATE TABLE item (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id        text COLLATE "C" NOT NULL UNIQUE,
    organization     bigint NOT NULL REFERENCES organization (id),
    name             text COLLATE "C" NOT NULL,
    products         bigint NOT NULL,
    version          text COLLATE "C" NOT NULL, -- '': any
    edition          text COLLATE "C" NOT NULL, -- '': any
    deployment_type  bigint NOT NULL, -- 0: any
    charge_way       bigint NOT NULL,
    modules          text COLLATE "C" NOT NULL, -- comma-separated numbers; '': all
    quota            bigint NOT NULL, -- -1: not limited
    starts_at        bigint NOT NULL,
    expires_at       bigint NOT NULL,
    max_buffer_days  bigint NOT NULL,
    validation_field text COLLATE "C" NOT NULL, -- '': any
    trial            boolean NOT NULL,
    trial_by         text COLLATE "C" NOT NULL, -- 'device', 'address'
    trial_days       bigint NOT NULL,
    requires         text COLLATE "C" NOT NULL, -- comma-separated ids of items
    request_limit    bigint NOT NULL, -- 0: none
    refuse_clones    boolean NOT NULL,
    revoked_at       bigint NOT NULL, -- 0: in force
    archived_at      bigint NOT NULL, -- 0: in use
    license_file     text COLLATE "C" NOT NULL, -- '': none
    charging         text COLLATE "C" NOT NULL, -- JSON: where it is charged in another way than usual
    created_at       bigint NOT NULL
);

-- How much of an item is used: apart, because it changes with each group of reports.
CREATE TABLE item_use (
    item     bigint PRIMARY KEY REFERENCES item (id),
    used     bigint NOT NULL, -- units counted by reports
    requests bigint NOT NULL  -- authorizations granted, if they are limited
) WITH (fillfactor = 10);

CREATE TABLE handshake_item (
    handshake_code bigint NOT NULL REFERENCES handshake_code (id),
    item           bigint NOT NULL REFERENCES item (id),
    position       bigint NOT NULL, -- 0: by the default rules
    PRIMARY KEY (handshake_code, item)
);

CREATE TABLE device (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid          text COLLATE "C" NOT NULL UNIQUE,
    uuid_source   text COLLATE "C" NOT NULL,
    friendly_name text COLLATE "C" NOT NULL,
    platform      text COLLATE "C" NOT NULL,
    library       text COLLATE "C" NOT NULL,
    first_seen_at bigint NOT NULL,
    last_seen_at  bigint NOT NULL,
    cloned_at     bigint NOT NULL DEFAULT 0 -- 0: never
) WITH (fillfactor = 80);

-- A key after a device's first reports apart: it can't touch what was reported
-- by the first. 0: the device itself.
CREATE TABLE device_key (
    key_id     text COLLATE "C" NOT NULL,
    device     bigint NOT NULL REFERENCES device (id),
    public_key bytea NOT NULL,
    report_key bytea NOT NULL,
    reporter   bigint NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint NOT NULL DEFAULT 0, -- 0: reports apart, unless it is the first
    PRIMARY KEY (key_id, device)
);
CREATE UNIQUE INDEX device_key_of_device ON device_key (device, reporter);

-- What a reporter may report on: the code and item of each authorization it got.
CREATE TABLE report_grant (
    device         bigint NOT NULL REFERENCES device (id),
    reporter       bigint NOT NULL,
    handshake_code bigint NOT NULL REFERENCES handshake_code (id),
    item           bigint NOT NULL REFERENCES item (id),
    granted_at     bigint NOT NULL,
    PRIMARY KEY (device, reporter, handshake_code, item)
);

-- When a device or an address began a trial.
CREATE TABLE trial (
    item       bigint NOT NULL REFERENCES item (id),
    subject    text COLLATE "C" NOT NULL,
    started_at bigint NOT NULL,
    PRIMARY KEY (item, subject)
);

-- A seat is a time during which a device takes part of an item's quota. Those of a
-- device on an item don't overlap.
CREATE TABLE seat (
    device bigint NOT NULL REFERENCES device (id),
    item   bigint NOT NULL REFERENCES item (id),
    since  bigint NOT NULL,
    until  bigint NOT NULL,
    weight bigint NOT NULL,
    brief  boolean NOT NULL, -- the device has no home
    PRIMARY KEY (device, item, since)
) WITH (fillfactor = 80);
CREATE INDEX seat_of_item ON seat (item, until); -- for listings

-- By how much the sum of an item's seats grows, and when.
CREATE TABLE seat_step (
    item   bigint NOT NULL REFERENCES item (id),
    at     bigint NOT NULL,
    change bigint NOT NULL,
    PRIMARY KEY (item, at)
) WITH (fillfactor = 50);

-- The sum of an item's seats at a moment, and the exceptions before; of items that
-- ever had any.
CREATE TABLE seat_sum (
    item       bigint PRIMARY KEY REFERENCES item (id),
    at         bigint NOT NULL,
    active     bigint NOT NULL,
    exceptions bigint NOT NULL,
    changes    bigint NOT NULL -- how often the row was written: a change of seats names the number it read
) WITH (fillfactor = 10);

CREATE TABLE app_domain (
    item   bigint NOT NULL REFERENCES item (id),
    domain text COLLATE "C" NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (item, domain)
);

-- The account of each device: the units that it says it recorded, in all.
CREATE TABLE device_account (
    device   bigint NOT NULL REFERENCES device (id),
    reporter bigint NOT NULL,
    sent_at  bigint NOT NULL, -- by the device's clock
    recorded bigint NOT NULL,
    expired  bigint NOT NULL,
    refused  bigint NOT NULL,
    storage  bigint NOT NULL,
    accepted bigint NOT NULL, -- units counted since accounts are compared
    PRIMARY KEY (device, reporter)
) WITH (fillfactor = 50);

-- One tally of a device under one code and item.
CREATE TABLE run (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid           text COLLATE "C" NOT NULL,
    device         bigint NOT NULL REFERENCES device (id),
    handshake_code bigint NOT NULL REFERENCES handshake_code (id),
    item           bigint NOT NULL REFERENCES item (id),
    reporter       bigint NOT NULL
);
CREATE UNIQUE INDEX run_key ON run (device, uuid, handshake_code, item, reporter);

-- What is accepted of each slot of each run.
CREATE TABLE report (
    run      bigint NOT NULL,
    slot     bigint NOT NULL,
    revision bigint NOT NULL, -- 0: only losses were declared
    changes  bigint NOT NULL, -- how often the row was written: a change names the number it read
    losses   integer NOT NULL, -- the number of rows in report_loss
    counts   bytea NOT NULL, -- units by operation type, cumulative; see store.Counts
    PRIMARY KEY (run, slot)
);

CREATE TABLE report_loss (
    run      bigint NOT NULL,
    slot     bigint NOT NULL,
    revision bigint NOT NULL,
    units    bigint NOT NULL, -- lost
    cause    text COLLATE "C" NOT NULL,
    counts   bytea NOT NULL, -- as declared
    PRIMARY KEY (run, slot, cause)
);

-- The reports that changed something, as they came: those of one run that came
-- together are one row. Never updated.
CREATE TABLE raw_report (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at bigint NOT NULL,
    run         bigint NOT NULL,
    newest      bigint NOT NULL, -- the latest of the slots
    reports     bytea NOT NULL   -- see store.PackReceived
);

CREATE TABLE operation_type (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

-- Operation types that organizations defined. Their number is bounded.
CREATE TABLE organization_type (
    organization bigint NOT NULL REFERENCES organization (id),
    type         bigint NOT NULL REFERENCES operation_type (id),
    PRIMARY KEY (organization, type)
);

-- late is the part of count that came a day after its slot, or later.
CREATE TABLE total (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL,
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) WITH (fillfactor = 50);

CREATE TABLE total_hour (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL, -- the start of the hour
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) WITH (fillfactor = 50);

CREATE TABLE total_day (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL, -- the start of the day in UTC
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) WITH (fillfactor = 50);

-- By day first: what is written today is side by side.
CREATE TABLE total_device (
    slot           bigint NOT NULL, -- the start of the day in UTC
    device         bigint NOT NULL,
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) WITH (fillfactor = 80);

-- Refused authorizations by quarters of an hour.
CREATE TABLE total_denial (
    start          bigint NOT NULL,
    handshake_code bigint NOT NULL, -- 0: there is no such code
    status         bigint NOT NULL,
    count          bigint NOT NULL,
    PRIMARY KEY (start, handshake_code, status)
) WITH (fillfactor = 50);

-- Refusals that are alike are counted, so that nobody can fill the disk with them.
CREATE TABLE denial (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device         text COLLATE "C" NOT NULL,
    device_name    text COLLATE "C" NOT NULL,
    handshake_code text COLLATE "C" NOT NULL,
    status         bigint NOT NULL,
    -- What follows is of the last one.
    organization   text COLLATE "C" NOT NULL,
    item           text COLLATE "C" NOT NULL,
    cause          text COLLATE "C" NOT NULL,
    quota          bigint NOT NULL,
    used           bigint NOT NULL,
    reason         text COLLATE "C" NOT NULL,
    count          bigint NOT NULL,
    first_at       bigint NOT NULL,
    last_at        bigint NOT NULL
);
CREATE UNIQUE INDEX denial_key ON denial (device, handshake_code, status);

CREATE TABLE anomaly (
    device   bigint NOT NULL REFERENCES device (id),
    kind     text COLLATE "C" NOT NULL,
    detail   text COLLATE "C" NOT NULL, -- of the last one
    count    bigint NOT NULL,
    first_at bigint NOT NULL,
    last_at  bigint NOT NULL,
    PRIMARY KEY (device, kind)
);

CREATE TABLE audit (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     bigint NOT NULL,
    actor  text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    detail text COLLATE "C" NOT NULL
);

-- Products of the vendor's own.
CREATE TABLE product (
    bit        bigint PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

-- The key by which this installation signs license files.
CREATE TABLE vendor_key (
    id   smallint PRIMARY KEY CHECK (id = 1),
    seed bytea NOT NULL -- Ed25519: secret
);

-- Vendors whose license files are accepted.
CREATE TABLE vendor (
    public_key bytea PRIMARY KEY,
    name       text COLLATE "C" NOT NULL,
    trusted_at bigint NOT NULL
);

CREATE TABLE license_file (
    id           text COLLATE "C" PRIMARY KEY,
    vendor       text COLLATE "C" NOT NULL, -- the id of its key
    revision     bigint NOT NULL, -- the highest imported
    organization bigint NOT NULL REFERENCES organization (id),
    alias        text COLLATE "C" NOT NULL,
    revoked      boolean NOT NULL,
    imported_at  bigint NOT NULL,
    content      bytea NOT NULL -- as imported
);

-- How many days records are kept; without a row, forever.
CREATE TABLE retention (
    record text COLLATE "C" PRIMARY KEY,
    days   bigint NOT NULL
);

-- Slots before this one are closed: nothing counts in them any more.
CREATE TABLE slot_closing (
    id     smallint PRIMARY KEY CHECK (id = 1),
    before bigint NOT NULL,
    pruned bigint NOT NULL, -- reports of slots before this one may be gone
    swept  bigint NOT NULL  -- all reports of slots before this one are gone
);

-- Signed totals of the reports of closed slots, so that the reports may be deleted.
CREATE TABLE checkpoint (
    closed_before bigint PRIMARY KEY,
    made_at       bigint NOT NULL,
    document      text COLLATE "C" NOT NULL -- a JWS
);

-- Changes of what is used of an item. Never updated.
CREATE TABLE adjustment (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item      bigint NOT NULL REFERENCES item (id),
    at        bigint NOT NULL,
    units     bigint NOT NULL,
    reason    text COLLATE "C" NOT NULL,
    actor     text COLLATE "C" NOT NULL,
    signature text COLLATE "C" NOT NULL -- a JWS
);

-- What was billed. Never updated.
CREATE TABLE statement (
    organization bigint NOT NULL REFERENCES organization (id),
    month        text COLLATE "C" NOT NULL, -- such as 2026-11
    made_at      bigint NOT NULL,
    document     text COLLATE "C" NOT NULL, -- a JWS
    PRIMARY KEY (organization, month)
);

-- +goose Down

DROP TABLE statement, adjustment, checkpoint, slot_closing, retention, total_denial, total_device, total_day, total_hour, license_file, vendor, vendor_key, product, app_domain, seat_sum, seat_step, trial, audit, anomaly, denial, total, organization_type, operation_type, raw_report, report_loss, report, run,
    device_account, seat, report_grant, device_key, device, handshake_item, item_use, item, validation_field, catalog, server_key;
ALTER TABLE organization DROP COLUMN default_code;
DROP TABLE handshake_code, organization;
