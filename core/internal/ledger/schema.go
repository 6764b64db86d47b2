package ledger

import (
	"database/sql"
	_ "embed" // the schema
	"errors"
	"fmt"

	"github.com/google/uuid"
)

//go:embed schema.sql
var schema string

// schemaVersion is the version of schema.sql. Within a hundred, later versions only add tables and
// columns with defaults, so a library of any of these versions can use a ledger of any other: SDKs
// of different age may share a data directory.
const schemaVersion = 102

const generation = 100

// migrations update a ledger of each earlier version to the next one.
var migrations = map[int]struct {
	next      int
	statement string
}{
	1: {2, `ALTER TABLE run ADD COLUMN closed_before INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE run ADD COLUMN device TEXT NOT NULL DEFAULT '';
		CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL)`},
	2: {101, `DROP TABLE operation_type;
		ALTER TABLE report ADD COLUMN sent INTEGER NOT NULL DEFAULT 1;
		ALTER TABLE run ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0`},
	101: {102, `CREATE TABLE reserve (pages BLOB NOT NULL)`},
}

// errNewer is the error if a later version of the library made the ledger, errBadPage the error if
// SQLite's check finds damage.
var (
	errNewer   = errors.New("the ledger is of a newer version of the library")
	errBadPage = errors.New("the ledger has damaged pages")
)

// migrate updates a database to the present version.
func migrate(tx *sql.Tx) error {
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version/generation > schemaVersion/generation:
		return errNewer
	case version > 0:
		// Reading a table reveals a file that only looks like ours.
		var n int
		if err := tx.QueryRow("SELECT count(lts) FROM account").Scan(&n); err != nil {
			return err
		}
		// If a bad page were noticed only later, every start would fail.
		var result string
		if err := tx.QueryRow("PRAGMA quick_check(1)").Scan(&result); err != nil {
			return err
		}
		if result != "ok" {
			return fmt.Errorf("%w: %s", errBadPage, result)
		}
		return upgrade(tx, version)
	}
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	if _, err := tx.Exec("INSERT INTO ledger (id, uuid, changes) VALUES (1, ?, 0)", uuid.NewString()); err != nil {
		return err
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	return err
}

func upgrade(tx *sql.Tx, version int) error {
	if version >= schemaVersion {
		return nil
	}
	for version < schemaVersion {
		m, ok := migrations[version]
		if !ok {
			return fmt.Errorf("%w: there was no version %d", errBadPage, version)
		}
		if _, err := tx.Exec(m.statement); err != nil {
			return err
		}
		version = m.next
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
	return err
}
