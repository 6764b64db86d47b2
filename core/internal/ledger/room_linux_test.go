package ledger_test

import (
	"errors"
	"testing"

	"github.com/openlts/openlts/core/internal/filetest"
	"github.com/openlts/openlts/core/internal/ledger"
)

// TestAFullDisk takes reports until there is no room; those can be submitted, and make
// room for others. What is added to a slot whose report left is reported as another run.
func TestAFullDisk(t *testing.T) {
	directory := filetest.Disk(t, 1<<10)
	l := open(t, directory)
	c := run(t, l)
	if err := l.RoomForRun(ctx); err != nil {
		t.Fatal(err)
	}
	filetest.Fill(t, directory)
	var recorded, accepted int64
	counts, slot := map[int]uint64{}, int64(slotStart)
	for range 3 {
		for full := false; !full; {
			slot += 180
			counts[16] += 2
			_, units, err := l.Fold(ctx, c, []ledger.FrameSums{{Frame: 0, Slot: slot, Sums: sums(counts)}})
			if recorded += units; err != nil && !errors.Is(err, ledger.ErrNoRoom) {
				t.Fatal(err)
			}
			full = err != nil
		}
		for {
			p := pending(t, l)
			if len(p) == 0 {
				break
			}
			units, err := l.Accepted(ctx, p)
			if err != nil {
				t.Fatal(err)
			}
			accepted += units
		}
		if a := account(t, l); a.Recorded != recorded || a.Accepted != recorded || accepted != recorded {
			t.Fatalf("recorded %d, accepted %d: %+v", recorded, accepted, a)
		}
	}
	if recorded < 500 {
		t.Errorf("recorded no more than %d", recorded)
	}
	// What did not fit is still in the counters.
	if units := fold(t, l, c, 0, slot, counts); units == 0 {
		t.Error("nothing was left in the counters")
	}
	counts[16]++
	fold(t, l, c, 0, slotStart+180, counts)
	runs := map[string]bool{}
	for _, p := range pending(t, l) {
		runs[p.Run] = true
	}
	if len(runs) != 2 || l.Damage() != "" {
		t.Errorf("reported as %d runs: %s", len(runs), l.Damage())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, directory)
	if lost, err := again.Balance(ctx); err != nil || lost != 0 {
		t.Errorf("lost %d, %v", lost, err)
	}
}
