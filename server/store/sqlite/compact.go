package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
)

// compactVersion is the schema's version from which on counts are binary, reports
// that came together are one row, and totals of hours, days and devices are kept.
const compactVersion = 30

const compactTables = `
ALTER TABLE raw_report RENAME TO raw_report_before;
ALTER TABLE report RENAME TO report_before;
ALTER TABLE report_loss RENAME TO report_loss_before;

-- What is accepted of each slot of each run. Runs get rising keys and slots rise
-- within a run, so rows are written side by side.
CREATE TABLE report (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    revision INTEGER NOT NULL, -- 0: only losses were declared
    counts   BLOB    NOT NULL, -- units by operation type, cumulative; see store.Counts
    losses   INTEGER NOT NULL, -- the number of rows in report_loss
    PRIMARY KEY (run, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_loss (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    counts   BLOB    NOT NULL, -- as declared
    units    INTEGER NOT NULL, -- lost
    PRIMARY KEY (run, slot, cause)
) STRICT, WITHOUT ROWID;

-- The reports that changed something, as they came: those of one run that came
-- together are one row. Never updated.
CREATE TABLE raw_report (
    id          INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    run         INTEGER NOT NULL REFERENCES run (id),
    newest      INTEGER NOT NULL, -- the latest of the slots
    reports     BLOB    NOT NULL  -- see store.PackReceived
) STRICT;

-- late is the part of count that came a day after its slot, or later.
ALTER TABLE total ADD COLUMN late INTEGER NOT NULL DEFAULT 0;

CREATE TABLE total_hour (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL, -- the start of the hour
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    late           INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE total_day (
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    slot           INTEGER NOT NULL, -- the start of the day in UTC
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    late           INTEGER NOT NULL,
    PRIMARY KEY (handshake_code, item, slot, type)
) STRICT, WITHOUT ROWID;

-- By day first: what is written today is side by side.
CREATE TABLE total_device (
    slot           INTEGER NOT NULL, -- the start of the day in UTC
    device         INTEGER NOT NULL REFERENCES device (id),
    handshake_code INTEGER NOT NULL REFERENCES handshake_code (id),
    item           INTEGER NOT NULL REFERENCES item (id),
    type           INTEGER NOT NULL REFERENCES operation_type (id),
    count          INTEGER NOT NULL,
    PRIMARY KEY (slot, device, handshake_code, item, type)
) STRICT, WITHOUT ROWID;

-- Refused authorizations by quarters of an hour, from this version on.
CREATE TABLE total_denial (
    start          INTEGER NOT NULL,
    handshake_code INTEGER NOT NULL, -- 0: there is no such code
    status         INTEGER NOT NULL,
    count          INTEGER NOT NULL,
    PRIMARY KEY (start, handshake_code, status)
) STRICT, WITHOUT ROWID;
`

// What came, by the moment at which it came: what each report added to those before it.
const compactTotals = `
CREATE TEMP TABLE came AS SELECT device, handshake_code, item, slot, type, sum(units) AS count, sum(iif(received_at > slot + 86400, units, 0)) AS late
	FROM (SELECT run.device, run.handshake_code, run.item, r.slot, t.id AS type, r.received_at, j.value - coalesce(max(j.value) OVER
			(PARTITION BY r.run, r.slot, j.key ORDER BY r.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS units
		FROM raw_report_before r JOIN run ON run.id = r.run, json_each(r.counts) j JOIN operation_type t ON t.name = j.key WHERE r.lost = '')
	WHERE units > 0 GROUP BY device, handshake_code, item, slot, type;
INSERT INTO total_device SELECT slot - slot % 86400, device, handshake_code, item, type, sum(count) FROM came GROUP BY 1, 2, 3, 4, 5;
UPDATE total SET late = l.late FROM (SELECT handshake_code, item, slot, type, sum(late) AS late FROM came WHERE late > 0 GROUP BY 1, 2, 3, 4) l
	WHERE l.handshake_code = total.handshake_code AND l.item = total.item AND l.slot = total.slot AND l.type = total.type;
INSERT INTO total_hour SELECT handshake_code, item, slot - slot % 3600, type, sum(count), sum(late) FROM total GROUP BY 1, 2, 3, 4;
INSERT INTO total_day SELECT handshake_code, item, slot - slot % 86400, type, sum(count), sum(late) FROM total_hour GROUP BY 1, 2, 3, 4;
DROP TABLE came;
`

