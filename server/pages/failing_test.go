package pages_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/pages"
	"github.com/openlts/openlts/server/store"
)

// failing is a store that answers so many times, and then fails once.
type failing struct {
	store.Store
	left   atomic.Int64 // answers before it fails
	failed atomic.Bool
}

var errAway = errors.New("the database is away")

func (f *failing) next() error {
	if f.left.Add(-1) == -1 {
		f.failed.Store(true)
		return errAway
	}
	return nil
}

func asked[V any](f *failing, read func() (V, error)) (none V, err error) {
	if err := f.next(); err != nil {
		return none, err
	}
	return read()
}

func (f *failing) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Store.Query(ctx, query, arguments, row)
}

func (f *failing) Update(ctx context.Context, do func(store.Tx) error) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Store.Update(ctx, do)
}

func (f *failing) Organizations(ctx context.Context, keys ...store.ID) ([]store.Organization, error) {
	return asked(f, func() ([]store.Organization, error) { return f.Store.Organizations(ctx, keys...) })
}

func (f *failing) HandshakeCodes(ctx context.Context, keys ...store.ID) ([]store.HandshakeCodeUse, error) {
	return asked(f, func() ([]store.HandshakeCodeUse, error) { return f.Store.HandshakeCodes(ctx, keys...) })
}

func (f *failing) Items(ctx context.Context, now int64, keys ...store.ID) ([]store.ItemUse, error) {
	return asked(f, func() ([]store.ItemUse, error) { return f.Store.Items(ctx, now, keys...) })
}

func (f *failing) Devices(ctx context.Context, keys ...store.ID) ([]store.DeviceUse, error) {
	return asked(f, func() ([]store.DeviceUse, error) { return f.Store.Devices(ctx, keys...) })
}

func (f *failing) DeviceKeys(ctx context.Context, device string) ([]store.DeviceKeyUse, error) {
	return asked(f, func() ([]store.DeviceKeyUse, error) { return f.Store.DeviceKeys(ctx, device) })
}

func (f *failing) Products(ctx context.Context) ([]store.Product, error) {
	return asked(f, func() ([]store.Product, error) { return f.Store.Products(ctx) })
}

func (f *failing) LicenseFiles(ctx context.Context) ([]store.LicenseFile, error) {
	return asked(f, func() ([]store.LicenseFile, error) { return f.Store.LicenseFiles(ctx) })
}

func (f *failing) Statistics(ctx context.Context, q store.StatisticsQuery) (store.Statistics, error) {
	return asked(f, func() (store.Statistics, error) { return f.Store.Statistics(ctx, q) })
}

func (f *failing) Examine(ctx context.Context, do func(store.Examination) error) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Store.Examine(ctx, do)
}

func (f *failing) Retention(ctx context.Context) (map[store.Record]int64, error) {
	return asked(f, func() (map[store.Record]int64, error) { return f.Store.Retention(ctx) })
}

func (f *failing) Statements(ctx context.Context, organization string) ([]store.Statement, error) {
	return asked(f, func() ([]store.Statement, error) { return f.Store.Statements(ctx, organization) })
}

// Whichever of its questions to the database fails, a page says that it can't be shown: none
// shows zero, or an empty list, for what it does not know.
func TestNoPageWithoutItsData(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	s := &failing{Store: o.desk.Store}
	s.left.Store(1 << 40)
	desk := *o.desk
	desk.Store = s
	handler := must[http.Handler](t)((&pages.Pages{
		Administrator: &desk, Attempts: administration.NewAttempts(), PublicKey: make([]byte, 32),
		Log: slog.New(slog.DiscardHandler), Version: "test",
	}).Handler())
	listener := httptest.NewServer(handler)
	defer listener.Close()
	v := (&office{url: listener.URL}).signedIn(t, "olga")
	questions := 0
	for _, path := range o.all(t) {
		for n := int64(0); ; n++ {
			s.failed.Store(false)
			s.left.Store(n)
			response, body := v.get(t, path)
			s.left.Store(1 << 40)
			if !s.failed.Load() { // it asked less often
				if response.StatusCode != http.StatusOK {
					t.Errorf("%s: %d", path, response.StatusCode)
				}
				break
			}
			questions++
			if response.StatusCode != http.StatusInternalServerError ||
				!strings.Contains(body, "could not make this page") {
				t.Errorf("%s, with its question %d failing: %d\n%.300s", path, n+1, response.StatusCode, body)
			}
		}
	}
	if questions < 100 {
		t.Errorf("only %d questions were tried", questions)
	}
	t.Logf("%d questions failed", questions)
}
