package slot_test

import (
	"encoding/json"
	"os"
	"testing"
	"testing/quick"
	"time"

	"github.com/openlts/openlts/core/slot"
)

// TestVectors runs the vectors every language shares.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("../../conformance/slots.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Slots []struct {
			Note        string `json:"note"`
			Time        int64  `json:"time"`
			SlotSeconds int64  `json:"slotSeconds"`
			Start       int64  `json:"start"`
			Label       string `json:"label"`
		} `json:"slots"`
		Invalid []int64 `json:"invalidSlotSeconds"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors.Slots {
		length, err := slot.Check(v.SlotSeconds)
		if err != nil {
			t.Errorf("%s: %v", v.Note, err)
			continue
		}
		if start := length.Start(v.Time); start != v.Start {
			t.Errorf("%s: Start(%d) = %d, want %d", v.Note, v.Time, start, v.Start)
		}
		if label := time.Unix(length.Start(v.Time), 0).UTC().Format(time.RFC3339); label != v.Label {
			t.Errorf("%s: label %s, want %s", v.Note, label, v.Label)
		}
	}
	for _, seconds := range vectors.Invalid {
		if _, err := slot.Check(seconds); err == nil {
			t.Errorf("a slot of %d s passed", seconds)
		}
	}
}

// TestEveryMomentLiesInItsSlot: whatever the moment, its slot begins at or
// before it, ends after it, and begins a whole number of slots after midnight.
func TestEveryMomentLiesInItsSlot(t *testing.T) {
	for _, length := range []slot.Length{1, 2, 60, 180, 3600, slot.Day} {
		property := func(unix int32) bool {
			start, next := length.Start(int64(unix)), length.Next(int64(unix))
			return start <= int64(unix) && int64(unix) < next && next-start == int64(length) && start%int64(length) == 0
		}
		if err := quick.Check(property, nil); err != nil {
			t.Errorf("length %d: %v", length, err)
		}
	}
}

// TestElapsed: the system's clock goes.
func TestElapsed(t *testing.T) {
	var system slot.System
	before := system.Elapsed()
	time.Sleep(time.Millisecond)
	if passed := system.Elapsed() - before; passed < time.Millisecond || passed > time.Minute {
		t.Errorf("the system's clock let %v pass in a millisecond", passed)
	}
}
