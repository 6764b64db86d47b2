package statement_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones, wherever the test runs

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/statement"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

func maker(o *servertest.Office) *statement.Maker {
	return &statement.Maker{Store: o.Store, Key: o.Key, Now: o.Clock}
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A month is closed as of a moment in the zone of the organization; what comes later
// corrects it in the next statement, once, and no closed one changes.
func TestLateUsageIsACorrection(t *testing.T) {
	o, zone := servertest.NewOffice(t), berlin(t)
	m := maker(o)
	end := time.Date(2026, 2, 1, 0, 0, 0, 0, zone)
	o.Send(end.Add(-3*time.Minute), 1, 100, "") // in January in Berlin
	o.Send(end, 1, 1000, "")                    // in February
	o.Live(time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC))
	january, document, err := m.Close(t.Context(), "100001", "2026-01", zone, "test")
	if err != nil {
		t.Fatal(err)
	}
	// 27 days from the 5th on of 5 each, and the 100.
	if january.Total() != 27*5+100 || len(january.Usage) != 1 || january.Usage[0].Units != 235 ||
		january.Reports != 29 || january.Previous != "" ||
		len(january.Losses) != 1 || january.Losses[0].Units != 3 || january.Name != "Example Corp" {
		t.Errorf("%+v", january)
	}
	// A device comes back, twice.
	late := time.Date(2026, 1, 20, 5, 0, 0, 0, time.UTC)
	o.Send(late, 1, 7, "")
	o.Live(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	february, _, err := m.Close(t.Context(), "100001", "2026-02", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	corrections := []statement.Line{
		{Month: "2026-01", Item: "scans", Code: "100001-reader", Type: "QR_CODE", Units: 7},
	}
	if february.Zone != "Europe/Berlin" || february.Previous != protocol.Digest([]byte(document)) ||
		!slices.Equal(february.Corrections, corrections) || february.Total() != 28*5+1000+7 {
		t.Errorf("%+v", february)
	}
	o.Send(late, 2, 9, "")
	o.Live(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
	march, _, err := m.Close(t.Context(), "100001", "2026-03", zone, "test")
	if err != nil || len(march.Corrections) != 1 || march.Corrections[0].Units != 2 ||
		march.Corrections[0].Month != "2026-01" {
		t.Errorf("%+v, %v", march, err)
	}
	again, same, err := m.Closed(t.Context(), "100001", "2026-01")
	if err != nil || same != document || again.Total() != january.Total() {
		t.Errorf("%+v, %v", again, err)
	}
	// All statements together are all that was counted until April in Berlin.
	counted, err := o.Statistics(t.Context(), store.StatisticsQuery{
		Until: time.Date(2026, 4, 1, 0, 0, 0, 0, zone).Unix(),
	})
	if sum := january.Total() + february.Total() + march.Total(); err != nil || counted.Total != sum {
		t.Errorf("%d were counted and %d stated, %v", counted.Total, sum, err)
	}
}

// A month begins where the one before ended, also where clocks are set forward at the
// midnight between them: nothing is billed twice or never.
func TestMonthsMeet(t *testing.T) {
	o := servertest.NewOffice(t)
	o.Now = time.Date(2023, 9, 29, 12, 0, 0, 0, time.UTC)
	m := maker(o)
	zone, err := time.LoadLocation("America/Asuncion")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2023, 10, 1, 4, 0, 0, 0, time.UTC) // the clock goes from 0:00 to 1:00
	o.Send(end.Add(-3*time.Minute), 1, 100, "")
	o.Send(end, 1, 1000, "")
	o.Now = time.Date(2023, 11, 2, 0, 0, 0, 0, time.UTC)
	september, _, err := m.Close(t.Context(), "100001", "2023-09", zone, "test")
	if err != nil || september.Total() != 100 || september.Until != end.Unix() {
		t.Fatalf("%+v, %v", september, err)
	}
	october, _, err := m.Close(t.Context(), "100001", "2023-10", nil, "test")
	if err != nil || october.Total() != 1000 || october.From != september.Until {
		t.Errorf("%+v, %v", october, err)
	}
}

// What can't be closed.
func TestMonthsAreClosedInOrder(t *testing.T) {
	o := servertest.NewOffice(t)
	m := maker(o)
	o.Live(time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC))
	closeMonth := func(month string, zone *time.Location) error {
		_, _, err := m.Close(t.Context(), "100001", month, zone, "test")
		return err
	}
	if err := closeMonth("2026-03", nil); !errors.Is(err, statement.ErrOpen) {
		t.Error(err)
	}
	if err := closeMonth("March", nil); err == nil {
		t.Error("a month that does not exist was accepted")
	}
	if _, err := m.Draft(t.Context(), "999999", "2026-01", nil); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if s, err := m.Draft(t.Context(), "100001", "2026-03", nil); err != nil || s.Total() != 5*19 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := closeMonth("2026-01", nil); err != nil {
		t.Fatal(err)
	}
	if err := closeMonth("2026-01", nil); !errors.Is(err, statement.ErrOrder) {
		t.Error(err)
	}
	if err := closeMonth("2026-02", berlin(t)); !errors.Is(err, statement.ErrZone) {
		t.Error(err)
	}
	o.Tamper(`UPDATE total_month SET count = count - 1 WHERE slot > 1769000000`)
	if err := closeMonth("2026-02", nil); !errors.Is(err, statement.ErrDiffer) {
		t.Error(err)
	}
	o.Tamper(`UPDATE statement SET document = document || 'A'`)
	if err := closeMonth("2026-02", nil); !errors.Is(err, protocol.ErrSignature) && err == nil {
		t.Error("a statement that was tampered with is believed")
	}
}

// A statement proves itself, without the server; with its reports, that it follows from
// them. Whatever is changed, is found.
func TestProof(t *testing.T) {
	o := servertest.NewOffice(t)
	m := maker(o)
	o.Live(time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC))
	s, document, err := m.Close(t.Context(), "100001", "2026-01", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	o.Send(time.Date(2026, 1, 20, 5, 0, 0, 0, time.UTC), 1, 7, "") // too late for it
	var reports bytes.Buffer
	if err := m.Evidence(t.Context(), s, func(line []byte) error {
		_, err := reports.Write(line)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(statement.NewFile(s, document, o.Key.Public().(ed25519.PublicKey)))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := statement.Prove(bytes.NewReader(file), nil, bytes.NewReader(reports.Bytes()))
	if err != nil || !proof.Reports || proof.Statement.Total() != s.Total() {
		t.Fatalf("%+v, %v", proof, err)
	}
	for name, changed := range map[string]string{
		"units":     strings.Replace(string(file), `"units":135`, `"units":134`, 1),
		"signature": strings.Replace(string(file), `"signed":"e`, `"signed":"f`, 1),
		"cut":       string(file[:len(file)/2]),
		"nothing":   `{}`,
		// A reader that takes the first value, or one that is not signed, would believe these.
		"units twice":    strings.Replace(string(file), `"units":135`, `"units":134,"units":135`, 1),
		"other capitals": strings.Replace(string(file), `"units":135`, `"UNITS":134,"units":135`, 1),
		"only capitals":  strings.Replace(string(file), `"units":135`, `"Units":135`, 1),
		"long s":         strings.Replace(string(file), `"units":135`, `"units":134,"unit\u017f":135`, 1),
		"statement twice": strings.Replace(string(file), `{"statement":`,
			`{"statement":{"month":"2026-01"},"statement":`, 1),
		"another figure": strings.Replace(string(file), `{"statement":{`, `{"statement":{"total":134,`, 1),
		"beside it":      strings.Replace(string(file), `{"statement":`, `{"total":134,"statement":`, 1),
		"after it":       string(file) + `{"total":134}`,
		"nested":         strings.Repeat("[", 100_000),
		"odd":            `{"statement":{},"statement`,
		"closed":         `]`,
	} {
		if changed == string(file) {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := statement.Prove(strings.NewReader(changed), nil, nil); err == nil {
			t.Errorf("%s: it was proven", name)
		}
	}
	other := make([]byte, 32)
	if _, err := statement.Prove(bytes.NewReader(file), other, nil); !errors.Is(err, protocol.ErrSignature) {
		t.Error(err)
	}
	lines := strings.SplitAfter(reports.String(), "\n")
	for name, changed := range map[string]string{
		"a line less":   strings.Join(lines[1:], ""),
		"a line twice":  lines[0] + reports.String(),
		"another count": strings.Replace(reports.String(), `{"QR_CODE":5}`, `{"QR_CODE":6}`, 1),
		"no lines":      "",
		"no report":     "x\n" + reports.String(),
		"another day":   strings.Replace(reports.String(), `"slot":176`, `"slot":186`, 1),
	} {
		if _, err := statement.Prove(bytes.NewReader(file), nil, strings.NewReader(changed)); err == nil {
			t.Errorf("%s: it was proven", name)
		}
	}
}

// Statements can be read: as a table, and as a page in which nothing is markup.
func TestShowing(t *testing.T) {
	o := servertest.NewOffice(t)
	o.Live(time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC))
	a := store.Adjustment{
		At: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC).Unix(), Units: -5, Reason: "=1+1 <script>", Actor: "test",
	}
	if err := o.Update(t.Context(), func(tx store.Tx) error {
		item, err := tx.Item("scans")
		if a.Item = item.Key; err != nil {
			return err
		}
		return errors.Join(verification.SignAdjustment(&a, "scans", o.Key), tx.Adjust(a))
	}); err != nil {
		t.Fatal(err)
	}
	s, document, err := maker(o).Close(t.Context(), "100001", "2026-01", nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	var table, page strings.Builder
	if err := errors.Join(s.WriteCSV(&table), s.WriteHTML(&page, document)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"usage,2026-01,scans,100001-reader,QR_CODE,135,\n",
		"adjustment,2026-01,scans,,,-5,'=1+1 <script>\n", "lost,2026-01,scans,100001-reader,expired,3,\n"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
	for _, want := range []string{"Example Corp", "135", "&lt;script&gt;", s.Digest, document, "2026-02-01 00:00:00"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	if strings.Contains(page.String(), "<script>") || strings.Contains(page.String(), "Draft") {
		t.Error(page.String())
	}
	if result, err := verification.Run(t.Context(), o.Store, verification.Options{}); err != nil ||
		result.Different != 0 {
		t.Errorf("%+v, %v", result, err)
	}
}

// An adjustment that the server did not sign does not count.
func TestForgedAdjustment(t *testing.T) {
	o := servertest.NewOffice(t)
	o.Tamper(`INSERT INTO adjustment (item, at, units, reason, actor, signature) VALUES (1, 1, 5, 'x', 'y', 'a.b.c')`)
	o.Tamper(`UPDATE ` + teststore.Used() + ` SET used = 5`)
	result, err := verification.Run(t.Context(), o.Store, verification.Options{})
	if err != nil || result.Different != 2 {
		t.Errorf("%+v, %v", result, err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"statement": {}, "signed": "a.b.c", "serverPublicKey": ""}`), []byte("{}\n"))
	f.Fuzz(func(t *testing.T, file, reports []byte) {
		if proof, err := statement.Prove(bytes.NewReader(file), nil, bytes.NewReader(reports)); err == nil {
			t.Errorf("%+v was proven", proof)
		}
	})
}
