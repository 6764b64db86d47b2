package policy_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// book is a store without a database: it keeps what changes say, and loads what a
// store has to load.
type book struct {
	item    store.Item
	devices map[string]store.ID
	grants  map[store.Grant]bool
	seats   map[store.SeatKey]store.Seat
	steps   map[int64]int64
	use     store.Use
	domains map[store.DomainKey]bool
	batches int64
}

const midnight = int64(1_800_000_000 - 1_800_000_000%86400)

func newBook(way protocol.ChargeWay, quota int64, change func(*store.Item)) *book {
	b := &book{
		devices: map[string]store.ID{}, grants: map[store.Grant]bool{}, seats: map[store.SeatKey]store.Seat{},
		steps:   map[int64]int64{},
		domains: map[store.DomainKey]bool{},
		item: store.Item{
			Key: 12, ID: "item", Organization: "100001", ChargeWay: way, Products: protocol.ProductAll, Quota: quota,
			StartsAt: midnight, ExpiresAt: midnight + 365*86400, MaxBufferDays: 30,
		},
	}
	if change != nil {
		change(&b.item)
	}
	return b
}

func (b *book) load(keys *store.Keys, now int64, counted []store.Counted) *store.State {
	state := world()
	state.CodeItems = map[store.ID][]store.CodeItem{22: {{Item: b.item}}}
	state.Items = map[string]store.Item{b.item.ID: b.item}
	use := b.use
	from := min(use.At, keys.SeatsSince(&b.item, now))
	needed := keys.SeatsSince(&b.item, now)
	for _, c := range counted {
		from, needed = min(from, keys.SeatsSince(&b.item, c.Since)), min(needed, keys.SeatsSince(&b.item, c.Since))
	}
	for _, at := range slices.Sorted(maps.Keys(b.steps)) {
		if at > from && at <= max(now, use.At) && b.steps[at] != 0 {
			use.Steps = append(use.Steps, store.Step{At: at, Change: b.steps[at]})
		}
	}
	state.Uses = map[store.ID]*store.Use{b.item.Key: &use}
	for uuid, key := range b.devices {
		all := b.seatsOf(uuid)
		first := 0
		for i, s := range all {
			if s.From <= needed {
				first = i
			}
		}
		state.Devices[uuid] = &store.DeviceState{Key: key, Reporters: map[string]int64{"key " + uuid: 0},
			NextReporter: 1,
			Seats:        map[store.ID][]store.Seat{b.item.Key: all[first:]}}
	}
	state.Grants, state.Domains = maps.Clone(b.grants), maps.Clone(b.domains)
	return state
}

func (b *book) seatsOf(uuid string) (seats []store.Seat) {
	for key, s := range b.seats {
		if key.Device == uuid {
			seats = append(seats, s)
		}
	}
	slices.SortFunc(seats, func(a, b store.Seat) int { return cmp.Compare(a.From, b.From) })
	return seats
}

// decide decides on a request at a moment and keeps the change.
func (b *book) decide(request policy.Request, now int64) policy.Answer {
	keys := &store.Keys{Now: now}
	request.Require(keys)
	change, answers := policy.Apply(b.load(keys, now, keys.Counted), []policy.Request{request}, time.Unix(now, 0))
	for _, d := range change.Devices {
		if b.devices[d.UUID] == 0 {
			b.devices[d.UUID] = store.ID(len(b.devices) + 1)
		}
	}
	for grant := range change.Grants {
		b.grants[grant] = true
	}
	for key, s := range change.Seats {
		if s.Weight == 0 {
			delete(b.seats, key)
		} else {
			b.seats[key] = s
		}
	}
	for key, by := range change.Steps {
		b.steps[key.At] += by
	}
	for key := range change.Domains {
		b.domains[key] = true
	}
	if sum, ok := change.Sums[b.item.Key]; ok {
		b.use.SeatSum = sum
	}
	for _, units := range change.Used {
		b.use.Units += units
	}
	return answers[0]
}

func (b *book) ask(device string, now int64, change func(*protocol.AuthorizationRequest)) policy.Answer {
	a := asking(device, "key "+device, "100001-seats")
	a.Request.ClientTime = now
	if change != nil {
		change(a.Request)
	}
	return b.decide(a, now)
}

