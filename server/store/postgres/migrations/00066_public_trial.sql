-- +goose Up

-- The handshake code that grants trials to devices that name neither a code nor an
-- organization; at most one.
ALTER TABLE handshake_code ADD COLUMN public_trial bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX handshake_code_public_trial ON handshake_code (public_trial) WHERE public_trial <> 0;

-- +goose Down

DROP INDEX handshake_code_public_trial;
ALTER TABLE handshake_code DROP COLUMN public_trial;
