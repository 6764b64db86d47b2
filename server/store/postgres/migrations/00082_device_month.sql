-- +goose Up

-- What devices counted in the months of UTC.
CREATE TABLE total_device_month (
    slot           bigint NOT NULL, -- the start of the month in UTC
    device         bigint NOT NULL,
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) WITH (fillfactor = 80);
INSERT INTO total_device_month SELECT extract(epoch FROM date_trunc('month', to_timestamp(slot) AT TIME ZONE 'UTC'))::bigint, device, handshake_code, item, type,
    least(sum(count), 9223372036854775807)::bigint FROM total_device GROUP BY 1, 2, 3, 4, 5;

-- +goose Down

DROP TABLE total_device_month;
