package server_test

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/verification"
)

// nodes are servers on one PostgreSQL database, each with connections of its own.
type nodes struct {
	urls  []string
	store store.Store // of the first
}

// startNodes starts servers on a database, and gives it an item of each kind: one
// that counts scans and one that counts devices, under a code each.
func startNodes(t *testing.T, database string, n int) *nodes {
	t.Helper()
	ns := &nodes{}
	for range n {
		s, err := postgres.Open(t.Context(), database, true)
		if err != nil {
			t.Fatal(err)
		}
		if ns.store == nil {
			ns.store = s
		}
		node, err := server.New(t.Context(), server.Config{
			Store: s, Now: servertest.Start, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		web := httptest.NewServer(node.Handler())
		ns.urls = append(ns.urls, web.URL)
		t.Cleanup(func() {
			web.Close()
			if err := node.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	admin := administration.Administrator{Store: ns.store, Now: servertest.Start, Actor: "test"}
	if _, err := admin.AddOrganization(t.Context(), "Example", "100001"); err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]protocol.ChargeWay{"scans": protocol.ChargeWayScanCount,
		"devices": protocol.ChargeWayDeviceCount} {
		if _, err := admin.AddHandshakeCode(t.Context(),
			administration.HandshakeCode{Organization: "100001", Custom: name}); err != nil {
			t.Fatal(err)
		}
		item := store.Item{ID: name, Name: name, Organization: "100001", ChargeWay: way, Products: protocol.ProductAll,
			Quota:    1 << 40,
			StartsAt: servertest.Start().Add(-time.Hour).Unix(), ExpiresAt: servertest.Start().AddDate(1, 0, 0).Unix(),
			MaxBufferDays: 365}
		if name == "devices" {
			item.Quota = 20
		}
		if _, err := admin.AddItem(t.Context(), item, []string{"100001-" + name}); err != nil {
			t.Fatal(err)
		}
	}
	return ns
}

// load reports scans to all nodes in turn.
func (ns *nodes) load() *servertest.Load {
	return &servertest.Load{Code: "100001-scans", Item: "scans", Now: servertest.Start, Address: func() string {
		return ns.urls[rand.IntN(len(ns.urls))]
	}}
}

// check holds what is stored against what was recorded.
func (ns *nodes) check(t *testing.T, load *servertest.Load) {
	t.Helper()
	statistics, err := ns.store.Statistics(t.Context(), store.StatisticsQuery{By: []store.Column{store.ByItem}})
	if err != nil || statistics.Total != load.Units.Load() {
		t.Errorf("counted %d, recorded %d: %v", statistics.Total, load.Units.Load(), err)
	}
	items, err := ns.store.Items(t.Context(), servertest.Start().Unix())
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.ID == "scans" && item.Use.Units != load.Units.Load() {
			t.Errorf("used %d, recorded %d", item.Use.Units, load.Units.Load())
		}
	}
	result, err := verification.Run(t.Context(), ns.store, verification.Options{})
	if err != nil || len(result.Differences) != 0 {
		t.Errorf("%+v, %v", result, err)
	}
	t.Logf("%d requests, %d acknowledged, %d units", load.Sent.Load(), load.Acknowledged.Load(), load.Units.Load())
}

// Two nodes on one database, asked in turn for the same slots of the same devices,
// count each report once.
func TestNodesOnOneDatabase(t *testing.T) {
	ns := startNodes(t, postgrestest.Database(t), 2)
	load := ns.load()
	<-load.Start(t, 12, 30)
	ns.check(t, load)
}

// The last places on an item's list are given away once, whoever is asked.
func TestNodesShareAList(t *testing.T) {
	ns := startNodes(t, postgrestest.Database(t), 2)
	var granted, refused atomic.Int64
	done := make(chan struct{})
	const devices = 40
	for i := range devices {
		go func() {
			defer func() { done <- struct{}{} }()
			d := servertest.NewDevice(ns.urls[i%2])
			d.Now = servertest.Start
			if _, err := d.Authorize(d.Request("100001-devices")); err != nil {
				refused.Add(1)
			} else {
				granted.Add(1)
			}
		}()
	}
	for range devices {
		<-done
	}
	if granted.Load() != 22 { // a tenth more than the quota
		t.Errorf("%d devices got one of 20 + 2 places, %d were refused", granted.Load(), refused.Load())
	}
	items, err := ns.store.Items(t.Context(), servertest.Start().Unix())
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.ID == "devices" && (item.Live != granted.Load() || item.Use.Active != granted.Load()) {
			t.Errorf("%d live, %d active", item.Live, item.Use.Active)
		}
	}
}

var kills = flag.Int("kills", 5, "how often TestDatabaseKilledUnderLoad kills the database")

// PostgreSQL loses its power again and again while two nodes work on it: no report
// that was acknowledged is missing, and none is doubled.
func TestDatabaseKilledUnderLoad(t *testing.T) {
	cluster := postgrestest.Durable(t)
	database, err := cluster.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ns := startNodes(t, database, 2)
	load := ns.load()
	done := load.Start(t, 8, servertest.Endless)
	for range *kills {
		if load.Await(done, 1+rand.Int64N(100)) {
			break // it failed
		}
		cluster.Kill()
		if err := cluster.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	load.Await(done, 100)
	load.Stop()
	<-done
	ns.check(t, load)
}
