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

// TestElapsed: time passes, and setting the wall clock does not make it pass.
func TestElapsed(t *testing.T) {
	simulated, shifted := slot.NewSimulated(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), &slot.Shifted{}
	for name, c := range map[string]struct {
		clock      slot.Clock
		pass, step func(time.Duration)
	}{
		"simulated": {simulated, simulated.Advance, func(d time.Duration) { simulated.Set(simulated.Now().Add(d)) }},
		"shifted":   {shifted, shifted.Move, shifted.Step},
	} {
		for _, move := range []struct {
			by            func(time.Duration)
			d, wall, time time.Duration
		}{
			{c.pass, 48 * time.Hour, 48 * time.Hour, 48 * time.Hour},
			{c.pass, -48 * time.Hour, -48 * time.Hour, 0},
			{c.step, 48 * time.Hour, 48 * time.Hour, 0},
			{c.step, -48 * time.Hour, -48 * time.Hour, 0},
		} {
			now, elapsed := c.clock.Now(), c.clock.Elapsed()
			move.by(move.d)
			if wall := c.clock.Now().Sub(now).Round(time.Hour); wall != move.wall {
				t.Errorf("%s: the wall clock moved by %v, want %v", name, wall, move.wall)
			}
			if passed := (c.clock.Elapsed() - elapsed).Round(time.Hour); passed != move.time {
				t.Errorf("%s: %v passed, want %v", name, passed, move.time)
			}
		}
	}
	for name, c := range map[string]struct {
		clock slot.Clock
		pass  func(time.Duration)
	}{"simulated": {simulated, simulated.Advance}, "shifted": {shifted, shifted.Move}} {
		alarm, _ := c.clock.After(time.Hour)
		c.pass(-48 * time.Hour)
		c.pass(59 * time.Minute)
		select {
		case <-alarm:
			t.Errorf("%s: an alarm went off early", name)
		default:
		}
		c.pass(2 * time.Minute)
		select {
		case <-alarm:
		case <-time.After(20 * time.Second):
			t.Errorf("%s: setting the clock back held an alarm up", name)
		}
	}
	var system slot.System
	before := system.Elapsed()
	time.Sleep(time.Millisecond)
	if passed := system.Elapsed() - before; passed < time.Millisecond || passed > time.Minute {
		t.Errorf("the system's clock let %v pass in a millisecond", passed)
	}
}