func instances(n int) func(*protocol.AuthorizationRequest) {
	return func(r *protocol.AuthorizationRequest) { r.InstanceCount = n }
}

// report reports one operation in each of these slots.
func (b *book) report(device string, now int64, closed bool, slots ...int64) policy.Answer {
	b.batches++
	group := protocol.ReportGroup{Run: run, HandshakeCode: "100001-seats", Item: b.item.ID, SlotSeconds: 180}
	for _, slot := range slots {
		group.Reports = append(group.Reports, protocol.Report{
			Slot: slot, Revision: b.batches, Counts: map[string]int64{"QR_CODE": b.batches},
		})
	}
	body := &protocol.ReportBatch{Groups: []protocol.ReportGroup{group}}
	if closed {
		body.Closed = []protocol.ClosedLicense{{HandshakeCode: "100001-seats", Item: b.item.ID}}
	}
	return b.decide(policy.NewBatch(body, store.Reporter{Device: b.devices[device], UUID: device}, time.Unix(now, 0)),
		now)
}

func (b *book) usage(now int64) policy.Usage {
	use := b.use
	for _, at := range slices.Sorted(maps.Keys(b.steps)) {
		if at > use.At && at <= now && b.steps[at] != 0 {
			use.Steps = append(use.Steps, store.Step{At: at, Change: b.steps[at]})
		}
	}
	return policy.Using(store.ItemUse{Item: b.item, Use: use}, time.Unix(now, 0))
}

func clock(text string) int64 {
	t, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		panic(err)
	}
	return midnight + int64(t.Hour()*3600+t.Minute()*60+t.Second())
}

// A concurrent seat lasts to the end of the slot that four minutes later lies in: so
// that it covers the next slot, and a request may take a minute. The first four are
// the vendor's published values; the fifth lies between them.
func TestConcurrentSeatUntil(t *testing.T) {
	for _, test := range []struct{ at, until string }{
		{"00:00:00", "00:06:00"}, {"00:01:59", "00:06:00"}, {"00:02:01", "00:09:00"}, {"00:03:00", "00:09:00"},
		{"00:02:00", "00:06:00"}, {"00:05:00", "00:09:00"}, {"00:05:01", "00:12:00"}, {"23:54:00", "23:59:59"},
	} {
		for _, way := range []protocol.ChargeWay{protocol.ChargeWayConcurrentDeviceCount,
			protocol.ChargeWayConcurrentInstanceCount} {
			b := newBook(way, 10, nil)
			b.ask("a", clock(test.at), nil)
			want := clock(test.until)
			if test.until == "23:59:59" {
				want++ // midnight
			}
			from := clock(test.at) - clock(test.at)%180
			if got := b.seatsOf("a"); !slices.Equal(got, []store.Seat{{From: from, Until: want, Weight: 1}}) {
				t.Errorf("way %d at %s: %+v, not from %d until %d", way, test.at, got, from, want)
			}
		}
	}
}

