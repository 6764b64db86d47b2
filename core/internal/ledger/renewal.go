package ledger

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/core/internal/tally"
)

// MoveRun continues the run of a tally under another handshake code and item of the same server:
// what is added from now on is reported for those. What it has so far stays as the reports of a
// finished run.
func (l *Ledger) MoveRun(ctx context.Context, t *tally.Tally, handshakeCode, item string) error {
	return l.alter(ctx, func(tx *sql.Tx) error {
		r, _, err := meetRun(tx, t)
		if err != nil {
			return err
		}
		if r, err = renew(tx, r); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE run SET handshake_code = ?, item = ? WHERE id = ?", handshakeCode, item, r.id)
		return err
	})
}
