package client_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
)

// TestAClockThatIsSet by days while a license is in use: what was counted under the
// wrong date is reported under the right one, once, and nothing is given up.
func TestAClockThatIsSet(t *testing.T) {
	for name, test := range map[string]struct {
		begins time.Time // what the wrong clock shows at the start
		online bool      // while the clock is wrong
		moves  bool
		// by how much a clock that was right is set wrong first, once something was counted
		wrongly time.Duration
		// what a clock that was wrong shows for a while before it is right
		then time.Time
	}{
		"boots in 1970, offline":        {begins: time.Unix(10, 0), moves: true},
		"boots in 1970, then in 2000":   {begins: time.Unix(10, 0), then: time.Unix(946684800, 0), moves: true},
		"boots in 1970, online":         {begins: time.Unix(10, 0), online: true},
		"two months ahead, offline":     {begins: start.AddDate(0, 2, 0), moves: true},
		"two days behind, offline":      {begins: start.AddDate(0, 0, -2), moves: true},
		"a minute behind, offline":      {begins: start.Add(-time.Minute)},
		"a wrong date, corrected later": {begins: start, wrongly: 40 * 24 * time.Hour, moves: true},
		"two months ahead, and online":  {begins: start.AddDate(0, 2, 0), online: true},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testkit.NewClock(test.begins)
			right := start
			server := testkit.NewServer(t, func() time.Time { return right })
			network := testkit.NewNetwork(1)
			p := parameters(server, t.TempDir())
			l, err := client.Open(t.Context(), p, client.Environment{Clock: clock, Transport: network})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close(over()) })
			step(t, clock, 0)
			if !test.online {
				network.Cut()
			}
			pass := func(d time.Duration) {
				right = right.Add(d)
				step(t, clock, d)
			}
			slots := map[int64]int64{} // by the right time
			count := func(n uint32) {
				record(t, l, protocol.OperationTypeQRCode, n)
				slots[slot.Length(180).Start(right.Unix())] += int64(n)
			}
			count(3)
			if test.wrongly != 0 {
				pass(time.Hour)
				clock.Set(clock.Now().Add(test.wrongly))
				step(t, clock, 0)
			}
			pass(10 * time.Minute)
			count(5)
			pass(4 * time.Second)
			count(7)
			if test.online {
				if err := l.Submit(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if !test.then.IsZero() {
				clock.Set(test.then)
				step(t, clock, 0)
				pass(180 * time.Second)
				count(2)
				pass(180 * time.Second)
			}
			clock.Set(right)
			count(11)
			step(t, clock, 0)
			network.Repair()
			pass(180 * time.Second)
			if err := l.Submit(t.Context()); err != nil {
				t.Fatal(err)
			}
			var total int64
			for _, n := range slots {
				total += n
			}
			if u := usage(t, l); u.Recorded != total || u.Accepted != total || server.Total() != total {
				t.Errorf("%+v, the server has %d of %d", u, server.Total(), total)
			}
			got := map[int64]int64{}
			for key, r := range server.Stored() {
				got[key.Slot] += r.Counts["QR_CODE"]
			}
			if !test.moves {
				return
			}
			for slotStart, n := range slots {
				if got[slotStart] != n {
					t.Errorf("slot %s: %d, want %d (%v)", time.Unix(slotStart, 0).UTC(), got[slotStart], n, got)
				}
			}
			if !saysOf(l, "moved to their own time") {
				t.Error("nothing was said of it")
			}
		})
	}
}

