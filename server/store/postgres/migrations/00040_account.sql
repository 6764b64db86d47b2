-- +goose Up

-- Accounts that may sign in to the pages.
CREATE TABLE account (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text COLLATE "C"    NOT NULL UNIQUE,
    role         text COLLATE "C"    NOT NULL, -- 'owner', 'administrator', 'viewer'
    organization bigint REFERENCES organization (id), -- a viewer of this one only; NULL: of all
    password     text COLLATE "C"    NOT NULL, -- argon2id in PHC format
    created_at   bigint NOT NULL,
    seen_at      bigint NOT NULL -- 0: never
);

-- Browsers that are signed in.
CREATE TABLE session (
    digest     text COLLATE "C"    NOT NULL PRIMARY KEY, -- SHA-256 of its id, in hex
    account    bigint NOT NULL REFERENCES account (id),
    created_at bigint NOT NULL,
    seen_at    bigint NOT NULL
);
CREATE INDEX session_of_account ON session (account);

-- Tokens with which programs use the API.
CREATE TABLE api_token (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id    text COLLATE "C"    NOT NULL UNIQUE,
    digest       text COLLATE "C"    NOT NULL UNIQUE, -- SHA-256 of the token, in hex
    name         text COLLATE "C"    NOT NULL,
    scope        text COLLATE "C"    NOT NULL, -- 'read', 'write'
    organization bigint REFERENCES organization (id), -- NULL: all
    created_by   text COLLATE "C"    NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL, -- 0: never
    seen_at      bigint NOT NULL  -- 0: never
);

-- Links that make the first account.
CREATE TABLE set_up_link (
    digest     text COLLATE "C"    NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hex
    expires_at bigint NOT NULL
);

-- What the API answered to requests with an Idempotency-Key.
CREATE TABLE idempotency (
    digest     text COLLATE "C"    NOT NULL PRIMARY KEY, -- of who asked and the key, in hex
    request    text COLLATE "C"    NOT NULL, -- digest of what was asked for, in hex
    answer     text COLLATE "C"    NOT NULL, -- sealed by the token; empty: not known yet
    created_at bigint NOT NULL
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Settings of the installation.
CREATE TABLE setting (
    name  text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);

-- Whoever deletes an item, which nothing else may refer to, deletes its sums.
ALTER TABLE item_use DROP CONSTRAINT item_use_item_fkey,
    ADD CONSTRAINT item_use_item_fkey FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE;
ALTER TABLE seat_sum DROP CONSTRAINT seat_sum_item_fkey,
    ADD CONSTRAINT seat_sum_item_fkey FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE;

CREATE INDEX denial_by_age ON denial (last_at);

-- +goose Down

DROP INDEX denial_by_age;
DROP TABLE setting;
DROP TABLE idempotency;
DROP TABLE set_up_link;
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE account;
