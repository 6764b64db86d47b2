-- +goose Up

-- The account of each device: the units that it says it recorded, in all.
CREATE TABLE device_account (
    device   INTEGER PRIMARY KEY REFERENCES device (id),
    sent_at  INTEGER NOT NULL, -- by the device's clock
    recorded INTEGER NOT NULL,
    expired  INTEGER NOT NULL,
    refused  INTEGER NOT NULL,
    storage  INTEGER NOT NULL
) STRICT;

-- +goose Down

DROP TABLE device_account;
