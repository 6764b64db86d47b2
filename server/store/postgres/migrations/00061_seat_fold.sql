-- +goose Up

-- Before which moment the steps of an item's seats are one step at that moment, and
-- past seats may be gone.
CREATE TABLE seat_fold (
    item   bigint PRIMARY KEY REFERENCES item (id),
    before bigint NOT NULL
);

-- +goose Down

DROP TABLE seat_fold;
