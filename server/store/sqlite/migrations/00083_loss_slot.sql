-- +goose Up

-- Statistics tell what was lost in a time.
CREATE INDEX report_loss_slot ON report_loss (slot);

-- +goose Down

DROP INDEX report_loss_slot;
