package ledger

import (
	"database/sql"

	"github.com/openlts/openlts/core/protocol"
)

// ReportKey names a report on this device.
type ReportKey struct {
	RunID int64
	Slot  int64
}

// PendingReport is a report that the server has not confirmed.
type PendingReport struct {
	Key           ReportKey
	Run           string
	HandshakeCode string
	Item          string
	SlotSeconds   int
	Report        protocol.Report
	Units         int64 // of it that the server has not confirmed
}

// Pending lists reports for a server (named by the id of its signing key) that
// it has not confirmed, oldest first, at most limit, without those that skip
// names.
func (l *Ledger) Pending(lts string, limit int, skip func(ReportKey) bool) ([]PendingReport, error) {
	var pending []PendingReport
	err := inTransaction(l.db, func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT run.id, run.uuid, run.handshake_code, run.item, run.slot_seconds,
				report.slot, report.revision, report.lost
			FROM report JOIN run ON run.id = report.run
			WHERE report.revision > report.accepted_revision AND run.lts = ?
			ORDER BY report.slot, run.id`, lts)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() && len(pending) < limit {
			var p PendingReport
			if err := rows.Scan(&p.Key.RunID, &p.Run, &p.HandshakeCode, &p.Item, &p.SlotSeconds,
				&p.Report.Slot, &p.Report.Revision, &p.Report.Lost); err != nil {
				return err
			}
			p.Key.Slot = p.Report.Slot
			if !skip(p.Key) {
				pending = append(pending, p)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for i := range pending {
			if err := readCounts(tx, &pending[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return pending, err
}

func readCounts(tx *sql.Tx, p *PendingReport) error {
	rows, err := tx.Query("SELECT type, count, accepted FROM report_count WHERE run = ? AND slot = ?", p.Key.RunID, p.Key.Slot)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	p.Report.Counts = map[string]int64{}
	for rows.Next() {
		var name string
		var count, accepted int64
		if err := rows.Scan(&name, &count, &accepted); err != nil {
			return err
		}
		p.Report.Counts[name] = count
		p.Units += count - accepted
	}
	if p.Report.Lost != "" {
		p.Units = 0 // they are in the account as lost already
	}
	return rows.Err()
}

// Accepted notes that the server confirmed these reports, as they were sent;
// what was added since stays pending.
func (l *Ledger) Accepted(reports []PendingReport) (units int64, err error) {
	err = inTransaction(l.db, func(tx *sql.Tx) error {
		units = 0
		for _, p := range reports {
			n, err := acceptReport(tx, p)
			if err != nil {
				return err
			}
			units += n
		}
		return addToAccount(tx, "accepted", units)
	})
	return units, err
}

func acceptReport(tx *sql.Tx, p PendingReport) (units int64, err error) {
	if p.Report.Lost != "" { // the declaration arrived; there is nothing more to say
		return 0, deleteReport(tx, p.Key)
	}
	for name, n := range p.Report.Counts {
		var before int64
		err := tx.QueryRow("SELECT accepted FROM report_count WHERE run = ? AND slot = ? AND type = ?",
			p.Key.RunID, p.Key.Slot, name).Scan(&before)
		if err == sql.ErrNoRows { // another process had it accepted, and deleted
			continue
		}
		if err != nil {
			return 0, err
		}
		if n <= before {
			continue
		}
		units += n - before
		if _, err := tx.Exec("UPDATE report_count SET accepted = ? WHERE run = ? AND slot = ? AND type = ?",
			n, p.Key.RunID, p.Key.Slot, name); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec("UPDATE report SET accepted_revision = max(accepted_revision, ?) WHERE run = ? AND slot = ?",
		p.Report.Revision, p.Key.RunID, p.Key.Slot); err != nil {
		return 0, err
	}
	var finished bool
	if err := tx.QueryRow("SELECT finished FROM run WHERE id = ?", p.Key.RunID).Scan(&finished); err != nil {
		if err == sql.ErrNoRows {
			return units, nil
		}
		return 0, err
	}
	if finished {
		err = deleteAccepted(tx, p.Key.RunID)
	}
	return units, err
}

// Refused notes that the server refused a report for good: its units are lost.
func (l *Ledger) Refused(p PendingReport) (units int64, err error) {
	err = inTransaction(l.db, func(tx *sql.Tx) error {
		units = 0
		if p.Report.Lost == "" {
			err := tx.QueryRow("SELECT coalesce(sum(count - accepted), 0) FROM report_count WHERE run = ? AND slot = ?",
				p.Key.RunID, p.Key.Slot).Scan(&units)
			if err != nil {
				return err
			}
		}
		if err := addToAccount(tx, protocol.LostRefused, units); err != nil {
			return err
		}
		return deleteReport(tx, p.Key)
	})
	return units, err
}

func deleteReport(tx *sql.Tx, key ReportKey) error {
	for _, statement := range []string{
		"DELETE FROM report_count WHERE run = ? AND slot = ?",
		"DELETE FROM report WHERE run = ? AND slot = ?",
	} {
		if _, err := tx.Exec(statement, key.RunID, key.Slot); err != nil {
			return err
		}
	}
	return nil
}

// Purge gives up the reports of slots before the moment given that the server
// has not confirmed (seed, "Report submission"): their units are lost, and the
// next submission declares that. Confirmed reports that old are deleted.
func (l *Ledger) Purge(before int64) (units int64, err error) {
	err = inTransaction(l.db, func(tx *sql.Tx) error {
		const expired = `revision > accepted_revision AND lost = '' AND slot < ?`
		err := tx.QueryRow(`SELECT coalesce(sum(count - accepted), 0) FROM report JOIN report_count USING (run, slot)
			WHERE `+expired, before).Scan(&units)
		if err != nil {
			return err
		}
		if err := addToAccount(tx, protocol.LostExpired, units); err != nil {
			return err
		}
		// A revision higher, so that the declaration goes over the report itself.
		if _, err := tx.Exec(`UPDATE report SET lost = ?, revision = revision + 1 WHERE `+expired,
			protocol.LostExpired, before); err != nil {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM report_count WHERE EXISTS (SELECT 1 FROM report r WHERE r.run = report_count.run
				AND r.slot = report_count.slot AND r.revision <= r.accepted_revision AND r.slot < ?)`,
			`DELETE FROM report WHERE revision <= accepted_revision AND slot < ?`,
		} {
			if _, err := tx.Exec(statement, before); err != nil {
				return err
			}
		}
		return nil
	})
	return units, err
}

// Account is the device's usage over all times, in units:
// Recorded = Accepted + Pending + Expired + Refused + Storage.
type Account struct {
	Recorded, Accepted, Pending, Expired, Refused, Storage int64
}

// Lost is what was lost, by whatever cause.
func (a Account) Lost() int64 { return a.Expired + a.Refused + a.Storage }

// Account reads the device's usage.
func (l *Ledger) Account() (Account, error) {
	var a Account
	err := inTransaction(l.db, func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT name, units FROM account")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		fields := map[string]*int64{"recorded": &a.Recorded, "accepted": &a.Accepted,
			protocol.LostExpired: &a.Expired, protocol.LostRefused: &a.Refused, protocol.LostStorage: &a.Storage}
		for rows.Next() {
			var name string
			var units int64
			if err := rows.Scan(&name, &units); err != nil {
				return err
			}
			if field := fields[name]; field != nil {
				*field = units
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT coalesce(sum(count - accepted), 0) FROM report JOIN report_count USING (run, slot)
			WHERE lost = ''`).Scan(&a.Pending)
	})
	return a, err
}
