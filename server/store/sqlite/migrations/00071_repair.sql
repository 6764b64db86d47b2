-- +goose Up

-- An administrator ended this seat: reports take no further one before the device is
-- authorized again.
ALTER TABLE seat ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE device ADD COLUMN blocked_at INTEGER NOT NULL DEFAULT 0; -- 0: not
-- Since when nothing personal is kept of it; 0: it may be.
ALTER TABLE device ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;
-- The device as which it is shown, because both are one machine; that one is not merged
-- itself.
ALTER TABLE device ADD COLUMN merged_into INTEGER REFERENCES device (id);
CREATE INDEX device_merged ON device (merged_into) WHERE merged_into IS NOT NULL;

-- +goose Down

DROP INDEX device_merged;
ALTER TABLE device DROP COLUMN merged_into;
ALTER TABLE device DROP COLUMN erased_at;
ALTER TABLE device DROP COLUMN blocked_at;
ALTER TABLE seat DROP COLUMN freed;
