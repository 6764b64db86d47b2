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
		clock := servertest.NewClock()
		// The server folds nothing meanwhile: what is folded has not to be searched.
		unfolded := struct{ store.Store }{s}
		lts, err := server.New(t.Context(), server.Config{
			Store: unfolded, Now: clock.Now, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		listener := httptest.NewServer(lts.Handler())
		defer listener.Close()
		desk := &administration.Administrator{Store: s, Now: clock.Now, Actor: "test"}
		quota := int64(store.Unlimited)
		title := "Scans"
		_, err1 := desk.NewOrganization(t.Context(), administration.OrganizationInput{ID: "100001", Name: "x"})
		_, err2 := desk.NewCode(t.Context(), administration.CodeInput{Organization: "100001", Custom: "a"})
		_, err3 := desk.NewItem(t.Context(), administration.ItemInput{
			ID: "scans", Organization: "100001", ChargeWay: "scan", Handshakes: []string{"100001-a"},
			ItemFields: administration.ItemFields{Name: &title, Quota: &quota},
		})
		d := servertest.NewDevice(listener.URL)
		d.Now = clock.Now
		_, err4 := d.Authorize(d.Request("100001-a"))
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
		day := clock.Now().Unix()/86400*86400 - 86400
		runs := []string{uuid.NewString(), uuid.NewString()}
		report := func(run string, revision int64, slots ...int64) int64 {
			t.Helper()
			group := protocol.ReportGroup{Run: run, HandshakeCode: "100001-a", Item: "scans", SlotSeconds: 180}
			for _, slot := range slots {
				group.Reports = append(group.Reports, protocol.Report{
					Slot: day + slot*180, Revision: revision, Counts: map[string]int64{"QR_CODE": revision * 10},
				})
			}
			receipt, err := d.Report(d.Batch(group))
			if err != nil || receipt.Accepted != len(slots) {
				t.Fatalf("%+v, %v", receipt, err)
			}
			defer clock.Advance(time.Minute)
			return clock.Now().Unix()
		}
		first := report(runs[0], 1, 0, 1, 2)
		report(runs[1], 1, 1)
		second := report(runs[0], 2, 1)
		var rows []administration.DeviceReport
		selection := administration.Selection{Limit: 3, Since: day, Until: day + 86400}
		for pages := 1; ; pages++ {
			page, err := desk.DeviceReports(t.Context(), d.UUID, selection)
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
			if want := fmt.Sprint([]records.Arrival{{Revision: 1, At: first},
				{Revision: 2, At: second}}); row.Revision == 2 && fmt.Sprint(row.Arrivals) != want {
				t.Errorf("%v, want %s", row.Arrivals, want)
			}
			if len(row.Arrivals) != int(row.Revision) || row.Counts["QR_CODE"] != 10*row.Revision ||
				row.Units != 10*row.Revision || row.Device != d.UUID {
				t.Errorf("%+v", row)
			}
		}
		stored, _, err := records.DeviceReports(t.Context(), s, d.UUID, administration.Selection{})
		if complete, arrivalErr := records.FindArrivals(t.Context(), s, stored, 1); complete || err != nil ||
			arrivalErr != nil || len(stored) != 4 {
			t.Errorf("%t, %d, %v, %v", complete, len(stored), err, arrivalErr)
		}
		// As another device, they are behind that one's figures.
		into := servertest.NewDevice(listener.URL)
		into.Now = clock.Now
		if _, err := into.Authorize(into.Request("100001-a")); err != nil {
			t.Fatal(err)
		}
		if err := desk.MergeDevice(t.Context(), d.UUID, into.UUID); err != nil {
			t.Fatal(err)
		}
		for i, wanted := range []struct {
			selection administration.Selection
			rows      int
		}{{administration.Selection{}, 4}, {administration.Selection{Kinds: []string{"EAN_13"}}, 0},
			{administration.Selection{Since: day + 360, Kinds: []string{"QR_CODE"}}, 1}} {
			if page, err := desk.DeviceReports(t.Context(), into.UUID, wanted.selection); err != nil ||
				len(page.Items) != wanted.rows {
				t.Errorf("%d: %+v, %v", i, page, err)
			}
		}
		if _, err := desk.DeviceReports(t.Context(), d.UUID,
			administration.Selection{Since: 9, Until: 9}); !administration.IsKind(err, administration.Invalid) {
			t.Error(err)
		}
		for _, after := range []string{"x", "1-", "1-x"} {
			if _, err := desk.DeviceReports(t.Context(), d.UUID,
				administration.Selection{After: after}); !administration.IsKind(err, administration.Invalid) {
				t.Errorf("after %q: %v", after, err)
			}
		}
		if err := lts.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
