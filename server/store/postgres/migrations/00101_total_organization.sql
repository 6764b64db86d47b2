-- +goose Up

-- What was counted in the months of UTC.
CREATE TABLE total_month (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL, -- the start of the month in UTC
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) WITH (fillfactor = 50);

-- What was counted on all items of an organization, and on all there are. A total is the sum
-- of its parts: each server adds to one of them, and so seldom waits for another.
CREATE TABLE total_organization (
    organization bigint NOT NULL, -- 0: all together
    level        bigint NOT NULL, -- how many seconds a row sums up; 0: a slot
    slot         bigint NOT NULL, -- the start of the slot, hour or day
    type         bigint NOT NULL,
    part         bigint NOT NULL DEFAULT 0,
    count        bigint NOT NULL,
    late         bigint NOT NULL,
    PRIMARY KEY (organization, level, slot, type, part)
) WITH (fillfactor = 50);

INSERT INTO total_month SELECT handshake_code, item, extract(epoch FROM date_trunc('month', to_timestamp(slot) AT TIME ZONE 'UTC'))::bigint, type,
    least(sum(count), 9223372036854775807)::bigint, least(sum(late), 9223372036854775807)::bigint FROM total_day GROUP BY 1, 2, 3, 4;
INSERT INTO total_organization (organization, level, slot, type, count, late) SELECT o.id, t.level, t.slot, t.type,
    least(sum(t.count), 9223372036854775807)::bigint, least(sum(t.late), 9223372036854775807)::bigint
    FROM (SELECT 0 AS level, * FROM total UNION ALL SELECT 3600, * FROM total_hour UNION ALL SELECT 86400, * FROM total_day) t
    JOIN item i ON i.id = t.item CROSS JOIN LATERAL (VALUES (0), (i.organization)) o (id) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- +goose Down

DROP TABLE total_organization;
DROP TABLE total_month;
