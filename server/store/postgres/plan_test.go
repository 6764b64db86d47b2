package postgres

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/view"
)

// planned is a database that explains each query before it runs it.
type planned struct {
	*moment
	plans []string
}

func (p *planned) Query(query string, arguments ...any) (view.Rows, error) {
	if err := p.explain(query, arguments); err != nil {
		return nil, err
	}
	return p.moment.Query(query, arguments...)
}

func (p *planned) Numbers(query string, arguments []any, row func([]int64) error) error {
	return errors.Join(p.explain(query, arguments), p.moment.Numbers(query, arguments, row))
}

func (p *planned) Blobs(query string, arguments []any, row func([]int64, []byte) error) error {
	return errors.Join(p.explain(query, arguments), p.moment.Blobs(query, arguments, row))
}

func (p *planned) explain(query string, arguments []any) (err error) {
	rows, err := p.moment.Query("EXPLAIN "+query, arguments...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		plan.WriteString(line + "\n")
	}
	p.plans = append(p.plans, plan.String())
	return rows.Err()
}

// broadly matches a plan that goes through what all devices reported.
var broadly = regexp.MustCompile(`Scan (using \w+ )?on (total_device|total_device_month|report|run|activity) t\b`)

// exactly matches a plan that looks up what devices reported by their keys.
var exactly = regexp.MustCompile(
	`Index Cond: \(\(slot = .*\) AND \(device = |Index Cond: \(device = |Index Cond: \(\(run = .*\) AND \(slot >= `)

// wholly matches a plan that goes through all totals or all activity, compares each row with
// each window, or sorts them.
var wholly = regexp.MustCompile(
	`Seq Scan on (total|total_quarter_hour|total_hour|total_quarter_day|total_day|total_organization|activity)\b|Join Filter: .*(slot|day)|Sort Key`)

// Whatever PostgreSQL has learned of the sizes of tables: each window is looked up by the key,
// and nothing is sorted.
func TestWindowsAreLookedUp(t *testing.T) {
	s, err := Open(t.Context(), postgrestest.Database(t), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.Update(t.Context(), func(tx store.Tx) error {
		err := tx.AddOrganization(store.Organization{ID: "100001", Name: "x"})
		for n := range 4 {
			name := fmt.Sprint("n", n)
			err = errors.Join(err, tx.AddHandshakeCode(store.HandshakeCode{Code: name, Organization: "100001"}),
				tx.AddItem(store.Item{ID: name, Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
					Quota: 1 << 50, ExpiresAt: 1 << 40}))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const start, days = 1_763_856_000, 365
	for _, statement := range []string{
		`INSERT INTO operation_type (name) VALUES ('QR_CODE')`,
		`INSERT INTO total_month SELECT c.id, i.id, s - s % 2678400, 1, 1, 0 FROM handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 2678400) s`,
		`INSERT INTO total_day SELECT c.id, i.id, s, 1, 1, 0 FROM handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 86400) s`,
		`INSERT INTO total_hour SELECT c.id, i.id, s, 1, 1, 0 FROM handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 3600) s`,
		`INSERT INTO total_quarter_hour SELECT c.id, i.id, s, 1, 1, 0 FROM handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 900) s`,
		`INSERT INTO total_quarter_day SELECT c.id, i.id, s, 1, 1, 0 FROM handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 21600) s`,
		`INSERT INTO organization_fold (id, before) VALUES (1, $1 + $2 * 86400)`,
		`INSERT INTO total SELECT c.id, i.id, s, 1, 1, 0 FROM handshake_code c, item i, generate_series($1 + 66600, $1 + $2 * 86400 - 1, 86400) s`,
		`INSERT INTO total_organization SELECT o, l.l, s, 1, 0, 1, 0 FROM generate_series(0, 1) o, (VALUES (3600), (86400)) l (l), generate_series($1, $1 + $2 * 86400 - 1, l.l) s`,
		`INSERT INTO activity SELECT t, s, c.id, i.id, '' FROM generate_series(0, 1) t, handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 86400) s`,
		`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at) SELECT 'd' || n, '', '', '', '', 1, 1 FROM generate_series(1, 50) n`,
		`INSERT INTO run (uuid, device, handshake_code, item, reporter) SELECT 'r' || d.id, d.id, c.id, i.id, 0 FROM device d, handshake_code c, item i WHERE c.code = 'n0' AND i.public_id = 'n0'`,
		`INSERT INTO run (uuid, device, handshake_code, item, reporter) SELECT 'o' || n, d.id, c.id, i.id, 0 FROM generate_series(1, 100) n, device d, handshake_code c, item i WHERE c.code = 'n1' AND i.public_id = 'n1'`,
		`INSERT INTO total_device SELECT s, d.id, c.id, i.id, 1, 1 FROM device d, handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 86400) s WHERE c.code = 'n0' AND i.public_id = 'n0'`,
		`INSERT INTO total_device_month SELECT s, d.id, c.id, i.id, 1, 1 FROM device d, handshake_code c, item i, generate_series($1, $1 + $2 * 86400 - 1, 2678400) s WHERE c.code = 'n0' AND i.public_id = 'n0'`,
		`INSERT INTO report (run, slot, revision, changes, losses, counts) SELECT r.id, s, 1, 1, 0, '' FROM run r, generate_series($1, $1 + $2 * 86400 - 1, 43200) s WHERE r.uuid LIKE 'r%'`,
		`ANALYZE`,
	} {
		arguments := []any{int64(start), int64(days)}
		if !strings.Contains(statement, "$1") {
			arguments = nil
		}
		if _, err := s.write.Exec(t.Context(), statement, arguments...); err != nil {
			t.Fatal(statement, err)
		}
	}
	for zone, offset := range map[string]int64{"UTC": 0, "Europe/Berlin": 3600, "Asia/Kolkata": 5*3600 + 1800} {
		var windows []store.Window
		for n := range int64(days) {
			windows = append(windows, store.Window{
				Start: start + n*86400 - offset, End: start + (n+1)*86400 - offset,
			})
		}
		for _, q := range []store.StatisticsQuery{
			{By: []store.Column{store.ByType}}, {By: []store.Column{store.ByOrganization}},
			{By: []store.Column{store.ByItem}}, {By: []store.Column{store.ByItem, store.ByType}},
			{Measure: store.MeasureDevices}, {Measure: store.MeasureDevices, Types: []string{"QR_CODE"}},
			{Measure: store.MeasureConcurrent, HandshakeCodes: []string{"n1"}},
			{Devices: []string{"d1"}, By: []store.Column{store.ByDay}},
			{Measure: store.MeasureDevices, Devices: []string{"d1"}},
			{Measure: store.MeasureConcurrent, Devices: []string{"d1", "d2"}}, {Devices: []string{"d1", "d2"}},
		} {
			q.Windows = windows
			err := s.at(t.Context(), func(m *moment) error {
				p := &planned{moment: m}
				counted, err := view.Statistics(p, q)
				if q.Measure == "" && len(q.Devices) == 0 && len(counted.Rows) < days-1 {
					t.Errorf("%s, by %v: %d rows", zone, q.By, len(counted.Rows))
				}
				for _, plan := range p.plans {
					// Losses are few, and summed up by cause.
					if wholly.MatchString(plan) && !strings.Contains(plan, "report_loss") {
						t.Errorf("%s, %s by %v:\n%s", zone, q.Measure, q.By, plan)
					}
					if len(q.Devices) > 0 && broadly.MatchString(plan) && !exactly.MatchString(plan) {
						t.Errorf("%s, of %v by %v:\n%s", zone, q.Devices, q.By, plan)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