// TestTimeStampsByAClockThatWasJustSet belong to the clock as it shows now, also before anything
// noticed that it was set.
func TestTimeStampsByAClockThatWasJustSet(t *testing.T) {
	const days = 24 * time.Hour
	for _, ahead := range []time.Duration{0, 10 * days, 40 * days, -10 * days} {
		for _, set := range []time.Duration{-40 * days, -20 * days, -2 * days, 2 * days, 20 * days} {
			t.Run(fmt.Sprintf("%v ahead, set by %v", ahead, set), func(t *testing.T) {
				clock := testkit.NewClock(start.Add(ahead))
				server := testkit.NewServer(t, func() time.Time { return start })
				l, err := client.Open(t.Context(), parameters(server, t.TempDir()),
					client.Environment{Clock: clock, Transport: testkit.NewNetwork(1)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = l.Close(over()) })
				step(t, clock, 0)
				record(t, l, protocol.OperationTypeQRCode, 3)
				if err := l.Submit(t.Context()); err != nil {
					t.Fatal(err)
				}
				clock.Set(clock.Now().Add(set))
				for day := range 30 {
					moment := clock.Now().Add(-time.Duration(day) * days).Unix()
					if err := l.RecordAt(t.Context(), protocol.OperationTypeQRCode, 1, moment); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.Submit(t.Context()); err != nil {
					t.Fatal(err)
				}
				if u := usage(t, l); u.Recorded != 33 || u.Accepted != 33 || server.Total() != 33 {
					t.Errorf("%+v, the server has %d", u, server.Total())
				}
			})
		}
	}
}

// TestNothingIsLostWhateverTheClockShows to a device that reaches its server: somebody sets the clock
// back and forth while it counts, some time before the library looks at it, and some after. All happens
// within minutes, so nothing may be given up for its age.
func TestNothingIsLostWhateverTheClockShows(t *testing.T) {
	const day = 24 * time.Hour
	aheads := []time.Duration{0, -100 * day, 100 * day, 23 * time.Hour}
	lengths := []time.Duration{3 * time.Second, 3 * time.Minute, 30 * time.Minute, day, 20 * day}
	rapid.Check(t, func(r *rapid.T) {
		clock := testkit.NewClock(start.Add(rapid.SampledFrom(aheads).Draw(r, "ahead")))
		right := testkit.NewClock(start)
		server := testkit.NewServer(t, right.Now)
		l, err := client.Open(t.Context(), parameters(server, t.TempDir()),
			client.Environment{Clock: clock, Transport: testkit.NewNetwork(1)})
		if err != nil {
			r.Fatal(err)
		}
		defer func() { _ = l.Close(over()) }()
		step(t, clock, 0)
		var total int64
		r.Repeat(map[string]func(*rapid.T){
			"the clock is set": func(r *rapid.T) {
				most := int64(rapid.SampledFrom(lengths).Draw(r, "length") / time.Second)
				by := rapid.Int64Range(-most, most).Draw(r, "by")
				clock.Set(clock.Now().Add(time.Duration(by) * time.Second))
			},
			"an operation": func(r *rapid.T) {
				n := rapid.Uint32Range(1, 5).Draw(r, "units")
				if err := l.Record(protocol.OperationTypeQRCode, n); err != nil {
					r.Fatal(err)
				}
				total += int64(n)
			},
			"an operation of the past": func(r *rapid.T) {
				moment := clock.Now().Add(-time.Duration(rapid.IntRange(0, 29*24).Draw(r, "hours")) * time.Hour)
				if err := l.RecordAt(t.Context(), protocol.OperationTypeAztec, 1, moment.Unix()); err != nil {
					r.Fatal(err)
				}
				total++
			},
			"time passes": func(r *rapid.T) {
				d := rapid.SampledFrom([]time.Duration{time.Second, time.Minute}).Draw(r, "passes")
				right.Advance(d)
				step(t, clock, d)
			},
			"submission": func(r *rapid.T) {
				if err := l.Submit(t.Context()); err != nil {
					r.Fatal(err)
				}
			},
		})
		if err := l.Submit(t.Context()); err != nil {
			r.Fatal(err)
		}
		if u := usage(t, l); u.Recorded != total || u.Accepted != total || server.Total() != total {
			r.Fatalf("%+v, the server has %d of %d", u, server.Total(), total)
		}
	})
}

// TestAClockThatIsSetWhileTheLedgerIsHeld gives nothing up for its age before it could
// be moved.
func TestAClockThatIsSetWhileTheLedgerIsHeld(t *testing.T) {
	directory := heldDirectory(t)
	clock := testkit.NewClock(time.Unix(10, 0))
	server := testkit.NewServer(t, func() time.Time { return start })
	network := testkit.NewNetwork(1)
	l, err := client.Open(t.Context(), parameters(server, directory), client.Environment{
		Clock: clock, Transport: network,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(over()) })
	step(t, clock, 0)
	network.Cut()
	record(t, l, protocol.OperationTypeQRCode, 3)
	step(t, clock, 10*time.Minute)
	release := hold(t, directory)
	clock.Set(start)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := l.Submit(ctx); err == nil {
		t.Error("submitted without the ledger")
	}
	release()
	network.Repair()
	step(t, clock, 180*time.Second)
	if err := l.Submit(t.Context()); err != nil && !errors.Is(err, protocol.StatusReportsPending) {
		t.Fatal(err)
	}
	if u := usage(t, l); u.Accepted != 3 || u.Lost() != 0 {
		t.Errorf("%+v", u)
	}
}

// TestAClockThatIsRightAtTheNextStart finds what a license counted under a wrong date
// that was closed before it saw that corrected, also if it could not fold it: all of it
// is counted in its own slots, nothing is given up, and nothing else moves.
func TestAClockThatIsRightAtTheNextStart(t *testing.T) {
	for name, begins := range map[string]time.Time{
		"boots in 1970":    time.Unix(10, 0),
		"two months back":  start.AddDate(0, -2, 0),
		"two months ahead": start.AddDate(0, 2, 0),
		"right":            start,
	} {
		for _, held := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, held %v", name, held), func(t *testing.T) {
				directory, right := heldDirectory(t), start
				server := testkit.NewServer(t, func() time.Time { return right })
				network := testkit.NewNetwork(1)
				open := func(clock *testkit.Clock) *client.License {
					l, err := client.Open(t.Context(), parameters(server, directory),
						client.Environment{Clock: clock, Transport: network})
					if err != nil {
						t.Fatal(err)
					}
					step(t, clock, 0)
					return l
				}
				want := map[int64]int64{}
				count := func(l *client.License, n uint32) {
					record(t, l, protocol.OperationTypeQRCode, n)
					want[slot.Length(180).Start(right.Unix())] += int64(n)
				}
				clock := testkit.NewClock(begins)
				l := open(clock)
				network.Cut()
				count(l, 3)
				right = right.Add(10 * time.Minute)
				step(t, clock, 10*time.Minute)
				count(l, 5)
				release := func() {}
				if held {
					release = hold(t, directory)
				}
				_ = l.Close(over())
				release()

				// The same process opens it again, offline, by a clock that is right.
				right = right.Add(time.Hour)
				clock = testkit.NewClock(right)
				if l, err := client.Open(t.Context(), parameters(server, directory),
					client.Environment{Clock: clock, Transport: network}); err == nil {
					step(t, clock, 0)
					count(l, 7)
					_ = l.Close(over())
				}

				network.Repair()
				right = right.Add(time.Hour)
				l = open(testkit.NewClock(right))
				t.Cleanup(func() { _ = l.Close(over()) })
				count(l, 11)
				if err := l.Submit(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := map[int64]int64{}
				for key, r := range server.Stored() {
					got[key.Slot] += r.Counts["QR_CODE"]
				}
				if u := usage(t, l); u.Lost() != 0 || u.Pending != 0 || !maps.Equal(got, want) {
					t.Errorf("%+v; the server has %v, want %v", u, got, want)
				}
			})
		}
	}
}
