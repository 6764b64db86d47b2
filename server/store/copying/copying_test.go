package copying

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/verification"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

func quiet(string, string, int64) {}

// Every column of the target is copied.
func TestTables(t *testing.T) {
	url := postgrestest.Database(t)
	s, err := postgres.Open(t.Context(), url, true)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(),
		`SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'
		AND table_name NOT IN ('lts_version', 'catalog') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, table := range tables {
		for _, column := range table.columns {
			got = append(got, table.name+"."+column.name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) && name != "organization.default_code" {
			t.Errorf("%s is not copied", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("there is no %s", name)
		}
	}
}

// grown makes a SQLite database that was in use.
func grown(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	admin := administration.Administrator{Store: s, Now: servertest.Start, Actor: "test"}
	if _, err := admin.AddOrganization(t.Context(), "Example", "100001"); err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]protocol.ChargeWay{"scans": protocol.ChargeWayScanCount,
		"devices": protocol.ChargeWayDeviceCount} {
		_, err := admin.AddHandshakeCode(t.Context(), administration.HandshakeCode{
			Organization: "100001", Custom: name,
		})
		if err != nil {
			t.Fatal(err)
		}
		item := store.Item{ID: name, Name: name, Organization: "100001", ChargeWay: way, Products: protocol.ProductAll,
			Quota: 1_000_000, Trial: true,
			StartsAt: servertest.Start().Add(-time.Hour).Unix(), ExpiresAt: servertest.Start().AddDate(1, 0, 0).Unix(),
			MaxBufferDays: 365}
		if _, err := admin.AddItem(t.Context(), item, []string{"100001-" + name}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = admin.AddHandshakeCode(t.Context(), administration.HandshakeCode{
		Organization: "100001", Custom: "web", ValidationFields: []string{"a.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	report(t, s)
	return s
}

// report has devices ask, be refused and report on a store.
func report(t *testing.T, s store.Store) {
	t.Helper()
	node, err := server.New(t.Context(), server.Config{
		Store: s, Now: servertest.Start, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(node.Handler())
	defer web.Close()
	for _, item := range []string{"scans", "devices"} {
		load := servertest.Load{
			Now: servertest.Start, Address: func() string { return web.URL }, Code: "100001-" + item, Item: item,
		}
		<-load.Start(t, 3, 5)
	}
	d := servertest.NewDevice(web.URL)
	d.Now = servertest.Start
	request := d.Request("100001-web")
	request.ValidationField = "other.example"
	request.Device.FriendlyName = "Müller's \U0001F4BB"
	if _, err := d.Authorize(request); err == nil {
		t.Error("it was not refused")
	}
	if err := node.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, s store.Store) {
	t.Helper()
	result, err := verification.Run(t.Context(), s, verification.Options{})
	if err != nil || len(result.Differences) != 0 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCopy(t *testing.T) {
	from := grown(t)
	url := postgrestest.Database(t)
	told := map[string]bool{}
	if err := Copy(t.Context(), from, url, func(what, table string, _ int64) {
		told[what+" "+table] = true
	}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2*len(tables) {
		t.Errorf("told of %d tables", len(told))
	}
	to, err := database.Open(t.Context(), url, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	verified(t, to)
	for _, query := range []store.StatisticsQuery{{By: []store.Column{store.ByItem, store.ByType}},
		{By: []store.Column{store.ByDevice}}, {Measure: store.MeasureDenials}} {
		want, wantErr := from.Statistics(t.Context(), query)
		got, gotErr := to.Statistics(t.Context(), query)
		if err := errors.Join(wantErr, gotErr); err != nil || want.Total != got.Total ||
			len(want.Rows) != len(got.Rows) {
			t.Errorf("%+v, not %+v: %v", got, want, err)
		}
	}
	// It goes on where the source was left: new rows get keys of their own.
	report(t, to)
	verified(t, to)

	if err := Copy(t.Context(), from, url, quiet); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("copied into a database that is in use: %v", err)
	}
}

// A copy that was cut short can't be used, and goes on.
func TestCopyIsCutShort(t *testing.T) {
	from := grown(t)
	url := postgrestest.Database(t)
	for _, at := range []string{"organization", "report", "audit"} {
		ctx, cancel := context.WithCancel(t.Context())
		again := false
		err := Copy(ctx, from, url, func(_, table string, _ int64) {
			again = again || table == "server_key"
			if table == at {
				cancel()
			}
		})
		cancel()
		if err == nil {
			t.Fatalf("not cut short at %s", at)
		}
		if again != (at == "organization") {
			t.Errorf("at %s, what was copied before was copied again: %t", at, again)
		}
		if _, err := database.Open(t.Context(), url, true); err == nil || !strings.Contains(err.Error(), "lts copy") {
			t.Errorf("half a copy was opened: %v", err)
		}
	}
	if err := Copy(t.Context(), from, url, quiet); err != nil {
		t.Fatal(err)
	}
	to, err := database.Open(t.Context(), url, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	verified(t, to)
}

// A source that changed since is not mixed with what was copied of it.
func TestSourceChanges(t *testing.T) {
	from := grown(t)
	url := postgrestest.Database(t)
	ctx, cancel := context.WithCancel(t.Context())
	if err := Copy(ctx, from, url, func(string, string, int64) { cancel() }); err == nil {
		t.Fatal("not cut short")
	}
	report(t, from)
	if err := Copy(t.Context(), from, url, quiet); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Error(err)
	}
}
