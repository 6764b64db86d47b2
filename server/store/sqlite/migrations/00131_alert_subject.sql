-- +goose Up

-- The last event about a subject is looked up, not searched for in the whole history.
CREATE INDEX alert_event_subject ON alert_event (kind, subject);

-- +goose Down

DROP INDEX alert_event_subject;
