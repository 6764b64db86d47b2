package history_test

import (
	"encoding/csv"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// sumsByHand goes through the reports as they came, and sums up what it is asked for in the
// days of a zone: operations by day and type, devices by day, and the most in a slot of one.
func sumsByHand(t *testing.T, s store.Store, zone *time.Location) map[string]map[string]int64 {
	t.Helper()
	sums := map[string]map[string]int64{"operations": {}, "devices": {}, "concurrent": {}}
	err := s.Examine(t.Context(), func(e store.Examination) error {
		device := map[store.ID]store.ID{}
		for run, err := range e.Runs() {
			if err != nil {
				return err
			}
			device[run.Key] = run.Device
		}
		seen := map[string]bool{}
		atOnce := map[int64]int64{}
		for r, err := range e.Received() {
			if err != nil {
				return err
			}
			day := time.Unix(r.Slot, 0).In(zone).Format(time.DateOnly)
			for _, count := range r.Counts { // each slot of a run came once
				sums["operations"][day+" "+count.Type] += count.Units
			}
			if key := fmt.Sprint(day, " ", device[r.Run]); !seen[key] {
				seen[key] = true
				sums["devices"][day]++
			}
			if key := fmt.Sprint(r.Slot, " ", device[r.Run]); !seen[key] {
				seen[key] = true
				atOnce[r.Slot]++
				sums["concurrent"][day] = max(sums["concurrent"][day], atOnce[r.Slot])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// sumsAgree holds what the API says, in tables by day in three time zones over the days at
// which two of them set their clocks back, against sums made by hand.
func sumsAgree(t *testing.T, s store.Store, now time.Time) {
	t.Helper()
	lts, err := server.New(t.Context(), server.Config{
		Store: s, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Pages: &server.PagesConfig{Version: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(lts.Handler())
	defer func() {
		listener.Close()
		if err := lts.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	desk := &administration.Administrator{Store: s, Now: func() time.Time { return now }, Actor: "test"}
	_, token, err := desk.AddToken(t.Context(), administration.TokenInput{
		Name: "sums", Scope: administration.ScopeRead, ExpiresAt: now.Unix() + 86400,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for measure, want := range sumsByHand(t, s, zone) {
			by := "day"
			if measure == "operations" {
				by = "day,type"
			}
			q := url.Values{"measure": {measure}, "by": {by}, "zone": {name}, "format": {"csv"}}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				listener.URL+"/api/v1/statistics?"+q.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+token)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(response.Body).ReadAll()
			_ = response.Body.Close()
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s, %v", q.Encode(), response.Status, err)
			}
			got := map[string]int64{}
			for _, row := range rows[1:] {
				day, count := row[0][:len(time.DateOnly)], row[2]
				if measure == "operations" {
					day, count = day+" "+row[2], row[3]
				}
				if got[day], err = strconv.ParseInt(count, 10, 64); err != nil {
					t.Fatal(err)
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s in %s: %v, not %v", measure, name, got, want)
			}
		}
	}
}
