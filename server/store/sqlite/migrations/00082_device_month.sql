-- +goose Up

-- What devices counted in the months of UTC.
CREATE TABLE total_device_month (
    slot           INTEGER NOT NULL, -- the start of the month in UTC
    device         INTEGER NOT NULL REFERENCES device (id),
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) STRICT, WITHOUT ROWID;
-- Sums stop at the largest number.
INSERT INTO total_device_month SELECT CAST(strftime('%s', slot, 'unixepoch', 'start of month') AS INTEGER), device, handshake_code, item, type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295))
    FROM total_device GROUP BY 1, 2, 3, 4, 5;

-- +goose Down

DROP TABLE total_device_month;
