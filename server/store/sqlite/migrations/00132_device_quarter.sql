-- +goose Up

-- What devices counted in the quarters of the first and of the last day of each month of UTC.
CREATE TABLE total_device_quarter (
    slot           INTEGER NOT NULL, -- the start of the quarter of a day
    device         INTEGER NOT NULL REFERENCES device (id),
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) STRICT, WITHOUT ROWID;

-- The day from which on they are complete; without a row, all are. Of what was counted before,
-- they can't be summed up without its reports.
CREATE TABLE device_quarter (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    since INTEGER NOT NULL
) STRICT;
INSERT INTO device_quarter SELECT 1, max(slot) - max(slot) % 86400 + 86400 FROM total HAVING max(slot) IS NOT NULL;

-- +goose Down

DROP TABLE device_quarter;
DROP TABLE total_device_quarter;
