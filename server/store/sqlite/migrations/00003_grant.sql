-- +goose Up

-- A key after a device's first reports apart: it can't touch what was reported
-- by the first. 0: the device itself.
ALTER TABLE device_key ADD COLUMN reporter INTEGER NOT NULL DEFAULT 0;
DROP INDEX device_key_of_device;
CREATE INDEX device_key_of_device ON device_key (device, reporter);

ALTER TABLE run ADD COLUMN reporter INTEGER NOT NULL DEFAULT 0;
DROP INDEX run_key;
CREATE UNIQUE INDEX run_key ON run (device, uuid, handshake_code, item, reporter);

CREATE TABLE reporter_account (
    device   INTEGER NOT NULL REFERENCES device (id),
    reporter INTEGER NOT NULL,
    sent_at  INTEGER NOT NULL, -- by the device's clock
    recorded INTEGER NOT NULL,
    expired  INTEGER NOT NULL,
    refused  INTEGER NOT NULL,
    storage  INTEGER NOT NULL,
    PRIMARY KEY (device, reporter)
) STRICT, WITHOUT ROWID;
INSERT INTO reporter_account SELECT device, 0, sent_at, recorded, expired, refused, storage FROM device_account;
DROP TABLE device_account;
ALTER TABLE reporter_account RENAME TO device_account;

-- What a reporter may report on: the code and item of each authorization it got.
CREATE TABLE report_grant (
    device         INTEGER NOT NULL REFERENCES device (id),
    reporter       INTEGER NOT NULL,
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    granted_at     INTEGER NOT NULL,
    PRIMARY KEY (device, reporter, handshake_code, item)
) STRICT, WITHOUT ROWID;
INSERT INTO report_grant SELECT DISTINCT device, 0, handshake_code, item, 0 FROM run;
INSERT OR IGNORE INTO report_grant SELECT seat.device, 0, h.handshake_code, h.item, 0
    FROM seat JOIN handshake_item h ON h.item = seat.item;

-- +goose Down

DROP TABLE report_grant;

CREATE TABLE account_before (
    device   INTEGER PRIMARY KEY REFERENCES device (id),
    sent_at  INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    expired  INTEGER NOT NULL,
    refused  INTEGER NOT NULL,
    storage  INTEGER NOT NULL
) STRICT;
INSERT INTO account_before SELECT device, sent_at, recorded, expired, refused, storage FROM device_account WHERE reporter = 0;
DROP TABLE device_account;
ALTER TABLE account_before RENAME TO device_account;

DROP INDEX run_key;
CREATE INDEX run_key ON run (device, uuid, handshake_code, item);
ALTER TABLE run DROP COLUMN reporter;

DROP INDEX device_key_of_device;
ALTER TABLE device_key DROP COLUMN reporter;
CREATE INDEX device_key_of_device ON device_key (device);
