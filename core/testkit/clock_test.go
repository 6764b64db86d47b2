package testkit_test

import (
	"testing"
	"time"

	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
)

func TestSimulatedClock(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := testkit.NewClock(start)
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
	var clock testkit.ShiftedClock
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
	simulated, shifted := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), &testkit.ShiftedClock{}
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
}
