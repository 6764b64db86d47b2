-- +goose Up

-- When an organization was archived; 0: in use.
ALTER TABLE organization ADD COLUMN archived_at bigint NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE organization DROP COLUMN archived_at;
