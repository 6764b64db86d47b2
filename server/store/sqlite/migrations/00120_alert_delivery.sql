-- +goose Up

-- How far each receiver of a channel came: one that gets no mail holds up nobody else. A receiver
-- without a row begins where its channel does.
CREATE TABLE alert_delivery (
    channel   INTEGER NOT NULL REFERENCES alert_channel (id),
    receiver  TEXT NOT NULL, -- an e-mail address; '': a webhook
    delivered INTEGER NOT NULL, -- the event up to which all are delivered
    batch     INTEGER NOT NULL, -- the last event of the message that is tried again; 0: there is none
    attempts  INTEGER NOT NULL, -- of this message
    next_at   INTEGER NOT NULL, -- when it is tried again
    failure   TEXT NOT NULL, -- of the last attempt; '': it went well
    day       INTEGER NOT NULL, -- the day of the messages counted in sent
    sent      INTEGER NOT NULL,
    PRIMARY KEY (channel, receiver)
) STRICT, WITHOUT ROWID;

-- The event after which a channel begins, which was up to where it had come.
ALTER TABLE alert_channel RENAME COLUMN delivered TO begins;
ALTER TABLE alert_channel DROP COLUMN batch;
ALTER TABLE alert_channel DROP COLUMN attempts;
ALTER TABLE alert_channel DROP COLUMN next_at;
ALTER TABLE alert_channel DROP COLUMN failure;
ALTER TABLE alert_channel DROP COLUMN day;
ALTER TABLE alert_channel DROP COLUMN sent;
-- When all tests that were sent are paid for; see alerts.TakeTest.
ALTER TABLE alert_channel ADD COLUMN tests_until INTEGER NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE alert_channel DROP COLUMN tests_until;
ALTER TABLE alert_channel ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_channel ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_channel ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_channel ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE alert_channel ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_channel ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_channel RENAME COLUMN begins TO delivered;
UPDATE alert_channel SET delivered = coalesce((SELECT min(delivered) FROM alert_delivery WHERE channel = alert_channel.id), delivered);
DROP TABLE alert_delivery;