// How long each charge way keeps a seat.
func TestSeatLasts(t *testing.T) {
	const d = int64(86400)
	tried := map[protocol.ChargeWay]bool{}
	for _, test := range []struct {
		way     protocol.ChargeWay
		expires int64 // from now
		want    int64
		change  func(*store.Item)
		source  string
	}{
		{way: protocol.ChargeWayDeviceCount, expires: 300 * d, want: 90 * d},
		{way: protocol.ChargeWayDeviceCount, expires: 30 * d, want: 30 * d},
		{way: protocol.ChargeWayDeviceCount, expires: 3 * d, want: 7 * d},
		{way: protocol.ChargeWayDeviceCount, expires: -6 * d, want: 7 * d},
		{way: protocol.ChargeWayInstanceCount, expires: 300 * d, want: 90 * d},
		{way: protocol.ChargeWayConcurrentDeviceCount, expires: 300 * d, want: 360},
		{way: protocol.ChargeWayConcurrentInstanceCount, expires: 300 * d, want: 360},
		{way: protocol.ChargeWayActiveDeviceCount, expires: 300 * d, want: d},
		{way: protocol.ChargeWayActiveDeviceCount, expires: 3600, want: d},
		{way: protocol.ChargeWayDailyActiveDeviceCount, expires: 300 * d, want: d},
		{way: protocol.ChargeWayDailyActiveDeviceCount, expires: 3600, want: 3600},
		{way: protocol.ChargeWayMonthlyActiveDeviceCount, expires: 300 * d, want: 30 * d},
		{way: protocol.ChargeWayQuarterlyActiveDeviceCount, expires: 300 * d, want: 90 * d},
		{way: protocol.ChargeWayYearlyActiveDeviceCount, expires: 400 * d, want: 365 * d},
		{way: protocol.ChargeWayYearlyActiveDeviceCount, expires: 300 * d, want: 300 * d},
		{way: protocol.ChargeWayYearlyActiveDeviceCount, expires: -d, want: 360}, // in the tolerance: while at work
		// By settings of the item.
		{way: protocol.ChargeWayDeviceCount, expires: 300 * d, want: 10 * d, change: func(i *store.Item) {
			i.Charging.Window = new(10 * d)
		}},
		{way: protocol.ChargeWayDeviceCount, expires: d, want: 2 * d, change: func(i *store.Item) {
			i.Charging.Least = new(2 * d)
		}},
		{way: protocol.ChargeWayConcurrentDeviceCount, expires: d, want: 660, change: func(i *store.Item) {
			i.Charging.Slot, i.Charging.Window = new(int64(60)), new(int64(660))
		}},
		// Without a home.
		{way: protocol.ChargeWayDeviceCount, expires: 300 * d, want: d, source: "memory"},
		{way: protocol.ChargeWayInstanceCount, expires: 300 * d, want: d, source: "memory"},
		{way: protocol.ChargeWayYearlyActiveDeviceCount, expires: 300 * d, want: d, source: "memory"},
		{way: protocol.ChargeWayConcurrentDeviceCount, expires: 300 * d, want: 360, source: "memory"},
		{way: protocol.ChargeWayDeviceCount, expires: 300 * d, want: 600, source: "memory",
			change: func(i *store.Item) { i.Charging.Brief = new(int64(600)) }},
	} {
		tried[test.way] = true
		b := newBook(test.way, 10, func(i *store.Item) {
			i.StartsAt, i.ExpiresAt = midnight-900*d, midnight+test.expires
			if test.change != nil {
				test.change(i)
			}
		})
		b.ask("a", midnight, func(r *protocol.AuthorizationRequest) { r.Device.UUIDSource = test.source })
		if got := b.seatsOf("a"); len(got) != 1 || got[0].Until-midnight != test.want ||
			got[0].Brief != (test.source == "memory") {
			t.Errorf("%+v: %+v", test, got)
		}
	}
	for _, way := range policy.ChargeWays() {
		if policy.Seats(store.Item{ChargeWay: way}) && !tried[way] {
			t.Errorf("no row above says how long a seat of the charge way %s lasts", way.Short())
		}
	}
}

// The vendor's example: 10 instances are licensed, 10 servers of 10 instances each are
// at work. That is 90 too many in each slot, and the 10,000 exceptions are used up after
// 112 slots, which is 5 h 36 min. Afterwards everybody is refused.
func TestExceptionsAreUsedUp(t *testing.T) {
	b := newBook(protocol.ChargeWayConcurrentInstanceCount, 10, nil)
	server := func(i int) string { return fmt.Sprintf("server %d", i) }
	for slot := range int64(113) {
		now := midnight + slot*180
		for i := range 10 {
			answer := b.ask(server(i), now+int64(i), instances(10))
			if refused := answer.Refusal != nil; refused != (slot == 112) ||
				refused && protocol.StatusOf(answer.Refusal) != protocol.StatusLimitExceeded {
				t.Fatalf("slot %d, server %d: %v", slot, i, answer.Refusal)
			}
		}
		want := policy.Usage{Used: 100, Exceptions: 90 * slot}
		if got := b.usage(now + 20); got != want {
			t.Fatalf("slot %d: %+v, not %+v", slot, got, want)
		}
	}
	q := policy.Quota(b.item, b.usage(clock("05:36:00")))
	if q != (protocol.Quota{Limit: 10, Used: 100, State: protocol.QuotaExhausted, Exceptions: 10080,
		ExceptionsAllowed: 10000}) {
		t.Errorf("%+v", q)
	}
	// 365 days from the item's start they are cleared, to the slot.
	year := midnight + 365*86400
	if got := b.usage(year - 180).Exceptions; got != 10080+90 { // the last seats lasted one slot more
		t.Errorf("%d exceptions", got)
	}
	b.item.ExpiresAt += 365 * 86400
	if got := b.usage(year).Exceptions; got != 0 {
		t.Errorf("%d exceptions", got)
	}
	if answer := b.ask(server(1), year, instances(10)); answer.Refusal != nil {
		t.Error(answer.Refusal)
	}
}

