-- +goose Up

-- What was counted in the quarters of an hour and of a day of UTC, before the moment that
-- organization_fold tells: whole ones only.
CREATE TABLE total_quarter_hour (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL, -- the start of the quarter of an hour
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    late           INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;
CREATE TABLE total_quarter_day (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL, -- the start of the quarter of a day
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    late           INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;

-- Sums stop at the largest number.
INSERT INTO total_quarter_hour SELECT handshake_code, item, slot - slot % 900, type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295)),
    iif(sum(late >> 32) + (sum(late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(late >> 32) << 32) + sum(late & 4294967295))
    FROM total WHERE slot < (SELECT before - before % 900 FROM organization_fold) GROUP BY 1, 2, 3, 4;
INSERT INTO total_quarter_day SELECT handshake_code, item, slot - slot % 21600, type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295)),
    iif(sum(late >> 32) + (sum(late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(late >> 32) << 32) + sum(late & 4294967295))
    FROM total_hour WHERE slot < (SELECT before - before % 21600 FROM organization_fold) GROUP BY 1, 2, 3, 4;

-- +goose Down

DROP TABLE total_quarter_day;
DROP TABLE total_quarter_hour;
