package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

// counter is a writer with an organization and a device.
type counter struct {
	*ingest.Writer
	*administration.Administrator
	store    store.Store
	database string // its name
	device   store.Reporter
	log      *slog.Logger

	mu      sync.Mutex
	pairs   map[pair][2]store.ID // codes and items that newItem added
	granted map[grant]bool
}

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

type pair struct{ code, item string }

type grant struct {
	pair
	device string
}

func newCounter(t testing.TB) *counter {
	t.Helper()
	name := teststore.Name(t)
	s := teststore.Open(t, name)
	c := &counter{
		database:      name,
		Writer:        ingest.NewWriter(s, servertest.Start, slog.New(slog.DiscardHandler)),
		log:           slog.New(slog.DiscardHandler),
		pairs:         map[pair][2]store.ID{},
		granted:       map[grant]bool{},
		Administrator: &administration.Administrator{Store: s, Now: servertest.Start, Actor: "test"},
		store:         s,
	}
	t.Cleanup(c.Close)
	if _, err := c.AddOrganization(context.Background(), "Example Corp", "100001"); err != nil {
		t.Fatal(err)
	}
	c.device = c.newDevice(t)
	return c
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// newDevice adds a device as an authorization does.
func (c *counter) newDevice(t fataler) store.Reporter {
	t.Helper()
	id := uuid.NewString()
	state := &store.DeviceState{}
	err := c.store.Apply(context.Background(), &store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{Devices: []store.Device{{UUID: id}}, Known: map[string]*store.DeviceState{id: state}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return store.Reporter{Device: state.Key, UUID: id}
}

// newItem adds a code with an item of the same name.
func (c *counter) newItem(t fataler, name string) (code, item string) {
	t.Helper()
	if _, err := c.AddHandshakeCode(context.Background(),
		administration.HandshakeCode{Organization: "100001", Custom: name}); err != nil {
		t.Fatal(err)
	}
	code = "100001-" + name
	_, err := c.AddItem(context.Background(), store.Item{
		ID: name, Name: name, Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
		Products: protocol.ProductAll, Quota: 1000, StartsAt: 1, ExpiresAt: servertest.Start().Add(time.Hour).Unix(),
		MaxBufferDays: 365,
	}, []string{code})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.store.Update(context.Background(), func(tx store.Tx) error {
		found, codeErr := tx.HandshakeCode(code)
		item, itemErr := tx.Item(name)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pairs[pair{code, name}] = [2]store.ID{found.Key, item.Key}
		return errors.Join(codeErr, itemErr)
	}); err != nil {
		t.Fatal(err)
	}
	return code, name
}

// grant grants a device what groups are of, as far as newItem added it.
func (c *counter) grant(t fataler, device store.Reporter, groups []protocol.ReportGroup) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	grants := map[store.Grant]int64{}
	for _, group := range groups {
		p := pair{group.HandshakeCode, group.Item}
		keys, added := c.pairs[p]
		if g := (grant{p, device.UUID}); added && !c.granted[g] {
			c.granted[g] = true
			grants[store.Grant{Device: device.UUID, Reporter: device.Number, Code: keys[0], Item: keys[1]}] = 1
		}
	}
	if len(grants) == 0 {
		return
	}
	err := c.store.Apply(context.Background(), &store.Keys{
		Reporters: []store.Reporter{device},
	}, func(state *store.State) *store.Change {
		return &store.Change{Grants: grants, Known: state.Devices}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *counter) send(t fataler, device store.Reporter, groups ...protocol.ReportGroup) *protocol.Receipt {
	t.Helper()
	c.grant(t, device, groups)
	receipt, err := c.Reports(&protocol.ReportBatch{Groups: groups}, device)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func (c *counter) statistics(t fataler, code string) store.Statistics {
	t.Helper()
	query := store.StatisticsQuery{By: []store.Column{store.BySlot, store.ByType}}
	if code != "" {
		query.HandshakeCodes = []string{code}
	}
	statistics, err := c.store.Statistics(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	return statistics
}

func (c *counter) verify(t fataler) {
	t.Helper()
	result, err := verification.Run(context.Background(), c.store, verification.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Differences) > 0 {
		t.Fatal(result.Differences)
	}
}

// Runs, slots and revisions in any order, any number of times, in any batches,
// one after the other or all at once: the totals are those of the last counts.
func TestReportsAreCountedOnce(t *testing.T) {
	c := newCounter(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		code, item := c.newItem(t, fmt.Sprintf("item%d", n))
		device := c.newDevice(t)
		type key struct {
			slot int64
			kind string
		}
		want := map[key]int64{}
		var total int64
		var sent []protocol.ReportGroup // one report each
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			run := uuid.NewString()
			for slot := range rapid.Int64Range(1, 3).Draw(t, "slots") {
				recorded := map[string]int64{}
				for revision := range rapid.Int64Range(1, 4).Draw(t, "revisions") {
					kind, units := rapid.SampledFrom([]string{"QR_CODE", "EAN_13", "MRZ"}).Draw(t, "type"),
						rapid.Int64Range(1, 9).Draw(t, "units")
					recorded[kind] += units
					want[key{slot * 180, kind}] += units
					total += units
					sent = append(sent, protocol.ReportGroup{
						Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180,
						Reports: []protocol.Report{
							{Slot: slot * 180, Revision: revision + 1, Counts: maps.Clone(recorded)},
						},
					})
				}
			}
		}
		order := rapid.Permutation(append(sent, sent...)).Draw(t, "order")
		batch := rapid.IntRange(1, 5).Draw(t, "batch")
		together := rapid.Bool().Draw(t, "together")
		var wg sync.WaitGroup
		for begin := 0; begin < len(order); begin += batch {
			groups := order[begin:min(begin+batch, len(order))]
			send := func() {
				if receipt := c.send(t, device, groups...); receipt.Accepted != len(groups) {
					t.Errorf("%+v", receipt)
				}
			}
			if together {
				wg.Go(send)
			} else {
				send()
			}
		}
		wg.Wait()

		statistics := c.statistics(t, code)
		got := map[key]int64{}
		for _, row := range statistics.Rows {
			got[key{row.Slot, row.Type}] = row.Count
		}
		if !maps.Equal(got, want) {
			t.Fatalf("counted %v, recorded %v", got, want)
		}
		last := c.send(t, device, sent[0])
		if last.Items[0].Quota.Used != total {
			t.Fatalf("the item's usage is %d, not %d", last.Items[0].Quota.Used, total)
		}
	})
	c.verify(t)
}

// Many devices at once on one item.
func TestConcurrentReporters(t *testing.T) {
	c := newCounter(t)
	code, item := c.newItem(t, "scans")
	const devices, batches, reports = 16, 10, 5
	var wg sync.WaitGroup
	for range devices {
		device, run := c.newDevice(t), uuid.NewString()
		wg.Go(func() {
			for b := range int64(batches) {
				group := protocol.ReportGroup{Run: run, HandshakeCode: code, Item: item, SlotSeconds: 1}
				for r := range int64(reports) {
					group.Reports = append(group.Reports, protocol.Report{
						Slot: b*reports + r, Revision: 1, Counts: map[string]int64{"QR_CODE": 2},
					})
				}
				for range 2 {
					c.send(t, device, group)
				}
			}
		})
	}
	wg.Wait()
	if s := c.statistics(t, code); s.Total != devices*batches*reports*2 || len(s.Rows) != batches*reports {
		t.Errorf("%d in %d rows", s.Total, len(s.Rows))
	}
	c.verify(t)
}

// A bad report is an exception and leaves the others alone.
func TestExceptions(t *testing.T) {
	c := newCounter(t)
	code, item := c.newItem(t, "scans")
	if _, err := c.AddOrganization(t.Context(), "Other", "100002"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddItem(t.Context(), store.Item{
		ID: "foreign", Name: "foreign", Organization: "100002", ChargeWay: protocol.ChargeWayScanCount, Products: 1,
		Quota: 1, StartsAt: 1, ExpiresAt: 2, MaxBufferDays: 1,
	}, nil); err != nil {
		t.Fatal(err)
	}
	run := uuid.NewString()
	good := protocol.Report{Slot: 360, Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}
	many := map[string]int64{}
	for i := range 257 {
		many[fmt.Sprintf("T%d", i)] = 1
	}
	plain := func(change func(*protocol.ReportGroup)) protocol.ReportGroup {
		g := protocol.ReportGroup{
			Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180, Reports: []protocol.Report{good},
		}
		change(&g)
		return g
	}
	bad := func(change func(*protocol.Report)) protocol.ReportGroup {
		r := good
		r.Slot = 720
		change(&r)
		return plain(func(g *protocol.ReportGroup) { g.Reports = []protocol.Report{good, r} })
	}
	for _, test := range []struct {
		name  string
		group protocol.ReportGroup
		want  protocol.Status
	}{
		{"unknown code", plain(func(g *protocol.ReportGroup) { g.HandshakeCode = "100001-nobody" }),
			protocol.StatusRequestNotAuthenticated},
		{"unknown item", plain(func(g *protocol.ReportGroup) {
			g.Item = "nothing"
		}), protocol.StatusRequestNotAuthenticated},
		{"item of another organization", plain(func(g *protocol.ReportGroup) { g.Item = "foreign" }),
			protocol.StatusRequestNotAuthenticated},
		{"run", plain(func(g *protocol.ReportGroup) { g.Run = "x" }), protocol.StatusRequestMalformed},
		{"run in capitals", plain(func(g *protocol.ReportGroup) { g.Run = "7F1F7BEB-92B4-4F34-8C6B-4E0B0C3A8A11" }),
			protocol.StatusRequestMalformed},
		{"long code", plain(func(g *protocol.ReportGroup) { g.HandshakeCode = string(make([]byte, 129)) }),
			protocol.StatusRequestMalformed},
		{"slot of 7 s", plain(func(g *protocol.ReportGroup) { g.SlotSeconds = 7 }), protocol.StatusRequestMalformed},
		{"slot of 0 s", plain(func(g *protocol.ReportGroup) { g.SlotSeconds = 0 }), protocol.StatusRequestMalformed},
		{"slot of -180 s", plain(func(g *protocol.ReportGroup) {
			g.SlotSeconds = -180
		}), protocol.StatusRequestMalformed},
		{"slot not on a boundary", bad(func(r *protocol.Report) { r.Slot = 361 }), protocol.StatusRequestMalformed},
		{"slot before 1970", bad(func(r *protocol.Report) { r.Slot = -180 }), protocol.StatusRequestMalformed},
		{"slot after 9999", bad(func(r *protocol.Report) { r.Slot = 253402300800 }), protocol.StatusRequestMalformed},
		{"slot in 200 years", bad(func(r *protocol.Report) { r.Slot = 7258118400 }), protocol.StatusRequestMalformed},
		{"revision of the largest number", bad(func(r *protocol.Report) { r.Revision = 1<<63 - 1 }),
			protocol.StatusRequestMalformed},
		{"revision 0", bad(func(r *protocol.Report) { r.Revision = 0 }), protocol.StatusRequestMalformed},
		{"no counts", bad(func(r *protocol.Report) { r.Counts = nil }), protocol.StatusRequestMalformed},
		{"too many counts", bad(func(r *protocol.Report) { r.Counts = many }), protocol.StatusRequestMalformed},
		{"count 0", bad(func(r *protocol.Report) { r.Counts = map[string]int64{"QR_CODE": 0} }),
			protocol.StatusRequestMalformed},
		{"count -1", bad(func(r *protocol.Report) { r.Counts = map[string]int64{"QR_CODE": -1} }),
			protocol.StatusRequestMalformed},
		{"count beyond 2^53", bad(func(r *protocol.Report) { r.Counts = map[string]int64{"QR_CODE": 1 << 53} }),
			protocol.StatusRequestMalformed},
		{"type name", bad(func(r *protocol.Report) { r.Counts = map[string]int64{"qr code": 1} }),
			protocol.StatusRequestMalformed},
		{"cause of loss", bad(func(r *protocol.Report) { r.Lost = "dog" }), protocol.StatusRequestMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			fine := plain(func(g *protocol.ReportGroup) {})
			receipt := c.send(t, c.device, fine, test.group, fine)
			if len(receipt.Exceptions) != 1 {
				t.Fatalf("%+v", receipt)
			}
			e := receipt.Exceptions[0]
			if e.Group != 1 || e.Report != len(test.group.Reports)-1 || e.Code != test.want || e.Message == "" ||
				e.Retry != (test.want == protocol.StatusRequestNotAuthenticated) {
				t.Errorf("%+v", e)
			}
			if receipt.Accepted != len(test.group.Reports)+1 {
				t.Errorf("accepted %d", receipt.Accepted)
			}
		})
	}
	if s := c.statistics(t, code); s.Total != 1 {
		t.Errorf("counted %d, not 1", s.Total)
	}
	c.verify(t)
}

// Slots far from now count, and are noted; an item that was not granted is noted,
// and does not count.
func TestAnomaliesCount(t *testing.T) {
	c := newCounter(t)
	code, item := c.newItem(t, "scans")
	_, other := c.newItem(t, "others")
	run := uuid.NewString()
	future := servertest.Start().Add(24*time.Hour).Unix() / 180 * 180
	c.send(t, c.device,
		protocol.ReportGroup{Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180, Reports: []protocol.Report{
			{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 1}},
			{Slot: future, Revision: 1, Counts: map[string]int64{"QR_CODE": 2}},
			{Slot: future, Revision: 2, Counts: map[string]int64{"QR_CODE": 1}},
			{Slot: future, Revision: 2, Counts: map[string]int64{"QR_CODE": 9}},
		}},
		protocol.ReportGroup{Run: run, HandshakeCode: code, Item: other, SlotSeconds: 180, Reports: []protocol.Report{
			{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 4}},
		}})
	if s := c.statistics(t, code); s.Total != 3 {
		t.Errorf("counted %d, not 3", s.Total)
	}
	anomalies, err := c.store.Anomalies(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, a := range anomalies {
		kinds[a.Kind] = true
	}
	for _, kind := range []string{"slot-in-past", "slot-in-future", "not-granted", "counts-fell", "revision-conflict"} {
		if !kinds[kind] {
			t.Errorf("%s was not noted: %+v", kind, anomalies)
		}
	}
	c.verify(t)
}

// Sums stop at the largest number instead of failing the reports of others.
func TestAbsurdCounts(t *testing.T) {
	c := newCounter(t)
	code, item := c.newItem(t, "scans")
	const largest = 1<<53 - 1
	var reports []protocol.Report
	for i := range int64(1100) {
		reports = append(reports, protocol.Report{Slot: i, Revision: 1, Counts: map[string]int64{"QR_CODE": largest}})
	}
	group := protocol.ReportGroup{
		Run: uuid.NewString(), HandshakeCode: code, Item: item, SlotSeconds: 1, Reports: reports,
	}
	receipt := c.send(t, c.device, group)
	if used := receipt.Items[0].Quota.Used; used != 1<<63-1 {
		t.Errorf("used %d", used)
	}
	group = protocol.ReportGroup{
		Run: uuid.NewString(), HandshakeCode: code, Item: item, SlotSeconds: 1, Reports: reports[:1],
	}
	if receipt := c.send(t, c.newDevice(t), group); receipt.Accepted != 1 {
		t.Errorf("%+v", receipt)
	}
	if s := c.statistics(t, code); s.Total != 1<<63-1 {
		t.Errorf("counted %d", s.Total)
	}
	c.verify(t)
}

// What a device says of its usage is kept, the latest; nonsense is noted and
// does not concern the reports.
func TestDeviceAccounts(t *testing.T) {
	c := newCounter(t)
	code, item := c.newItem(t, "item")
	run, slotStart := uuid.NewString(), servertest.Start().Unix()/180*180
	send := func(sentAt int64, account *protocol.DeviceAccount, revision, n int64) *protocol.Receipt {
		t.Helper()
		groups := []protocol.ReportGroup{{
			Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180,
			Reports: []protocol.Report{
				{Slot: slotStart, Revision: revision, Counts: map[string]int64{"QR_CODE": n}, Found: true},
			},
		}}
		c.grant(t, c.device, groups)
		receipt, err := c.Reports(&protocol.ReportBatch{SentAt: sentAt, Account: account, Groups: groups}, c.device)
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	for _, step := range []struct {
		sentAt     int64
		account    *protocol.DeviceAccount
		revision   int64
		n, added   int64
		want       protocol.DeviceAccount
		anomalies  int
		lostInSums int64
	}{
		{100, nil, 1, 5, 5, protocol.DeviceAccount{}, 0, 0},
		{110, &protocol.DeviceAccount{Recorded: 5}, 1, 5, 0, protocol.DeviceAccount{Recorded: 5}, 0, 0},
		{120, &protocol.DeviceAccount{Recorded: 9, Storage: 2}, 2, 6, 1,
			protocol.DeviceAccount{Recorded: 9, Storage: 2}, 1, 2},
		{130, &protocol.DeviceAccount{Recorded: 9, Storage: 2}, 3, 4, 0,
			protocol.DeviceAccount{Recorded: 9, Storage: 2}, 1, 2},
		// replayed
		{105, &protocol.DeviceAccount{Recorded: 5}, 1, 5, 0, protocol.DeviceAccount{Recorded: 9, Storage: 2}, 1, 2},
		{50, &protocol.DeviceAccount{Recorded: 12, Storage: 2, Expired: 1}, 4, 9, 3,
			protocol.DeviceAccount{Recorded: 12, Storage: 2, Expired: 1}, 1, 2},
		{140, &protocol.DeviceAccount{Recorded: 1, Storage: 2}, 5, 10, 1,
			protocol.DeviceAccount{Recorded: 12, Storage: 2, Expired: 1}, 2, 2},
		{1<<63 - 1, &protocol.DeviceAccount{Recorded: 1000}, 5, 10, 0,
			protocol.DeviceAccount{Recorded: 12, Storage: 2, Expired: 1}, 2, 2},
		{150, &protocol.DeviceAccount{Recorded: -1}, 6, 11, 1,
			protocol.DeviceAccount{Recorded: 12, Storage: 2, Expired: 1}, 2, 2},
	} {
		receipt := send(step.sentAt, step.account, step.revision, step.n)
		if receipt.Accepted != 1 || len(receipt.New) == 0 && step.added != 0 ||
			len(receipt.New) == 1 && receipt.New[0].Units != step.added {
			t.Errorf("at %d: %+v, want %d new units", step.sentAt, receipt, step.added)
		}
		devices, err := c.store.Devices(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if account := devices[0].Account; (account == nil) != (step.account == nil) ||
			account != nil && *account != step.want {
			t.Errorf("at %d: %+v is stored, want %+v", step.sentAt, account, step.want)
		}
		anomalies, err := c.store.Anomalies(context.Background(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(anomalies) != step.anomalies {
			t.Errorf("at %d: %+v", step.sentAt, anomalies)
		}
		if s := c.statistics(t, ""); s.Lost[protocol.LostStorage] != step.lostInSums {
			t.Errorf("at %d: lost %v", step.sentAt, s.Lost)
		}
	}
	c.verify(t)
}
