package throttle_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/throttle"
)

// The first one is told at once, and the next a minute later, with how many there were in
// between; one sort does not hide another.
func TestLog(t *testing.T) {
	var text bytes.Buffer
	now := time.Unix(1_800_000_000, 0)
	log := throttle.NewLog(slog.New(slog.NewTextHandler(&text, nil)), func() time.Time { return now })
	told := func() []string {
		lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		text.Reset()
		return lines
	}
	for i := range 1000 {
		log.Error("disk", "request failed", "n", i)
	}
	log.Error("database", "request failed", "n", "other")
	lines := told()
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "n=0") || !strings.HasSuffix(lines[1], "n=other") {
		t.Errorf("%q", lines)
	}
	for _, step := range []time.Duration{throttle.Every, -2 * throttle.Every} { // a clock may be set back
		now = now.Add(step)
		log.Error("disk", "request failed", "n", "last")
		log.Error("disk", "request failed", "n", "more")
		if lines := told(); len(lines) != 1 || !strings.Contains(lines[0], "n=last unlogged=") {
			t.Errorf("after %s: %q", step, lines)
		}
	}
}

// Each is told or counted, and what is remembered is bounded.
func TestMeterLosesNone(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	meter := throttle.NewMeter(func() time.Time { return now })
	var told, untold int64
	for i := range 5000 {
		now = now.Add(7 * time.Second)
		if n, tell := meter.Meet(fmt.Sprint(i % 3)); tell {
			told, untold = told+1, untold+n
		}
	}
	now = now.Add(throttle.Every)
	for i := range 3 {
		n, tell := meter.Meet(fmt.Sprint(i))
		if !tell {
			t.Error("it is not told after a minute")
		}
		untold += n
	}
	if told+untold != 5000 || told < 1000 || told > 3*(5000*7/60+2) {
		t.Errorf("%d were told, %d were counted", told, untold)
	}
	for i := range 100_000 {
		meter.Meet(fmt.Sprint("sort", i))
	}
}