// What is allowed is a setting of the item.
func TestExceptionsAllowed(t *testing.T) {
	b := newBook(protocol.ChargeWayConcurrentDeviceCount, 1, func(i *store.Item) {
		i.Charging.Exceptions = new(int64(2))
	})
	for slot, want := range []protocol.Status{0, 0, protocol.StatusLimitExceeded, protocol.StatusLimitExceeded} {
		for _, device := range []string{"a", "b"} {
			if got := protocol.StatusOf(b.ask(device, midnight+int64(slot)*180, nil).Refusal); got != want {
				t.Errorf("slot %d, %s: %d, not %d", slot, device, got, want)
			}
		}
	}
}

// A report that comes late makes its slot active again; the exceptions of that slot
// are counted anew. The same again changes nothing.
func TestLateReportsReopenSlots(t *testing.T) {
	b := newBook(protocol.ChargeWayConcurrentDeviceCount, 1, nil)
	b.ask("a", clock("00:00:00"), nil) // until 00:06
	b.ask("b", clock("00:30:00"), nil) // until 00:36
	for _, step := range []struct {
		at     string
		device string
		slots  []string
		used   int64
		want   int64
	}{
		{"10:00:00", "b", []string{"00:00:00"}, 1, 1},                         // beside a
		{"10:00:10", "b", []string{"00:00:00"}, 1, 1},                         // again
		{"10:00:20", "b", []string{"00:03:00", "00:06:00", "00:09:00"}, 1, 2}, // in the first of them, a is there
		{"10:00:30", "a", []string{"00:30:00", "00:06:00"}, 2, 4},
		{"10:00:40", "a", []string{"09:57:00"}, 2, 4},
		{"10:03:00", "a", []string{"10:00:00"}, 2, 5}, // now both of them are over
		{"10:03:10", "b", []string{"09:57:00"}, 2, 6},
	} {
		var slots []int64
		for _, s := range step.slots {
			slots = append(slots, clock(s))
		}
		answer := b.report(step.device, clock(step.at), false, slots...)
		if got := b.usage(clock(step.at)); got != (policy.Usage{Used: step.used, Exceptions: step.want}) ||
			answer.Receipt.Items[0].Quota.Exceptions != step.want {
			t.Errorf("%+v: %+v, receipt %+v", step, got, answer.Receipt.Items)
		}
	}
	// What is older than reports are kept, and what can't have been, takes no seat.
	before := b.usage(clock("10:03:10"))
	b.report("a", clock("10:03:10"), false, midnight-33*86400, clock("10:03:10")-clock("10:03:10")%180+3600)
	if got := b.usage(clock("10:03:10")); got != before || len(b.seatsOf("a")) != 3 {
		t.Errorf("%+v, %+v", got, b.seatsOf("a"))
	}
}

// Slots on both sides of midnight are reopened alike, unless exceptions were cleared in
// between: what was cleared stays so, and what lies after it counts.
func TestLateReportsOverMidnight(t *testing.T) {
	const day, slot = 86400, 180
	for _, test := range []struct {
		name     string
		startsAt int64
		late     []int64 // slots, from midnight
		want     int64
	}{
		{"before", midnight - 10*day, []int64{-slot}, 1},
		{"after", midnight - 10*day, []int64{0}, 1},
		{"both", midnight - 10*day, []int64{-slot, 0}, 2},
		{"further than anybody was there", midnight - 10*day, []int64{-2 * slot, slot}, 0},
		{"cleared at midnight", midnight - 365*day, []int64{-slot, 0}, 1},
		{"cleared at midnight, before it", midnight - 365*day, []int64{-slot}, 0},
		{"cleared a slot later", midnight - 365*day + slot, []int64{-slot, 0}, 0},
		{"cleared a slot earlier", midnight - 365*day - slot, []int64{-slot, 0}, 2},
	} {
		for _, at := range []int64{slot + 1, 2 * slot, day / 2, 20 * day} { // when the report comes
			b := newBook(protocol.ChargeWayConcurrentDeviceCount, 1, func(i *store.Item) {
				i.StartsAt, i.ExpiresAt = test.startsAt, midnight+300*day
			})
			b.ask("b", midnight-5*day, nil)
			b.ask("a", midnight-slot, nil) // until 00:03
			if got := b.seatsOf("a"); len(got) != 1 || got[0].Until != midnight+slot {
				t.Fatalf("%+v", got)
			}
			var slots []int64
			for _, s := range test.late {
				slots = append(slots, midnight+s)
			}
			b.report("b", midnight+at, false, slots...)
			if got := b.usage(midnight + max(at, 2*slot)).Exceptions; got != test.want {
				t.Errorf("%s, %d s after midnight: %d exceptions, not %d", test.name, at, got, test.want)
			}
		}
	}
}

