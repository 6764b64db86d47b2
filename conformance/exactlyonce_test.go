package conformance_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// lts is a real server.
type lts struct {
	url   string
	store store.Store
}

func startServer(t *testing.T, clock slot.Clock) lts {
	t.Helper()
	ctx := t.Context()
	s := teststore.Open(t, teststore.Name(t))
	admin := &administration.Administrator{Store: s, Now: clock.Now, Actor: "test"}
	if _, err := admin.AddOrganization(ctx, "Example", "100001"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AddHandshakeCode(ctx,
		administration.HandshakeCode{Organization: "100001", Custom: "reader"}); err != nil {
		t.Fatal(err)
	}
	item := store.Item{ID: "scans", Name: "scans", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
		Products: protocol.ProductAll,
		Quota:    1 << 40, StartsAt: clock.Now().Add(-30 * 24 * time.Hour).Unix(),
		ExpiresAt: clock.Now().Add(365 * 24 * time.Hour).Unix(), MaxBufferDays: 365}
	if _, err := admin.AddItem(ctx, item, []string{"100001-reader"}); err != nil {
		t.Fatal(err)
	}
	running, err := server.New(ctx, server.Config{Store: s, Now: clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(running.Handler())
	t.Cleanup(func() {
		listener.Close()
		_ = running.Shutdown(context.Background())
	})
	return lts{listener.URL, s}
}

func (s lts) total(t *testing.T) int64 {
	t.Helper()
	statistics, err := s.store.Statistics(t.Context(), store.StatisticsQuery{By: []store.Column{store.ByType}})
	if err != nil {
		t.Fatal(err)
	}
	return statistics.Total
}

// TestExactlyOnce: over a network that loses, repeats and forges, with a clock
// that jumps, licenses that come and go, and submissions at any moment, what
// was recorded is what the server counted, to the unit, once everything got
// through; and before that, recorded = accepted + pending + lost.
func TestExactlyOnce(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 2))
		clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		lts := startServer(t, clock)
		network := testkit.NewNetwork(seed)
		directory := t.TempDir()
		open := func() *client.License {
			p := license.Defaults()
			p.MainServerURL, p.HandshakeCode, p.DataDirectory = lts.url, "100001-reader", directory
			p.Resubmit = protocol.Resubmit(random.IntN(2))
			network.Repair() // what an authorization meets is tested elsewhere
			l, err := client.Open(t.Context(), p, client.Environment{Clock: clock, Transport: network})
			if err != nil {
				t.Fatal(err)
			}
			network.Break()
			return l
		}
		check := func(l *client.License) client.Account {
			info, err := l.Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if u := info.Usage; u.Recorded != u.Accepted+u.Pending+u.Lost() || u.Lost() != 0 {
				t.Errorf("seed %d: %+v", seed, u)
			}
			return info.Usage
		}
		types := []protocol.OperationType{
			protocol.OperationTypeQRCode, protocol.OperationTypeEAN13, protocol.OperationTypePageScanned,
		}
		var recorded int64
		l := open()
		for range 150 {
			switch random.IntN(12) {
			case 0:
				_ = l.Submit(t.Context()) // fails as often as not
			case 1:
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2))*time.Second)
				_ = l.Close(ctx)
				cancel()
				l = open()
			case 2:
				clock.Advance(time.Duration(random.IntN(7200)-3600) * time.Second)
			case 3:
				n := 1 + random.Uint32N(9)
				if err := l.RecordAt(t.Context(), types[random.IntN(3)], n,
					clock.Now().Add(-time.Duration(random.IntN(20*86400))*time.Second).Unix()); err != nil {
					t.Fatal(err)
				}
				recorded += int64(n)
			case 4:
				check(l)
			default:
				clock.Advance(time.Duration(random.IntN(120)) * time.Second)
				n := 1 + random.Uint32N(99)
				if err := l.Record(types[random.IntN(3)], n); err != nil {
					t.Fatal(err)
				}
				recorded += int64(n)
			}
		}
		network.Repair()
		if err := l.Submit(t.Context()); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if u := check(l); u.Recorded != recorded || u.Accepted != recorded || lts.total(t) != recorded {
			t.Errorf("seed %d: recorded %d, the client says %+v, the server %d", seed, recorded, u, lts.total(t))
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		verification, err := verification.Run(t.Context(), lts.store, verification.Options{})
		if err != nil || len(verification.Differences) != 0 {
			t.Errorf("seed %d: %+v, %v", seed, verification, err)
		}
	}
}
