-- +goose Up

-- What a change with an Idempotency-Key was made to. The row is written with the change;
-- its answer follows, and is empty until then.
ALTER TABLE idempotency ADD COLUMN object TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE idempotency DROP COLUMN object;
