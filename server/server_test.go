package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

// lts is a server under test, with organization 100001, its default code
// 100001-reader, and item scans.
type lts struct {
	*administration.Administrator
	server   *server.Server
	url      string
	handler  http.Handler
	store    store.Store
	database string // its name
	log      *slog.Logger
	logged   lockedBuffer

	mu  sync.Mutex
	now time.Time
}

func (l *lts) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *lts) advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

// midday moves on to the middle of a slot, an hour and a day, for tests whose figures
// are those of a time that is near no border.
func (l *lts) midday() {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.now.UTC().Truncate(24 * time.Hour).Add(12*time.Hour + 31*time.Minute + 30*time.Second)
	if at.Before(l.now) {
		at = at.Add(24 * time.Hour)
	}
	l.now = at
}

// device makes a device whose clock is the server's.
func (l *lts) device() *servertest.Device {
	d := servertest.NewDevice(l.url)
	d.Now = l.clock
	return d
}

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// start starts a server under test; every answer is held against the contract.
func start(t testing.TB) *lts {
	t.Helper()
	ctx := t.Context()
	name := teststore.Name(t)
	s := teststore.Open(t, name)
	l := &lts{store: s, database: name, now: servertest.Start()}
	l.Administrator = &administration.Administrator{Store: s, Now: l.clock, Actor: "test"}
	l.log = slog.New(slog.NewTextHandler(io.MultiWriter(testLog{t}, &l.logged), nil))
	lts, err := server.New(ctx, server.Config{Store: s, Now: l.clock, Log: l.log})
	if err != nil {
		t.Fatal(err)
	}
	l.server, l.handler = lts, lts.Handler()
	web := httptest.NewServer(contract(t, l.handler))
	l.url = web.URL
	t.Cleanup(func() {
		web.Close()
		if err := lts.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})

	if _, err := l.AddOrganization(ctx, "Example Corp", "100001"); err != nil {
		t.Fatal(err)
	}
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "reader"})
	l.item(t, store.Item{ID: "scans", Quota: 1_000_000}, "100001-reader")
	return l
}

func (l *lts) code(t testing.TB, code administration.HandshakeCode) {
	t.Helper()
	if _, err := l.AddHandshakeCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
}

// item adds an item; what it leaves out is filled in.
func (l *lts) item(t testing.TB, item store.Item, codes ...string) {
	t.Helper()
	if item.Name == "" {
		item.Name = item.ID
	}
	if item.Organization == "" {
		item.Organization = "100001"
	}
	if item.ChargeWay == 0 {
		item.ChargeWay = protocol.ChargeWayScanCount
	}
	if item.Products == 0 {
		item.Products = protocol.ProductAll
	}
	if item.StartsAt == 0 {
		item.StartsAt = l.clock().Add(-time.Hour).Unix()
	}
	if item.ExpiresAt == 0 {
		item.ExpiresAt = l.clock().AddDate(1, 0, 0).Unix()
	}
	if item.MaxBufferDays == 0 {
		item.MaxBufferDays = 365
	}
	if _, err := l.AddItem(t.Context(), item, codes); err != nil {
		t.Fatal(err)
	}
}

// lockedBuffer keeps what is written to it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// testLog shows the server's log with the test's.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	if _, fuzzing := l.t.(*testing.F); !fuzzing { // which may not log from within its target
		l.t.Logf("%s", line)
	}
	return len(line), nil
}

func group(run, code, item string, reports ...protocol.Report) protocol.ReportGroup {
	return protocol.ReportGroup{Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180, Reports: reports}
}

// slotStart is the start of a slot n slots ago.
func (l *lts) slotStart(n int64) int64 {
	now := l.clock().Unix()
	return now - now%180 - n*180
}

func (l *lts) statistics(t testing.TB, query store.StatisticsQuery) store.Statistics {
	t.Helper()
	if query.By == nil {
		query.By = []store.Column{store.ByHandshake, store.ByItem, store.ByType}
	}
	statistics, err := l.store.Statistics(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return statistics
}

// used is how much of item scans is used.
func (l *lts) used(t testing.TB) int64 {
	t.Helper()
	items, err := l.store.Items(t.Context(), l.clock().Unix())
	if err != nil {
		t.Fatal(err)
	}
	return items[0].Use.Units
}

// verify checks that totals and raw reports agree.
func (l *lts) verify(t testing.TB) {
	t.Helper()
	result, err := verification.Run(t.Context(), l.store, verification.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range result.Differences {
		t.Errorf("%+v", d)
	}
}

func TestAuthorizeAndReport(t *testing.T) {
	l := start(t)
	device := l.device()
	granted, err := device.Authorize(device.Request("100001-reader"))
	if err != nil {
		t.Fatal(err)
	}
	if granted.Item.ID != "scans" || granted.OrganizationID != "100001" || granted.Quota.Limit != 1_000_000 ||
		granted.Quota.Tolerance != 50_000 || granted.Quota.State != protocol.QuotaOK {
		t.Errorf("%+v", granted)
	}
	run := uuid.NewString()
	for revision := int64(1); revision <= 3; revision++ {
		for range 2 { // each twice
			receipt, err := device.Report(device.Batch(group(run, "100001-reader", "scans",
				protocol.Report{Slot: l.slotStart(1), Revision: revision,
					Counts: map[string]int64{"QR_CODE": 3 * revision, "EAN_13": 2}})))
			if err != nil {
				t.Fatal(err)
			}
			if receipt.Accepted != 1 || len(receipt.Exceptions) != 0 || len(receipt.Items) != 1 ||
				receipt.Items[0].Quota.Used != 3*revision+2 {
				t.Errorf("%+v", receipt)
			}
		}
	}
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != 11 || len(s.Rows) != 2 || s.Rows[0].Count != 2 ||
		s.Rows[1].Count != 9 {
		t.Errorf("%+v", s)
	}
	l.verify(t)
}
