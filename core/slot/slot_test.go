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

func TestSimulatedClock(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := slot.NewSimulated(start)
	due, _ := clock.After(time.Minute)
	stopped, stop := clock.After(time.Minute)
	stop()
	clock.Advance(59 * time.Second)
	select {
	case <-due:
		t.Fatal("the alarm went off early")
	default:
	}
	clock.Advance(30 * 24 * time.Hour)
	select {
	case <-due:
	default:
		t.Fatal("the alarm did not go off")
	}
	select {
	case <-stopped:
		t.Fatal("a stopped alarm went off")
	default:
	}
	if want := start.Add(59*time.Second + 30*24*time.Hour); !clock.Now().Equal(want) {
		t.Errorf("the clock shows %v, want %v", clock.Now(), want)
	}
}

func TestShiftedClock(t *testing.T) {
	var clock slot.Shifted
	before := clock.Now()
	due, _ := clock.After(30 * 24 * time.Hour)
	later, stop := clock.After(31 * 24 * time.Hour)
	clock.Move(30*24*time.Hour + time.Second)
	select {
	case <-due:
	case <-time.After(20 * time.Second):
		t.Fatal("moving the clock did not set the alarm off")
	}
	select {
	case <-later:
		t.Fatal("an alarm went off early")
	default:
	}
	stop()
	if moved := clock.Now().Sub(before); moved < 30*24*time.Hour || moved > 31*24*time.Hour {
		t.Errorf("the clock moved by %v", moved)
	}
	soon, _ := clock.After(time.Millisecond)
	<-soon // time goes on by itself
}

// TestUptimeTellsAStepFromTime: what passes moves both clocks; what is set moves the
// wall clock alone.
func TestUptimeTellsAStepFromTime(t *testing.T) {
	begin := time.Unix(1772323210, 0)
	clock := slot.NewSimulated(begin)
	var shifted slot.Shifted
	var system slot.System
	if a, b := system.Uptime(), system.Uptime(); b < a {
		t.Errorf("uptime went back from %v to %v", a, b)
	}
	for _, move := range []struct {
		step, passes time.Duration
	}{{0, time.Hour}, {48 * time.Hour, 0}, {-48 * time.Hour, 0}, {0, -24 * time.Hour}} {
		up, wall := clock.Uptime(), clock.Now()
		shiftedUp, shiftedWall := shifted.Uptime(), shifted.Now()
		if move.step != 0 {
			clock.Step(move.step)
			shifted.Step(move.step)
		} else {
			clock.Advance(move.passes)
			shifted.Move(move.passes)
		}
		want := max(0, move.passes)
		if got := clock.Uptime() - up; got != want {
			t.Errorf("%+v: simulated uptime moved by %v", move, got)
		}
		if got := clock.Now().Sub(wall); got != move.step+move.passes {
			t.Errorf("%+v: the simulated wall clock moved by %v", move, got)
		}
		if got := (shifted.Uptime() - shiftedUp).Round(time.Minute); got != want {
			t.Errorf("%+v: shifted uptime moved by %v", move, got)
		}
		if got := shifted.Now().Sub(shiftedWall).Round(time.Minute); got != move.step+move.passes {
			t.Errorf("%+v: the shifted wall clock moved by %v", move, got)
		}
	}
}
