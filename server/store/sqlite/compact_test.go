package sqlite

import (
	"testing"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// before is a database as it was before counts were binary: reports that grew, came
// late, and were lost.
const before = `
INSERT INTO organization (id, public_id, name, created_at) VALUES (1, '100001', 'x', 1);
INSERT INTO handshake_code (id, code, organization, session_password, created_at) VALUES (1, '100001-a', 1, '', 1);
INSERT INTO item (id, public_id, organization, name, products, version, edition, deployment_type, charge_way, modules, quota,
		starts_at, expires_at, max_buffer_days, validation_field, trial, revoked_at, created_at, used)
	VALUES (1, 'scans', 1, 'x', 1, '', '', 0, 2, '', 10, 1, 9999999999, 7, '', 0, 0, 1, 16);
INSERT INTO device (id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at) VALUES (1, 'd', '', '', '', '', 1, 1);
INSERT INTO run (id, uuid, device, handshake_code, item) VALUES (1, 'r', 1, 1, 1), (2, 's', 1, 1, 1);
INSERT INTO operation_type (id, name) VALUES (1, 'QR_CODE'), (2, 'OWN');
INSERT INTO raw_report (received_at, run, slot, slot_seconds, revision, counts, lost) VALUES
	(400, 1, 180, 180, 1, '{"QR_CODE":3}', ''), (500, 2, 180, 180, 1, '{"QR_CODE":1}', ''),
	(90000, 1, 180, 180, 2, '{"OWN":2,"QR_CODE":5}', ''), (90001, 1, 86400, 180, 1, '{"QR_CODE":8}', ''),
	(90002, 2, 360, 180, 4, '{"QR_CODE":7}', 'expired');
INSERT INTO report (run, slot, revision, counts, losses) VALUES (1, 180, 2, '{"OWN":2,"QR_CODE":5}', 0), (2, 180, 1, '{"QR_CODE":1}', 0),
	(1, 86400, 1, '{"QR_CODE":8}', 0), (2, 360, 0, '{}', 1);
INSERT INTO report_loss (run, slot, cause, revision, counts, units) VALUES (2, 360, 'expired', 4, '{"QR_CODE":7}', 7);
INSERT INTO total (handshake_code, item, slot, type, count) VALUES (1, 1, 180, 1, 6), (1, 1, 180, 2, 2), (1, 1, 86400, 1, 8);
`

// What was stored before counts were binary is what it was, also when the schema
// goes back and forth.
func TestOldReportsAreKept(t *testing.T) {
	directory := t.TempDir()
	s, err := Open(t.Context(), directory, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, provider := downTo(t, directory, compactVersion-1)
	if _, err := db.Exec(before); err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		s, err := Open(t.Context(), directory, false)
		if err != nil {
			t.Fatal(err)
		}
		if round == 2 { // as if the newest slot were not in the totals of organizations yet
			if _, err := db.Exec(`DELETE FROM total_organization WHERE level = 0 AND slot >= 86400;
				UPDATE organization_fold SET before = 86400`); err != nil {
				t.Fatal(err)
			}
		}
		result, err := verification.Run(t.Context(), s, verification.Options{})
		if err != nil || result.Reports != 5 || result.Different != 0 {
			t.Errorf("%+v, %v", result, err)
		}
		for _, by := range [][]store.Column{{store.ByItem}, {store.ByDevice}, {store.BySlot},
			{store.BySlot, store.ByDevice, store.ByType}} {
			statistics, err := s.Statistics(t.Context(), store.StatisticsQuery{By: by})
			if err != nil || statistics.Total != 16 || statistics.Lost["expired"] != 7 ||
				by[0] == store.BySlot && len(by) == 1 && statistics.Late != 4 {
				t.Errorf("by %v: %+v, %v", by, statistics, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := provider.DownTo(t.Context(), compactVersion-1); err != nil {
			t.Fatal(err)
		}
	}
	var rows int
	if err := db.QueryRow(`SELECT count(*) FROM raw_report WHERE counts = '{"OWN":2,"QR_CODE":5}' AND revision = 2 AND received_at = 90000`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