// Closing a license gives a concurrent seat back at the end of the slot; other seats stay.
func TestClosingGivesSeatsBack(t *testing.T) {
	for _, test := range []struct {
		way  protocol.ChargeWay
		want string
	}{
		{protocol.ChargeWayConcurrentDeviceCount, "00:03:00"},
		{protocol.ChargeWayConcurrentInstanceCount, "00:03:00"},
	} {
		b := newBook(test.way, 10, nil)
		b.ask("a", clock("00:00:10"), instances(3))
		b.report("a", clock("00:01:00"), true, clock("00:00:00"))
		if got := b.seatsOf("a"); len(got) != 1 || got[0].Until != clock(test.want) ||
			b.usage(clock("00:03:00")).Used != 0 || b.usage(clock("00:02:59")).Used == 0 {
			t.Errorf("way %d: %+v", test.way, got)
		}
		// Another process of the device is at work: it takes the seat again.
		b.report("a", clock("00:03:05"), false, clock("00:00:00"))
		if got := b.usage(clock("00:03:05")).Used; got == 0 {
			t.Errorf("way %d: the seat is gone", test.way)
		}
	}
	for _, way := range []protocol.ChargeWay{protocol.ChargeWayDeviceCount, protocol.ChargeWayActiveDeviceCount} {
		b := newBook(way, 10, nil)
		b.ask("a", clock("00:00:10"), nil)
		before := b.seatsOf("a")
		b.report("a", clock("00:01:00"), true, clock("00:00:00"))
		if got := b.seatsOf("a"); !slices.Equal(got, before) {
			t.Errorf("way %d: %+v, then %+v", way, before, got)
		}
	}
	// Closing what was not granted is nobody's business.
	b := newBook(protocol.ChargeWayConcurrentDeviceCount, 10, nil)
	b.ask("a", clock("00:00:10"), nil)
	granted := b.grants
	b.grants = nil
	b.report("a", clock("00:01:00"), true)
	if got := b.seatsOf("a"); got[0].Until != clock("00:06:00") {
		t.Errorf("%+v", got)
	}
	// Nor is it that of somebody with another key for the UUID.
	b.grants = granted
	b.grants[store.Grant{Device: "a", Reporter: 1, Code: 22, Item: 12}] = true
	body := &protocol.ReportBatch{Closed: []protocol.ClosedLicense{{HandshakeCode: "100001-seats", Item: "item"}}}
	for _, test := range []struct {
		reporter int64
		want     string
	}{{1, "00:06:00"}, {0, "00:03:00"}} {
		at := clock("00:01:30")
		b.decide(policy.NewBatch(body, store.Reporter{Device: 1, UUID: "a", Number: test.reporter}, time.Unix(at, 0)),
			at)
		if got := b.seatsOf("a"); got[0].Until != clock(test.want) {
			t.Errorf("reporter %d: %+v", test.reporter, got)
		}
	}
}

