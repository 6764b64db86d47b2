package metrics_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/metrics"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

func scrape(t testing.TB, m *metrics.Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, metrics.Path, nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("%d %s", recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

func TestMetrics(t *testing.T) {
	s, err := database.Open(t.Context(), teststore.Name(t), true)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	err = s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.AddOrganization(store.Organization{ID: "100001"}),
			tx.AddItem(store.Item{ID: "scans", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
				Quota: 100, ExpiresAt: 1_900_000_000}),
			tx.AddItem(store.Item{
				ID: "all", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount, Quota: store.Unlimited,
			}))
	})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := &outcome.Counter{}
	m := metrics.New(metrics.Config{Store: s, Outcomes: outcomes, Now: func() time.Time {
		return now
	}, Log: slog.New(slog.DiscardHandler), Version: "v1"})
	outcomes.Granted("100001-a")
	outcomes.Granted("100001-b")
	outcomes.Refused("100001-a", protocol.StatusLimitExceeded)
	outcomes.Reported(7)
	handler := m.Measured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/reports" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	for _, path := range []string{"/v1/reports", "/v1/invented-1", "/v1/invented-2"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
	}
	text := scrape(t, m)
	for _, want := range []string{
		`openlts_authorizations_total{code="0"} 2`, `openlts_authorizations_total{code="-20120"} 1`,
		`openlts_report_batches_total 1`, `openlts_reports_accepted_total 7`,
		`openlts_http_requests_total{path="/v1/reports",status="418"} 1`,
		`openlts_http_requests_total{path="other",status="200"} 2`,
		`openlts_http_request_duration_seconds_count{path="other"} 2`,
		`openlts_item_used{item="scans",organization="100001"} 0`,
		`openlts_item_quota{item="scans",organization="100001"} 100`, `openlts_store_up 1`,
		`openlts_operations_total 0`, `openlts_items 2`, `openlts_alerts_open{kind="quota"} 0`,
		`openlts_build_info{version="v1"} 1`, "go_goroutines", "process_start_time_seconds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	// The disk of PostgreSQL is not the server's to look at.
	if strings.Contains(text, "openlts_disk_free_bytes") == teststore.OnPostgreSQL() {
		t.Errorf("%s", text)
	}
	if strings.Contains(text, `openlts_item_quota{item="all"`) || strings.Contains(text, "invented") {
		t.Errorf("%s", text)
	}
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	// A database that is away takes nothing else along.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if text := scrape(t, m); !strings.Contains(text, "openlts_store_up 1") {
		t.Error("what was read a moment ago is read again")
	}
	now = now.Add(time.Minute)
	if text := scrape(t, m); !strings.Contains(text, "openlts_store_up 0") ||
		!strings.Contains(text, "openlts_report_batches_total 1") {
		t.Errorf("%s", text)
	}
}
