package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/server/password"
)

// hashPasswords is a migration: before it, session passwords were stored in plain text.
func hashPasswords(ctx context.Context, tx *sql.Tx) error {
	plain := map[int64]string{}
	rows, err := tx.QueryContext(ctx, `SELECT id, session_password FROM handshake_code WHERE session_password <> ''`)
	if err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var id int64
		var text string
		err := rows.Scan(&id, &text)
		if !password.IsHash(text) {
			plain[id] = text
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, text := range plain {
		if _, err := tx.ExecContext(ctx, `UPDATE handshake_code SET session_password = ? WHERE id = ?`,
			password.Hash(text), id); err != nil {
			return err
		}
	}
	return nil
}

// forgetDeleted rewrites the database, so that no overwritten data remains in the file or its log.
func forgetDeleted(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// keepHashes undoes nothing: a hash can't be turned back into a password.
func keepHashes(context.Context, *sql.Tx) error { return nil }
