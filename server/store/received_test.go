package store_test

import (
	"bytes"
	"maps"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

func someCounts(t *rapid.T) store.Counts {
	names := rapid.SampledFrom([]string{
		"QR_CODE", "EAN_13", "OPERATION", "OWN_A", "OWN_" + string(bytes.Repeat([]byte{'B'}, 60)), "Z",
	})
	return store.CountsOf(rapid.MapOfN(names, rapid.Int64Range(1, 1<<53), 1, 5).Draw(t, "counts"))
}

func TestCountsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := someCounts(t)
		back, err := store.ParseBinaryCounts(counts.AppendBinary(nil))
		if err != nil || !reflect.DeepEqual(back, counts) {
			t.Fatalf("%+v became %+v, %v", counts, back, err)
		}
		text, err := store.ParseCounts(counts.AppendJSON(nil))
		if err != nil || !reflect.DeepEqual(text, counts) {
			t.Fatalf("%+v became %+v, %v", counts, text, err)
		}
	})
}

// Lists that follow one another are summed up by type, each time anew, whatever they are cut into.
func TestCountsAreSummedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sums store.CountSums
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			want := map[string]int64{}
			for range rapid.IntRange(1, 3).Draw(t, "calls") {
				var data []byte
				for range rapid.IntRange(0, 4).Draw(t, "lists") {
					counts := someCounts(t)
					if rapid.IntRange(0, 9).Draw(t, "absurd") == 0 {
						counts = store.Counts{{Type: "OWN_A", Units: math.MaxInt64 - 1}}
					}
					for _, count := range counts {
						want[count.Type] = store.SaturatingSum(want[count.Type], count.Units)
					}
					data = counts.AppendBinary(data)
				}
				if err := sums.Add(data); err != nil {
					t.Fatal(err)
				}
			}
			got := map[string]int64{}
			sums.Take(func(count store.Count) { got[count.Type] += count.Units })
			if !maps.Equal(got, want) {
				t.Fatalf("%v, not %v", got, want)
			}
		}
		damaged := someCounts(t).AppendBinary(nil)
		if damaged = damaged[:len(damaged)-1]; sums.Add(damaged) == nil {
			t.Fatalf("%x was taken", damaged)
		}
	})
}

// Reports that came together come back as they were, in few rows.
func TestReceivedComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := []*store.Run{{Key: 1}, {Key: 2}}
		var received []store.ReceivedReport
		changes := 0
		for i := range rapid.IntRange(1, 20).Draw(t, "reports") {
			r := store.ReceivedReport{
				Run:         rapid.SampledFrom(runs).Draw(t, "run"),
				SlotSeconds: rapid.SampledFrom([]int{180, 60}).Draw(t, "seconds"),
				Revision:    rapid.Int64Range(0, 1<<62).Draw(t, "revision"), Counts: someCounts(t),
				ReceivedAt: 1_700_000_000,
				Lost: rapid.SampledFrom(
					[]string{"", "", protocol.LostExpired, protocol.LostRefused, protocol.LostStorage}).Draw(t, "lost"),
			}
			r.Slot = rapid.Int64Range(0, 1<<40).Draw(t, "slot") * int64(r.SlotSeconds)
			if i > 0 && (received[i-1].Run != r.Run || received[i-1].SlotSeconds != r.SlotSeconds) {
				changes++
			}
			received = append(received, r)
		}
		rows, err := store.PackReceived(received)
		if err != nil || len(rows) != changes+1 {
			t.Fatalf("%d rows after %d changes, %v", len(rows), changes, err)
		}
		var back []store.ReceivedReport
		for _, row := range rows {
			err := row.Unpack(func(r store.ReceivedReport) error {
				if r.Slot > row.Newest {
					t.Errorf("the slot %d is later than %d", r.Slot, row.Newest)
				}
				back = append(back, r)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(back, received) {
			t.Fatalf("%+v became %+v", received, back)
		}
	})
}

// A report of an ordinary slot takes few bytes.
func TestReceivedIsSmall(t *testing.T) {
	rows, err := store.PackReceived([]store.ReceivedReport{
		{Slot: 1_764_000_000, SlotSeconds: 180, Revision: 1, Counts: store.Counts{{Type: "QR_CODE", Units: 100}}},
	})
	if err != nil || len(rows[0].Data) > 8 {
		t.Errorf("%d bytes, %v", len(rows[0].Data), err)
	}
}

func TestDamagedReports(t *testing.T) {
	for _, data := range [][]byte{
		nil, {0}, {180}, {180, 1, 0}, {180, 1, 0, 1},
		{180, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 4}, {180, 1, 0, 1, 9, 1},
		{180, 1, 0, 1, 4, 1}, {180, 1, 0, 1, 8, 0xf0, 1}, {180, 1, 1, 1, 8, 1, 1},
	} {
		row := store.ReceivedReports{Newest: 100, Data: data}
		if err := row.Unpack(func(store.ReceivedReport) error { return nil }); err == nil {
			t.Errorf("%v was read", data)
		}
	}
	for _, data := range [][]byte{{1}, {1, 0}, {0}, {0, 0, 1}, {0, 5, 'A'}, {250, 1, 1}, {2, 1, 1, 1, 1}, {1, 1, 1, 1},
		{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}} {
		if counts, err := store.ParseBinaryCounts(data); err == nil {
			t.Errorf("%v was read as %+v", data, counts)
		}
	}
}

func FuzzStoredReports(f *testing.F) {
	f.Add([]byte{0xb4, 1, 0, 1, 8, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		row := store.ReceivedReports{Newest: 1 << 40, Data: data}
		_ = row.Unpack(func(r store.ReceivedReport) error {
			if r.Slot < 0 || r.Slot > row.Newest || r.Revision < 0 {
				t.Errorf("%+v", r)
			}
			return nil
		})
	})
}
