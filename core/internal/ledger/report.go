package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openlts/openlts/core/protocol"
)

// ReportKey identifies a report on this device.
type ReportKey struct {
	RunID int64
	Slot  int64
}

// PendingReport is a report that the server has not confirmed.
type PendingReport struct {
	Key           ReportKey
	LTS           string // id of the signing key of the server it is for
	Run           string
	HandshakeCode string
	Item          string
	SlotSeconds   int
	Report        protocol.Report
	Units         int64 // that the server has not confirmed
	Found         int64 // units that were found again; see the schema
	FirstTime     bool  // it has not been sent before; see NotSent
	// New is how many units were new to the server according to its receipt, which says so only for
	// reports with Found.
	New int64
	// Missing is how many units of a report that was declared lost the server does not have, if its
	// receipt says so.
	Missing *int64
}

// Pending lists reports of a device (given by its client UUID) that a server (given by the id of
// its signing key) has not confirmed: oldest first, at most limit, without those in skip. It marks
// them as sent: from now on nobody knows whether the server has them until it confirms.
func (l *Ledger) Pending(ctx context.Context, lts, device string, limit int,
	skip func(ReportKey) bool) ([]PendingReport, error) {
	var pending []PendingReport
	err := l.settle(ctx, func(tx *sql.Tx) error {
		pending = nil
		rows, err := tx.Query(`SELECT run.id, run.reported_as, run.handshake_code, run.item, run.slot_seconds,
				report.slot, report.revision, report.lost, report.found, report.sent = 0
			FROM report JOIN run ON run.id = report.run
			WHERE report.revision > report.accepted_revision AND run.lts = ? AND run.device IN (?, '')
			ORDER BY report.slot, run.id`, lts, device)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() && len(pending) < limit {
			p := PendingReport{LTS: lts}
			if err := rows.Scan(&p.Key.RunID, &p.Run, &p.HandshakeCode, &p.Item, &p.SlotSeconds,
				&p.Report.Slot, &p.Report.Revision, &p.Report.Lost, &p.Found, &p.FirstTime); err != nil {
				return err
			}
			p.Key.Slot, p.Report.Found = p.Report.Slot, p.Found > 0
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
			if _, err := tx.Exec("UPDATE report SET sent = 1 WHERE run = ? AND slot = ? AND sent = 0",
				pending[i].Key.RunID, pending[i].Key.Slot); err != nil {
				return err
			}
		}
		return nil
	}, func() {})
	return pending, err
}

// NotSent notes that these reports, as returned by Pending, did not leave the device.
func (l *Ledger) NotSent(ctx context.Context, reports []PendingReport) error {
	return l.settle(ctx, func(tx *sql.Tx) error {
		for _, p := range reports {
			if !p.FirstTime {
				continue
			}
			if _, err := tx.Exec("UPDATE report SET sent = 0 WHERE run = ? AND slot = ?", p.Key.RunID,
				p.Key.Slot); err != nil {
				return err
			}
		}
		return nil
	}, func() {})
}

func readCounts(tx *sql.Tx, p *PendingReport) error {
	rows, err := tx.Query("SELECT type, count, accepted FROM report_count WHERE run = ? AND slot = ?",
		p.Key.RunID, p.Key.Slot)
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
	p.Units -= p.Found
	if p.Report.Lost != "" {
		p.Units = 0 // the account has them as lost already
	}
	return rows.Err()
}

// Accepted notes that the server confirmed these reports as they were sent. What was added since
// stays pending.
func (l *Ledger) Accepted(ctx context.Context, reports []PendingReport) (units int64, err error) {
	err = InParts(reports, func(part []PendingReport) error {
		var of int64
		err := l.alterSettling(ctx, func(tx *sql.Tx) error {
			of = 0
			for _, p := range part {
				n, err := acceptReport(tx, p)
				if err != nil {
					return err
				}
				of += n
			}
			return nil
		})
		if err == nil {
			units += of
		}
		return err
	})
	return units, err
}

