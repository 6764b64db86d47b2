package ledger

import "database/sql"

// MoveRun lets a run go on under another handshake code and item of the same server:
// what is added from now on is reported for those. What it has so far stays where it
// is, as the reports of a run that is over.
func (l *Ledger) MoveRun(run, handshakeCode, item string) error {
	return l.alter(func(tx *sql.Tx) error {
		r, err := findRun(tx, run)
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