func compact(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, compactTables+compactTotals); err != nil {
		return err
	}
	err := rewrite(ctx, tx, `SELECT run, slot, revision, counts, losses FROM report_before ORDER BY run, slot`, 5,
		`INSERT INTO report (run, slot, revision, counts, losses) VALUES (?, ?, ?, ?, ?)`, packCounts(3))
	if err != nil {
		return err
	}
	err = rewrite(ctx, tx, `SELECT run, slot, cause, revision, counts, units FROM report_loss_before`, 6,
		`INSERT INTO report_loss (run, slot, cause, revision, counts, units) VALUES (?, ?, ?, ?, ?, ?)`, packCounts(4))
	if err != nil {
		return err
	}
	err = rewrite(ctx, tx,
		`SELECT id, received_at, run, slot, slot_seconds, revision, counts, lost FROM raw_report_before ORDER BY id`, 8,
		`INSERT INTO raw_report (id, received_at, run, newest, reports) VALUES (?, ?, ?, ?, ?)`,
		func(row []any) ([]any, error) {
			counts, err := parseJSONCounts(row[6])
			if err != nil {
				return nil, err
			}
			packed, err := store.PackReceived([]store.ReceivedReport{{
				Slot: row[3].(int64), SlotSeconds: int(row[4].(int64)), Revision: row[5].(int64), Counts: counts,
				Lost: row[7].(string),
			}})
			if err != nil {
				return nil, err
			}
			return []any{row[0], row[1], row[2], row[3], packed[0].Data}, nil
		})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx,
		`DROP TABLE raw_report_before; DROP TABLE report_before; DROP TABLE report_loss_before`)
	return err
}

const expandTables = `
ALTER TABLE raw_report RENAME TO raw_report_after;
ALTER TABLE report RENAME TO report_after;
ALTER TABLE report_loss RENAME TO report_loss_after;
CREATE TABLE report (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    counts   TEXT    NOT NULL,
    losses   INTEGER NOT NULL,
    PRIMARY KEY (run, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE report_loss (
    run      INTEGER NOT NULL REFERENCES run (id),
    slot     INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    counts   TEXT    NOT NULL,
    units    INTEGER NOT NULL,
    PRIMARY KEY (run, slot, cause)
) STRICT, WITHOUT ROWID;
CREATE TABLE raw_report (
    id           INTEGER PRIMARY KEY,
    received_at  INTEGER NOT NULL,
    run          INTEGER NOT NULL REFERENCES run (id),
    slot         INTEGER NOT NULL,
    slot_seconds INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    counts       TEXT    NOT NULL,
    lost         TEXT    NOT NULL
) STRICT;
ALTER TABLE total DROP COLUMN late;
DROP TABLE total_hour;
DROP TABLE total_day;
DROP TABLE total_device;
DROP TABLE total_denial;
`

func expand(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, expandTables); err != nil {
		return err
	}
	err := rewrite(ctx, tx, `SELECT run, slot, revision, counts, losses FROM report_after ORDER BY run, slot`, 5,
		`INSERT INTO report (run, slot, revision, counts, losses) VALUES (?, ?, ?, ?, ?)`, unpackCounts(3))
	if err != nil {
		return err
	}
	err = rewrite(ctx, tx, `SELECT run, slot, cause, revision, counts, units FROM report_loss_after`, 6,
		`INSERT INTO report_loss (run, slot, cause, revision, counts, units) VALUES (?, ?, ?, ?, ?, ?)`,
		unpackCounts(4))
	if err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO raw_report (received_at, run, slot, slot_seconds, revision, counts, lost) VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT received_at, run, newest, reports FROM raw_report_after ORDER BY id`)
	if err != nil {
		return errors.Join(err, insert.Close())
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var run int64
		var came store.ReceivedReports
		if err := rows.Scan(&came.ReceivedAt, &run, &came.Newest, &came.Data); err != nil {
			return err
		}
		return came.Unpack(func(r store.ReceivedReport) error {
			_, err := insert.ExecContext(ctx, came.ReceivedAt, run, r.Slot, r.SlotSeconds, r.Revision,
				string(r.Counts.AppendJSON(nil)), r.Lost)
			return err
		})
	})
	if err = errors.Join(err, insert.Close()); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DROP TABLE raw_report_after; DROP TABLE report_after; DROP TABLE report_loss_after`)
	return err
}

// rewrite passes each row of a query, with this many columns, to change, and inserts the result.
func rewrite(ctx context.Context, tx *sql.Tx, query string, columns int, insert string,
	change func([]any) ([]any, error)) (err error) {
	statement, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		row, fields := make([]any, columns), make([]any, columns)
		for i := range row {
			fields[i] = &row[i]
		}
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		changed, err := change(row)
		if err != nil {
			return err
		}
		_, err = statement.ExecContext(ctx, changed...)
		return err
	})
}

func parseJSONCounts(value any) (store.Counts, error) {
	text, isText := value.(string)
	if !isText {
		return nil, fmt.Errorf("stored counts are %T, not text", value)
	}
	return store.ParseCounts([]byte(text))
}

func packCounts(column int) func([]any) ([]any, error) {
	return func(row []any) ([]any, error) {
		counts, err := parseJSONCounts(row[column])
		row[column] = notNil(counts.AppendBinary(nil))
		return row, err
	}
}

func unpackCounts(column int) func([]any) ([]any, error) {
	return func(row []any) ([]any, error) {
		counts, err := store.ParseBinaryCounts(row[column].([]byte))
		row[column] = string(counts.AppendJSON(nil))
		return row, err
	}
}

// notNil returns an empty blob instead of nil, which would be NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
