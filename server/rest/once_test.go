package rest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// onBoth runs a test on each store, by a name of an empty database.
func onBoth(t *testing.T, test func(t *testing.T, name string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, database.SQLite(t.TempDir())) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgrestest.Database(t)) })
}

// Of several requests at once with one key, one acts, and all are answered alike.
func TestOnceOfMany(t *testing.T) {
	onBoth(t, func(t *testing.T, name string) {
		c := newCallerOf(t, teststore.Open(t, name), servertest.Start)
		c.as(t, administration.ScopeWrite, "")
		c.call(t, "GET", "organizations", "")
		for round, body := range []string{`{"name": "Example"}`, `{"name": "Example", "id": "7"}`} {
			key := strings.Repeat("k", round+1)
			var all sync.WaitGroup
			ids := make([]any, 8)
			for i := range ids {
				all.Go(func() {
					status, _, object := c.call(t, "POST", "organizations", body, "Idempotency-Key", key)
					if status != 201 {
						t.Errorf("%d %v", status, object)
					}
					ids[i] = object["id"]
				})
			}
			all.Wait()
			for _, id := range ids {
				if id != ids[0] {
					t.Errorf("one request made %v", ids)
				}
			}
		}
		if page, err := c.desk.Organizations(t.Context(), administration.Selection{}); err != nil ||
			len(page.Items) != 2 {
			t.Errorf("%+v, %v", page, err)
		}
	})
}

// crashing is a store that commits so many more changes and then none: as if the server
// stopped right there.
type crashing struct {
	store.Store
	left atomic.Int64 // changes that are still made; negative: all
}

var errCrash = errors.New("the power failed")

func (s *crashing) Update(ctx context.Context, f func(store.Tx) error) error {
	if s.left.Load() == 0 {
		return errCrash
	}
	s.left.Add(-1)
	return s.Store.Update(ctx, f)
}

// After a crash between the change and its answer, and before the change, a request
// that comes again finds what there is: it acts once.
func TestOnceThroughCrashes(t *testing.T) {
	onBoth(t, func(t *testing.T, name string) {
		s := &crashing{Store: teststore.Open(t, name)}
		s.left.Store(-1)
		c := newCallerOf(t, s, servertest.Start)
		c.as(t, administration.ScopeWrite, "")
		c.call(t, "GET", "organizations", "")
		for i, changes := range []int64{1, 0} { // the change is made and its answer lost; nothing is made
			key := strings.Repeat("k", i+1)
			s.left.Store(changes)
			c.call(t, "POST", "organizations", `{"name": "Example"}`, "Idempotency-Key", key)
			s.left.Store(-1)
			status, _, first := c.call(t, "POST", "organizations", `{"name": "Example"}`, "Idempotency-Key", key)
			_, _, second := c.call(t, "POST", "organizations", `{"name": "Example"}`, "Idempotency-Key", key)
			if status != 201 || first["id"] == nil || first["id"] != second["id"] {
				t.Errorf("%d: %v, then %v", status, first, second)
			}
		}
		if page, err := c.desk.Organizations(t.Context(), administration.Selection{}); err != nil ||
			len(page.Items) != 2 {
			t.Errorf("%+v, %v", page, err)
		}
	})
}

// What is found as it was left, when its answer was lost, is not in the audit twice, nor
// dated anew.
func TestOnceQuietly(t *testing.T) {
	o := servertest.NewOffice(t)
	uuid := used(t, o)
	s := &crashing{Store: o.Store}
	s.left.Store(-1)
	now := o.Clock()
	c := newCallerOf(t, s, func() time.Time { now = now.Add(time.Second); return now })
	c.as(t, administration.ScopeWrite, "")
	c.call(t, "GET", "organizations", "")
	s.left.Store(1) // the change is made and its answer lost
	path := "devices/" + uuid + "/keys/second/confirm"
	c.call(t, "POST", path, "", "Idempotency-Key", "k")
	s.left.Store(-1)
	keys, err := c.desk.DeviceKeys(t.Context(), uuid)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, object := c.call(t, "POST", path, "", "Idempotency-Key", "k"); status != 200 ||
		object["apart"] == nil {
		t.Error(status, object)
	}
	again, err := c.desk.DeviceKeys(t.Context(), uuid)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(keys) {
		t.Errorf("%v became %v, %v", keys, again, err)
	}
	page, err := c.desk.Audits(t.Context(), administration.Selection{Kinds: []string{"device.confirm-key"}})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%+v, %v", page.Items, err)
	}
}

