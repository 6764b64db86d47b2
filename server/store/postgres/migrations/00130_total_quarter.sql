-- +goose Up

-- What was counted in the quarters of an hour and of a day of UTC, before the moment that
-- organization_fold tells: whole ones only. Rows are written once, and hardly ever change.
CREATE TABLE total_quarter_hour (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL, -- the start of the quarter of an hour
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
);
CREATE TABLE total_quarter_day (
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    slot           bigint NOT NULL, -- the start of the quarter of a day
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    late           bigint NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
);

INSERT INTO total_quarter_hour SELECT handshake_code, item, slot - slot % 900, type,
    least(sum(count), 9223372036854775807)::bigint, least(sum(late), 9223372036854775807)::bigint
    FROM total WHERE slot < (SELECT before - before % 900 FROM organization_fold) GROUP BY 1, 2, 3, 4;
INSERT INTO total_quarter_day SELECT handshake_code, item, slot - slot % 21600, type,
    least(sum(count), 9223372036854775807)::bigint, least(sum(late), 9223372036854775807)::bigint
    FROM total_hour WHERE slot < (SELECT before - before % 21600 FROM organization_fold) GROUP BY 1, 2, 3, 4;

-- +goose Down

DROP TABLE total_quarter_day;
DROP TABLE total_quarter_hour;
