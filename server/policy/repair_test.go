package policy

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// seatsOn counts the weights of all seats at a moment.
func seatsOn(d *decision, item store.ID, at int64) (sum int64) {
	for _, device := range d.Devices {
		now, _ := held(device.Seats[item], at)
		sum += now
	}
	return sum
}

// Whatever devices do, and whatever is freed and moved: the sum that is remembered is
// that of the seats, a move never makes more of them at any moment, and a freed device
// takes none before it is authorized.
func TestRepairsKeepSeatsRight(t *testing.T) {
	ways := slices.DeleteFunc(ChargeWays(), func(way protocol.ChargeWay) bool {
		return wayOf(&store.Item{ChargeWay: way}).stay == nil
	})
	rapid.Check(t, func(t *rapid.T) {
		item := store.Item{Key: 1, ID: "i", ChargeWay: rapid.SampledFrom(ways).Draw(t, "way"),
			Quota: rapid.Int64Range(1, 3).Draw(t, "quota"), StartsAt: 180_000, ExpiresAt: 400 * 86400}
		state := &store.State{Uses: map[store.ID]*store.Use{1: {}}, Devices: map[string]*store.DeviceState{},
			Items: map[string]store.Item{"i": item}}
		now := int64(1_000_000)
		freed := map[string]bool{}
		empty := map[string]int64{} // from when a freed device has no seat any more
		ends := func(seats []store.Seat) int64 {
			for _, seat := range seats {
				if seat.Until > now {
					return max(now, seat.From) + 400
				}
			}
			return now + 400
		}
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		at := func() *decision { return decide(state, time.Unix(now, 0)) }
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			now += rapid.Int64Range(0, 4000).Draw(t, "passes")
			device := name.Draw(t, "device")
			d := at()
			v := visit{at: now, slotSeconds: 180}
			switch rapid.SampledFrom([]string{"ask", "report", "free", "move"}).Draw(t, "what") {
			case "ask":
				d.seat(&item, device, d.device(device), v, rapid.Int64Range(1, 4).Draw(t, "weight"))
				freed[device] = false
			case "report":
				start := now/180*180 - 180*rapid.Int64Range(0, 40).Draw(t, "late")
				d.visited(&item, device, d.device(device), v, []worked{{start, start + 180}},
					rapid.Bool().Draw(t, "closed"))
			case "free":
				end := ends(d.device(device).Seats[1])
				if _, ended := FreeSeat(state, item, device, time.Unix(now, 0)); ended {
					freed[device], empty[device] = true, end
				}
			case "move":
				to := name.Draw(t, "to")
				if to == device {
					continue
				}
				before := map[int64]int64{}
				for _, after := range []int64{0, 1, 179, 180, 181, 400, 86400, 86400 * 40} {
					before[now+after] = seatsOn(d, 1, now+after)
				}
				end := ends(d.device(device).Seats[1])
				if _, moved := MoveSeat(state, item, device, to, time.Unix(now, 0)); moved {
					freed[device], empty[device] = true, end
					if seats := state.Devices[to].Seats[1]; len(seats) > 0 && !seats[len(seats)-1].Freed {
						freed[to] = false
					}
				}
				for _, moment := range slices.Sorted(maps.Keys(before)) {
					if after := seatsOn(d, 1, moment); after > before[moment] {
						t.Fatalf("%s: %d seats before, %d after, %d s later", item.ChargeWay.Short(), before[moment],
							after, moment-now)
					}
				}
			}
			for device, free := range freed {
				seats := state.Devices[device].Seats[1]
				if free != (len(seats) > 0 && seats[len(seats)-1].Freed) {
					t.Fatalf("%s: freed %t, and %+v", device, free, seats)
				}
				if later, _ := held(seats, empty[device]); free && later > 0 {
					t.Fatalf("%s was freed and has a seat: %+v", device, seats)
				}
			}
			if use := usageOf(&item, state.Uses[1], now); use.Used != seatsOn(d, 1, state.Uses[1].At) {
				t.Fatalf("%s: %d are remembered, %d are there", item.ChargeWay.Short(), use.Used, seatsOn(d, 1, now))
			}
		}
	})
}

// A place on a list ends at once, and that of a device whose seat began in this second.
func TestFreeingEndsAPlaceNow(t *testing.T) {
	item := store.Item{Key: 1, ID: "i", ChargeWay: protocol.ChargeWayDeviceCount, Quota: 1, ExpiresAt: 400 * 86400}
	for _, passes := range []int64{0, 1, 1000} {
		state := &store.State{Uses: map[store.ID]*store.Use{1: {}}, Devices: map[string]*store.DeviceState{}}
		d := decide(state, time.Unix(5000, 0))
		d.seat(&item, "a", d.device("a"), visit{at: 5000}, 1)
		if _, ended := FreeSeat(state, item, "a", time.Unix(5000+passes, 0)); !ended {
			t.Fatal(passes)
		}
		want := []store.Seat{{From: 5000, Until: 5000 + max(passes, 1), Weight: 1, Freed: true}}
		if got := state.Devices["a"].Seats[1]; !slices.Equal(got, want) {
			t.Errorf("%+v, not %+v", got, want)
		}
		if _, ended := FreeSeat(state, item, "a", time.Unix(6000, 0)); ended {
			t.Error("it was ended twice")
		}
	}
}
