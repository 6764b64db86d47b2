package rest_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
	"github.com/openlts/openlts/server/store/teststore"
)

// The reports behind a figure come page by page, each with its revision and when each
// revision came, on both stores; and a search that would go through too much says so.
func TestReportsBehindFigures(t *testing.T) {
	onBoth(t, func(t *testing.T, name string) {
		s := teststore.Open(t, name)
		now := time.Now()
		clock := func() time.Time { return now }
		lts, err := server.New(t.Context(), server.Config{Store: s, Now: clock, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		listener := httptest.NewServer(lts.Handler())
		defer listener.Close()
		desk := &administration.Administrator{Store: s, Now: clock, Actor: "test"}
		quota := int64(store.Unlimited)
		title := "Scans"
		_, err1 := desk.NewOrganization(t.Context(), administration.OrganizationInput{ID: "100001", Name: "x"})
		_, err2 := desk.NewCode(t.Context(), administration.CodeInput{Organization: "100001", Custom: "a"})
		_, err3 := desk.NewItem(t.Context(), administration.ItemInput{
			ID: "scans", Organization: "100001", ChargeWay: "scan", Handshakes: []string{"100001-a"}, ItemFields: administration.ItemFields{Name: &title, Quota: &quota},
		})
		d := servertest.NewDevice(listener.URL)
		_, err4 := d.Authorize(d.Request("100001-a"))
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
		day := now.Unix()/86400*86400 - 86400
		runs := []string{uuid.NewString(), uuid.NewString()}
		report := func(run string, revision int64, slots ...int64) int64 {
			t.Helper()
			group := protocol.ReportGroup{Run: run, HandshakeCode: "100001-a", Item: "scans", SlotSeconds: 180}
			for _, slot := range slots {
				group.Reports = append(group.Reports, protocol.Report{Slot: day + slot*180, Revision: revision, Counts: map[string]int64{"QR_CODE": revision * 10}})
			}
			receipt, err := d.Report(d.Batch(group))
			if err != nil || receipt.Accepted != len(slots) {
				t.Fatalf("%+v, %v", receipt, err)
			}
			now = now.Add(time.Minute)
			return now.Add(-time.Minute).Unix()
		}
		first := report(runs[0], 1, 0, 1, 2)
		report(runs[1], 1, 1)
		second := report(runs[0], 2, 1)
		var rows []records.DeviceReport
		selection := administration.Selection{Limit: 3}
		for pages := 1; ; pages++ {
			page, err := desk.DeviceReports(t.Context(), d.UUID, day, day+86400, selection)
			if err != nil || !page.Complete || pages > 2 {
				t.Fatalf("page %d: %+v, %v", pages, page, err)
			}
			rows = append(rows, page.Items...)
			if selection.After = page.Next; selection.After == "" {
				break
			}
		}
		if len(rows) != 4 || rows[0].Slot != day || rows[3].Slot != day+360 {
			t.Fatalf("%+v", rows)
		}
		for _, row := range rows {
			if want := fmt.Sprint([]records.Arrival{{Revision: 1, At: first}, {Revision: 2, At: second}}); row.Revision == 2 && fmt.Sprint(row.Arrivals) != want {
				t.Errorf("%v, want %s", row.Arrivals, want)
			}
			if len(row.Arrivals) != int(row.Revision) || row.Counts[0].Units != 10*row.Revision {
				t.Errorf("%+v", row)
			}
		}
		if complete, err := records.FindArrivals(t.Context(), s, rows, 1); complete || err != nil {
			t.Errorf("%t, %v", complete, err)
		}
		for _, after := range []string{"x", "1-", "1-x"} {
			if _, err := desk.DeviceReports(t.Context(), d.UUID, day, day+86400, administration.Selection{After: after}); !administration.IsKind(err, administration.Invalid) {
				t.Errorf("after %q: %v", after, err)
			}
		}
		if err := lts.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
