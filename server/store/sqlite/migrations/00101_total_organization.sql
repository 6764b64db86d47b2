-- +goose Up

-- What was counted in the months of UTC.
CREATE TABLE total_month (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL, -- the start of the month in UTC
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    late           INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;

-- What was counted on all items of an organization, and on all there are. A total is the sum
-- of its parts; only PostgreSQL, which has several writers, makes more than one.
CREATE TABLE total_organization (
    organization INTEGER NOT NULL, -- 0: all together
    level        INTEGER NOT NULL, -- how many seconds a row sums up; 0: a slot
    slot         INTEGER NOT NULL, -- the start of the slot, hour or day
    type         INTEGER NOT NULL REFERENCES operation_type (id),
    part         INTEGER NOT NULL DEFAULT 0,
    count        INTEGER NOT NULL,
    late         INTEGER NOT NULL,
    PRIMARY KEY (organization, level, slot, type, part)
) STRICT, WITHOUT ROWID;

-- Sums stop at the largest number.
INSERT INTO total_month SELECT handshake_code, item, CAST(strftime('%s', slot, 'unixepoch', 'start of month') AS INTEGER), type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295)),
    iif(sum(late >> 32) + (sum(late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(late >> 32) << 32) + sum(late & 4294967295))
    FROM total_day GROUP BY 1, 2, 3, 4;
INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT i.organization, t.level, t.slot, t.type,
    iif(sum(t.count >> 32) + (sum(t.count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(t.count >> 32) << 32) + sum(t.count & 4294967295)),
    iif(sum(t.late >> 32) + (sum(t.late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(t.late >> 32) << 32) + sum(t.late & 4294967295))
    FROM (SELECT 0 AS level, * FROM total UNION ALL SELECT 3600, * FROM total_hour UNION ALL SELECT 86400, * FROM total_day) t
    JOIN item i ON i.id = t.item GROUP BY 1, 2, 3, 4;
INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT 0, level, slot, type,
    iif(sum(count >> 32) + (sum(count & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(count >> 32) << 32) + sum(count & 4294967295)),
    iif(sum(late >> 32) + (sum(late & 4294967295) >> 32) >= 2147483648, 9223372036854775807, (sum(late >> 32) << 32) + sum(late & 4294967295))
    FROM total_organization GROUP BY 2, 3, 4;

-- +goose Down

DROP TABLE total_organization;
DROP TABLE total_month;
