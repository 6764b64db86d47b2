-- +goose Up

-- A seat is a time during which a device takes part of an item's quota. Those of a
-- device on an item don't overlap.
CREATE TABLE seat_interval (
    device INTEGER NOT NULL REFERENCES device (id),
    item   INTEGER NOT NULL REFERENCES item (id),
    since  INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    brief  INTEGER NOT NULL, -- the device has no home
    PRIMARY KEY (device, item, since)
) STRICT, WITHOUT ROWID;
INSERT INTO seat_interval SELECT device, item, 0, expires_at, 1, 0 FROM seat WHERE expires_at > 0;
DROP TABLE seat;
ALTER TABLE seat_interval RENAME TO seat;
CREATE INDEX seat_of_item ON seat (item, until); -- for listings

-- By how much the sum of an item's seats grows, and when.
CREATE TABLE seat_step (
    item   INTEGER NOT NULL REFERENCES item (id),
    at     INTEGER NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (item, at)
) STRICT, WITHOUT ROWID;
INSERT INTO seat_step SELECT item, 0, sum(weight) FROM seat GROUP BY item;
INSERT INTO seat_step SELECT item, until, -sum(weight) FROM seat GROUP BY item, until;

-- The sum of an item's seats at seats_at, and the exceptions before.
ALTER TABLE item ADD COLUMN seats_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN seats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN exceptions INTEGER NOT NULL DEFAULT 0;
UPDATE item SET seats_at = 1, seats = (SELECT sum(change) FROM seat_step WHERE seat_step.item = item.id AND at <= 1)
    WHERE id IN (SELECT item FROM seat_step);

-- JSON: where the item is charged in another way than usual.
ALTER TABLE item ADD COLUMN charging TEXT NOT NULL DEFAULT '{}';

CREATE TABLE app_domain (
    item   INTEGER NOT NULL REFERENCES item (id),
    domain TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (item, domain)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE app_domain;
ALTER TABLE item DROP COLUMN charging;
ALTER TABLE item DROP COLUMN exceptions;
ALTER TABLE item DROP COLUMN seats;
ALTER TABLE item DROP COLUMN seats_at;
DROP TABLE seat_step;

CREATE TABLE seat_before (
    item       INTEGER NOT NULL REFERENCES item (id),
    device     INTEGER NOT NULL REFERENCES device (id),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (item, device)
) STRICT, WITHOUT ROWID;
INSERT INTO seat_before SELECT item, device, max(until) FROM seat GROUP BY item, device;
DROP TABLE seat;
ALTER TABLE seat_before RENAME TO seat;
CREATE INDEX seat_of_device ON seat (device);