// A machine counts once, with the highest number of instances it asked for.
func TestInstances(t *testing.T) {
	b := newBook(protocol.ChargeWayInstanceCount, 10, nil)
	for i, step := range []struct {
		device string
		ask    int
		want   protocol.Status
		used   int64
	}{
		{"a", 4, 0, 4}, {"a", 6, 0, 6}, {"a", 2, 0, 6}, {"b", 0, 0, 7}, {"c", 4, 0, 11}, // 110 %
		{"d", 1, protocol.StatusLimitExceeded, 11}, {"a", 6, 0, 11}, {"a", 7, protocol.StatusLimitExceeded, 11},
		{"a", 12, protocol.StatusRequestQuotaExceeded, 11}, {"e", 1000, protocol.StatusRequestQuotaExceeded, 11},
	} {
		now := midnight + int64(i)
		if got := protocol.StatusOf(b.ask(step.device, now, instances(step.ask)).Refusal); got != step.want ||
			b.usage(now).Used != step.used {
			t.Errorf("%+v: %d, %+v", step, got, b.usage(now))
		}
	}
	// What is asked for last is what a machine keeps, once the more is past.
	for day := range int64(120) {
		b.report("a", midnight+day*86400+10, false, midnight+day*86400)
	}
	if got := b.usage(midnight + 119*86400); got.Used != 6 {
		t.Errorf("%+v", got)
	}
	b.ask("a", midnight+120*86400, instances(2))
	b.report("a", midnight+200*86400+10, false, midnight+200*86400)
	if got := b.usage(midnight + 215*86400); got.Used != 2 {
		t.Errorf("%+v, %+v", got, b.seatsOf("a"))
	}
}

// Beyond 110 % of a list new devices are refused, and those on it go on.
func TestDeviceTolerance(t *testing.T) {
	b := newBook(protocol.ChargeWayDeviceCount, 30, nil)
	for i := range 40 {
		answer := b.ask(fmt.Sprint(i), midnight+int64(i), nil)
		if refused := answer.Refusal != nil; refused != (i >= 33) {
			t.Errorf("device %d: %v", i, answer.Refusal)
		}
	}
	for i := range 33 {
		if answer := b.ask(fmt.Sprint(i), midnight+100, nil); answer.Refusal != nil {
			t.Errorf("device %d: %v", i, answer.Refusal)
		}
	}
	// A setting of the item.
	b = newBook(protocol.ChargeWayDeviceCount, 10, func(i *store.Item) { i.Charging.Tolerance = new(int64(50)) })
	for i := range 20 {
		if refused := b.ask(fmt.Sprint(i), midnight, nil).Refusal != nil; refused != (i >= 15) {
			t.Errorf("device %d refused: %t", i, refused)
		}
	}
}

// Beyond 105 % of the units everybody is refused, also who was granted before.
func TestUnitTolerance(t *testing.T) {
	b := newBook(protocol.ChargeWayScanCount, 10, nil)
	b.use.Units = 10
	if answer := b.ask("a", midnight, nil); answer.Refusal != nil { // round(0.5) is 1
		t.Error(answer.Refusal)
	}
	b.use.Units = 11
	for _, device := range []string{"a", "b"} {
		if answer := b.ask(device, midnight, nil); protocol.StatusOf(answer.Refusal) != protocol.StatusLimitExceeded {
			t.Error(answer.Refusal)
		}
	}
}

// Domains count by the name that is registered, with all devices and all names below.
func TestDomains(t *testing.T) {
	b := newBook(protocol.ChargeWayAppDomainCount, 2, nil)
	for i, step := range []struct {
		field string
		want  protocol.Status
		used  int64
	}{
		{"www.example.com", 0, 1}, {"https://shop.EXAMPLE.com:8443/cart", 0, 1}, {"example.com.", 0, 1},
		{"", protocol.StatusItemAppDomainMismatch, 1}, {"co.uk", protocol.StatusItemAppDomainMismatch, 1},
		{"a b", protocol.StatusItemAppDomainMismatch, 1}, {"a.example.co.uk", 0, 2}, {"b.example.co.uk", 0, 2},
		{"example.org", protocol.StatusLimitExceeded, 2}, {"localhost", protocol.StatusLimitExceeded, 2},
		{"10.0.0.1:80", protocol.StatusLimitExceeded, 2}, {"example.com", 0, 2},
	} {
		answer := b.ask(fmt.Sprint("device ", i), midnight+int64(i), func(r *protocol.AuthorizationRequest) {
			r.ValidationField = step.field
		})
		if got := protocol.StatusOf(answer.Refusal); got != step.want || b.usage(midnight+int64(i)).Used != step.used {
			t.Errorf("%+v: %d, %+v", step, got, b.usage(midnight+int64(i)))
		}
	}
	// Those who let others have names below their own are no company's.
	b = newBook(protocol.ChargeWayAppDomainCount, 2, nil)
	for i, step := range []struct {
		field string
		used  int64
	}{{"one.github.io", 1}, {"a.one.github.io", 1}, {"two.github.io", 2}} {
		b.ask(fmt.Sprint(i), midnight, func(r *protocol.AuthorizationRequest) { r.ValidationField = step.field })
		if got := b.usage(midnight).Used; got != step.used {
			t.Errorf("%s: %d", step.field, got)
		}
	}
}

