-- +goose Up

-- What devices counted in the quarters of the first and of the last day of each month of UTC.
CREATE TABLE total_device_quarter (
    slot           bigint NOT NULL, -- the start of the quarter of a day
    device         bigint NOT NULL,
    handshake_code bigint NOT NULL,
    item           bigint NOT NULL,
    type           bigint NOT NULL,
    count          bigint NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) WITH (fillfactor = 80);

-- The day from which on they are complete; without a row, all are. Of what was counted before,
-- they can't be summed up without its reports.
CREATE TABLE device_quarter (
    id    smallint PRIMARY KEY CHECK (id = 1),
    since bigint NOT NULL
);
INSERT INTO device_quarter SELECT 1, max(slot) - max(slot) % 86400 + 86400 FROM total HAVING max(slot) IS NOT NULL;

-- +goose Down

DROP TABLE device_quarter;
DROP TABLE total_device_quarter;