// concerns tells whether an answer still applies to a report. While the answer was on its way,
// another process may have settled the report or given it up. In the latter case only the answer to
// the declaration of loss counts, after which the server adds nothing.
func concerns(tx *sql.Tx, p PendingReport) (bool, error) {
	var lost string
	err := tx.QueryRow(`SELECT lost FROM report JOIN run ON run.id = report.run
		WHERE report.run = ? AND slot = ? AND reported_as = ?`, p.Key.RunID, p.Key.Slot, p.Run).Scan(&lost)
	if err == sql.ErrNoRows {
		return false, nil
	}
	return err == nil && lost == p.Report.Lost, err
}

func acceptReport(tx *sql.Tx, p PendingReport) (units int64, err error) {
	if concerned, err := concerns(tx, p); err != nil || !concerned {
		return 0, err
	}
	if p.Report.Lost != "" {
		return acceptLoss(tx, p)
	}
	if units, err = acceptCounts(tx, p); err != nil {
		return 0, err
	}
	if units, err = settleFound(tx, p, units); err != nil {
		return 0, err
	}
	if err := addToAccount(tx, p.LTS, "accepted", units); err != nil {
		return 0, err
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
		err = deleteAccepted(tx, p.Key)
	}
	return units, err
}

// acceptLoss notes that a declaration of loss arrived. Units that the server has all the same,
// because it got a report whose receipt never arrived, are not lost.
func acceptLoss(tx *sql.Tx, p PendingReport) (units int64, err error) {
	var revision, declared int64
	err = tx.QueryRow("SELECT revision, "+pendingOfReport+" FROM report WHERE run = ? AND slot = ?",
		p.Key.RunID, p.Key.Slot).
		Scan(&revision, &declared)
	if err != nil || revision > p.Report.Revision { // units were added since; the next declaration has them
		return 0, err
	}
	if p.Missing != nil {
		units = max(0, declared-*p.Missing)
	}
	if err := addToAccount(tx, p.LTS, p.Report.Lost, -units); err != nil {
		return 0, err
	}
	if err := addToAccount(tx, p.LTS, "accepted", units); err != nil {
		return 0, err
	}
	return units, deleteReport(tx, p.Key)
}

// settleFound subtracts the units that were found again from those accepted, because the account
// has them already, as accepted or as lost. Those that were new to the server had been declared
// lost, and are not lost any more.
func settleFound(tx *sql.Tx, p PendingReport, units int64) (int64, error) {
	if p.Found == 0 {
		return units, nil
	}
	var found int64
	err := tx.QueryRow("SELECT min(found, ?) FROM report WHERE run = ? AND slot = ?", p.Found, p.Key.RunID,
		p.Key.Slot).Scan(&found)
	if err != nil || found == 0 { // another process has settled it
		return units, err
	}
	if _, err := tx.Exec("UPDATE report SET found = found - ? WHERE run = ? AND slot = ?", found, p.Key.RunID,
		p.Key.Slot); err != nil {
		return 0, err
	}
	units -= found
	back := min(max(p.New-units, 0), found)
	for _, cause := range []string{protocol.LostStorage, protocol.LostExpired, protocol.LostRefused} {
		var lost int64
		err := tx.QueryRow("SELECT coalesce(sum(units), 0) FROM account WHERE lts = ? AND name = ?", p.LTS,
			cause).Scan(&lost)
		if err != nil {
			return 0, err
		}
		part := min(back, lost)
		if err := addToAccount(tx, p.LTS, cause, -part); err != nil {
			return 0, err
		}
		units, back = units+part, back-part
	}
	return units, nil
}