// A device without a home gives its seat back when it closes its license: it never comes
// back. One with a home keeps its place on a list.
func TestAClosedLicenseOfADeviceWithoutAHome(t *testing.T) {
	for _, way := range []protocol.ChargeWay{protocol.ChargeWayDeviceCount, protocol.ChargeWayInstanceCount} {
		b := newBook(way, 3, nil)
		homeless := func(r *protocol.AuthorizationRequest) { r.Device.UUIDSource = "memory" }
		for i := range int64(20) {
			device, now := fmt.Sprintf("container %d", i), midnight+i*10
			if a := b.ask(device, now, homeless); a.Refusal != nil {
				t.Fatalf("%v: start %d is refused: %v", way, i, a.Refusal)
			}
			b.report(device, now+3, false, midnight)
			b.report(device, now+5, true)
			if got := b.seatsOf(device); len(got) != 1 || got[0].Until != now+5 || !got[0].Brief {
				t.Errorf("%v: %+v", way, got)
			}
			if used := b.usage(now + 5).Used; used != 0 {
				t.Errorf("%v: %d seats are used", way, used)
			}
		}
		b.ask("settled", midnight+1000, nil)
		b.report("settled", midnight+1005, true, midnight)
		if used := b.usage(midnight + 2000).Used; used != 1 {
			t.Errorf("%v: a device with a home has %d seats", way, used)
		}
		// A report that comes late, and a license that is closed at once.
		b.report("container 0", midnight+1100, false, midnight+180)
		b.ask("brief", midnight+1200, homeless)
		b.report("brief", midnight+1200, true)
		for _, device := range []string{"container 0", "brief"} {
			if got := b.seatsOf(device); len(got) == 0 || !got[len(got)-1].Brief {
				t.Errorf("%v: %s: %+v", way, device, got)
			}
		}
	}
}

// A device without a home has a brief seat, also if it reports for long.
func TestBriefSeats(t *testing.T) {
	b := newBook(protocol.ChargeWayDeviceCount, 10, nil)
	b.ask("a", midnight, func(r *protocol.AuthorizationRequest) { r.Device.UUIDSource = "memory" })
	for hour := range int64(48) {
		b.report("a", midnight+hour*3600+10, false, midnight+hour*3600)
	}
	if got := b.seatsOf("a"); len(got) != 1 ||
		got[0] != (store.Seat{From: midnight, Until: midnight + 47*3600 + 10 + 86400, Weight: 1, Brief: true}) {
		t.Errorf("%+v", got)
	}
	if used := b.usage(midnight + 80*3600).Used; used != 0 {
		t.Errorf("%d seats are taken", used)
	}
}

// A device that reports more rarely than every 3 minutes keeps its seat until its next report.
func TestRareReportsKeepTheSeat(t *testing.T) {
	b := newBook(protocol.ChargeWayConcurrentDeviceCount, 10, nil)
	b.ask("a", clock("00:00:00"), func(r *protocol.AuthorizationRequest) { r.SlotSeconds = 3600 })
	if got := b.seatsOf("a"); got[0].Until != clock("01:03:00") {
		t.Errorf("%+v", got)
	}
}