// Whatever is changed is changed once with a key, also what answers with nothing; a
// license key is never kept.
func TestOnceOfEach(t *testing.T) {
	o := servertest.NewOffice(t)
	device := used(t, o)
	s := &crashing{Store: o.Store}
	s.left.Store(-1)
	c := newCallerOf(t, s, o.Clock)
	c.as(t, administration.ScopeWrite, "")
	other := c.seated(t, device)
	c.call(t, "GET", "organizations", "")
	for i, request := range []struct {
		path, body string
		want       int
		method     string // "": POST
	}{
		{"handshakes", `{"organization": "100001", "custom": "more", "sessionPassword": "hush-hush"}`, 201, ""},
		{"items", `{"organization": "100001", "chargeWay": "scan", "name": "more", "quota": 10}`, 201, ""},
		{"items/scans/adjustments", `{"units": 7, "reason": "tests"}`, 201, ""},
		{"organizations/100001/archive", ``, 204, ""}, {"organizations/100001/unarchive", ``, 204, ""},
		{"items/scans/archive", ``, 204, ""}, {"items/scans/unarchive", ``, 204, ""},
		{"organizations/100001/statements", `{"month": "2026-01"}`, 201, ""},
		{"items/more/revoke", ``, 204, ""},
		{"handshakes/100001-more/key", `{"server": "https://lts.example.com", "sessionPassword": "hush-hush"}`, 200,
			""},
		{"handshakes/100001-more/password", `{"sessionPassword": "other", "overlapDays": 1}`, 204, ""},
		{"devices/" + device + "/block", ``, 204, ""}, {"devices/" + device + "/unblock", ``, 204, ""},
		{"devices/" + device + "/move-seats", `{"to": "` + other + `"}`, 204, ""},
		{"items/places/seats/" + other, ``, 204, "DELETE"},
		{"devices/" + device + "/merge", `{"into": "` + other + `"}`, 204, ""},
		{"devices/" + device + "/separate", ``, 204, ""},
		{"devices/" + device + "/erase", ``, 204, ""},
		{"products", `{"name": "MINE"}`, 201, ""}, {"products/MINE", `{"name": "OURS"}`, 200, "PATCH"},
		{"organizations/100001", `{"name": "Renamed"}`, 200, "PATCH"},
		{"handshakes/100001-more", `{"validationFields": ["www.example.com"]}`, 200, "PATCH"},
		{"items/more", `{"quota": 20}`, 200, "PATCH"},
		{"items/more", ``, 204, "DELETE"}, {"handshakes/100001-more", ``, 204, "DELETE"},
	} {
		key := strings.Repeat("k", i+1)
		audits := func() int {
			page, err := c.desk.Audits(t.Context(), administration.Selection{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Items)
		}
		before := audits()
		method := cmp.Or(request.method, "POST")
		var tags []string
		for range 3 {
			status, header, object := c.call(t, method, request.path, request.body, "Idempotency-Key", key)
			if status != request.want {
				t.Errorf("%s: %d %v", request.path, status, object)
			}
			tags = append(tags, header.Get("ETag"))
		}
		tagged := method == "PATCH" && !strings.HasPrefix(request.path, "products")
		if tags[1] != tags[0] || (tags[0] != "") != tagged {
			t.Errorf("%s: the tags are %q", request.path, tags)
		}
		const want = 1
		if made := audits() - before; made != want {
			t.Errorf("%s was done %d times, want %d", request.path, made, want)
		}
		if status, _, _ := c.call(t, method, request.path, request.body+" ", "Idempotency-Key", key); status != 412 {
			t.Errorf("%s: another request with the key: %d", request.path, status)
		}
	}
}