// acceptCounts notes which counts of a report are confirmed, and returns how many units were not
// confirmed before.
func acceptCounts(tx *sql.Tx, p PendingReport) (units int64, err error) {
	for name, n := range p.Report.Counts {
		var before int64
		err := tx.QueryRow("SELECT accepted FROM report_count WHERE run = ? AND slot = ? AND type = ?",
			p.Key.RunID, p.Key.Slot, name).Scan(&before)
		if err == sql.ErrNoRows { // an older copy of the ledger has replaced ours meanwhile
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
	return units, nil
}

// Refused notes that the server refused a report for good: its units are lost.
func (l *Ledger) Refused(ctx context.Context, p PendingReport) (units int64, err error) {
	err = l.alterSettling(ctx, func(tx *sql.Tx) error {
		units = 0
		if concerned, err := concerns(tx, p); err != nil || !concerned {
			return err
		}
		if p.Report.Lost == "" {
			err := tx.QueryRow("SELECT "+pendingOfReport+" FROM report WHERE run = ? AND slot = ?",
				p.Key.RunID, p.Key.Slot).Scan(&units)
			if err != nil {
				return err
			}
		}
		if err := addToAccount(tx, p.LTS, protocol.LostRefused, units); err != nil {
			return err
		}
		// The server may have an earlier revision.
		if _, err := tx.Exec("UPDATE run SET closed_before = max(closed_before, ?) WHERE id = ?", p.Key.Slot+1,
			p.Key.RunID); err != nil {
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

// Purge gives up the reports of slots before the given moment that the server has not confirmed
// (docs/compatibility.md, "Report submission"): their units are lost, and the next submission
// declares them. It deletes confirmed reports of that age. Nothing can be added to either.
//
// Usage that was counted by a wrong clock is as old as the slot where it belongs (CorrectClock): it
// is given up if that slot is before right, which is a moment by a server's clock, or Unknown.
func (l *Ledger) Purge(ctx context.Context, before, right int64) (units int64, err error) {
	units, err = l.purge(ctx, before, right)
	if !errors.Is(err, ErrNoRoom) {
		return units, err
	}
	// One slot at a time, because that touches fewer pages.
	var slots []int64
	err = l.transaction(ctx, func(tx *sql.Tx) (err error) {
		slots, err = column[int64](tx, "SELECT DISTINCT slot FROM report WHERE slot < ?1 ORDER BY slot", before)
		return err
	})
	for _, slot := range slots {
		var n int64
		if n, err = l.purge(ctx, slot+1, Unknown); err != nil {
			break
		}
		units += n
	}
	return units, err
}

// Unknown stands for a moment that nobody knows. It is before all others.
const Unknown int64 = -1 << 62

func (l *Ledger) purge(ctx context.Context, before, right int64) (units int64, err error) {
	err = l.alterSettling(ctx, func(tx *sql.Tx) error {
		units = 0
		const cutoff = `CASE run.ahead WHEN 0 THEN ?1 ELSE ?2 + run.ahead END`
		const expired = `revision > accepted_revision AND lost = '' AND slot <
			(SELECT ` + cutoff + ` FROM run WHERE id = report.run)`
		servers, err := column[string](tx, "SELECT DISTINCT lts FROM run")
		if err != nil {
			return err
		}
		for _, lts := range servers {
			var n int64
			err := tx.QueryRow(`SELECT coalesce(sum(`+pendingOfReport+`), 0) FROM report
				WHERE run IN (SELECT id FROM run WHERE lts = ?3) AND `+expired, before, right, lts).Scan(&n)
			if err != nil {
				return err
			}
			if err := addToAccount(tx, lts, protocol.LostExpired, n); err != nil {
				return err
			}
			units += n
		}
		// The revision is one higher, so that the declaration replaces the report itself.
		if _, err := tx.Exec(`UPDATE report SET lost = ?3, revision = revision + 1 WHERE `+expired,
			before, right, protocol.LostExpired); err != nil {
			return err
		}
		// Nothing may be added to what was given up, or will be deleted next.
		const closed = `max(?1, ` + cutoff + `)`
		if _, err := tx.Exec(`UPDATE run SET closed_before = `+closed+
			` WHERE finished = 0 AND closed_before < `+closed+`
			AND EXISTS (SELECT 1 FROM report WHERE report.run = run.id AND slot < `+closed+`)`, before,
			right); err != nil {
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