// Whatever happens, in whatever order and however late: what is remembered of the
// seats is what a count of all of them gives, at any moment, and a device has one
// seat at a moment.
func TestSumsAreWhatACountGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		way := rapid.SampledFrom(policy.ChargeWays()).Draw(t, "way")
		b := newBook(way, rapid.Int64Range(1, 4).Draw(t, "quota"), func(i *store.Item) {
			i.StartsAt = midnight - rapid.Int64Range(0, 366*86400).Draw(t, "age")
			i.Charging.Exceptions = new(int64(1 << 30))
			i.Charging.Tolerance = new(int64(1000))
			i.Charging.Slot = new(rapid.SampledFrom([]int64{60, 180, 900}).Draw(t, "slot"))
			if rapid.Bool().Draw(t, "short") {
				i.Charging.Window = new(rapid.Int64Range(60, 7200).Draw(t, "window"))
			}
		})
		now := midnight
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			now += rapid.SampledFrom([]int64{0, 1, 100, 180, 3600, 86400}).Draw(t, "later")
			device := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "device")
			switch event := rapid.IntRange(0, 3).Draw(t, "event"); {
			case event == 3:
				b.change(func(i *store.Item) {
					i.Quota = rapid.SampledFrom([]int64{1, 2, 3, 5, store.Unlimited}).Draw(t, "new quota")
					if rapid.Bool().Draw(t, "starts anew") {
						i.StartsAt = now - rapid.Int64Range(-10*86400, 400*86400).Draw(t, "new age")
					}
				})
			case event == 0 || b.devices[device] == 0:
				b.ask(device, now-rapid.Int64Range(0, 30).Draw(t, "clock back"),
					func(r *protocol.AuthorizationRequest) {
						r.InstanceCount = rapid.IntRange(0, 3).Draw(t, "instances")
						r.ValidationField = device + ".com"
					})
			default:
				var slots []int64
				for range rapid.IntRange(0, 9).Draw(t, "slots") {
					back := rapid.SampledFrom([]int64{0, 1, 2, 3, 5, 7, 8, 10, 20, 22, 24, 480, 30 * 480}).Draw(t,
						"back")
					slots = append(slots, now-now%180-back*180)
				}
				b.report(device, now, event == 2, slots...)
			}
			b.check(t, now)
		}
		b.check(t, now+rapid.Int64Range(0, 400*86400).Draw(t, "at last"))
	})
}

// change gives the item other terms.
func (b *book) change(to func(*store.Item)) {
	before := b.item
	if to(&b.item); policy.SameExceptions(before, b.item) {
		return
	}
	var steps []store.Step
	for _, at := range slices.Sorted(maps.Keys(b.steps)) {
		if b.steps[at] != 0 {
			steps = append(steps, store.Step{At: at, Change: b.steps[at]})
		}
	}
	b.use.SeatSum = policy.Recount(b.item, b.use.SeatSum, steps)
}

// check compares the use of the item with a count of all seats.
func (b *book) check(t *rapid.T, now int64) {
	var want policy.Usage
	if _, units := b.item.ChargeWay.Unit(); units {
		want.Used = b.use.Units
	}
	want.Used += int64(len(b.domains))
	now = max(now, b.use.At)
	slot := int64(b.item.Slot())
	over := now - now%slot
	first := b.item.StartsAt - b.item.StartsAt%slot
	cleared := first + (over-first)/(365*86400)*(365*86400)
	active := map[int64]int64{}
	for device := range b.devices {
		last := int64(0)
		for _, s := range b.seatsOf(device) {
			if s.From < last || s.Until <= s.From || s.Weight < 1 {
				t.Fatalf("%s has %+v", device, b.seatsOf(device))
			}
			last = s.Until
			if s.From <= now && now < s.Until {
				want.Used += s.Weight
			}
			for at := max(s.From, cleared); at < min(s.Until, over); at += slot {
				active[at] += s.Weight
			}
		}
	}
	if q := policy.Quota(b.item, policy.Usage{}); q.ExceptionsAllowed > 0 {
		for _, n := range active {
			want.Exceptions += max(0, n-b.item.Quota)
		}
	}
	if got := b.usage(now); got != want {
		t.Fatalf("at %d: %+v, but a count gives %+v", now, got, want)
	}
}

// BenchmarkScatteredSlots is the most work that a batch can make of seats: a device
// that was at work in every other slot of 30 days.
func BenchmarkScatteredSlots(b *testing.B) {
	now := midnight + 31*86400
	for b.Loop() {
		b.StopTimer()
		o := newBook(protocol.ChargeWayConcurrentDeviceCount, 1, nil)
		for _, device := range []string{"a", "b"} {
			o.ask(device, now, nil)
			for part := range int64(4) {
				var slots []int64
				for i := range int64(1800) {
					slots = append(slots, now-now%180-(part*1800+i)*360)
				}
				if device == "b" && part == 3 {
					b.StartTimer()
				}
				o.report(device, now, false, slots...)
			}
		}
	}
}
