package tally

import (
	"fmt"
	"path/filepath"
)

const (
	// MaxUnits is the most that a run can have counted. Numbers beyond it are not exact in JSON; no
	// host counts that far, but noise in a file may look so. No sum over a checked tally exceeds
	// it, so none overflows.
	MaxUnits = 1<<53 - 1
	// farthestSlot is the largest distance of a slot's start from 1970 in seconds: some 35,000
	// years.
	farthestSlot = 1 << 40
)

// vet says what in a dead run's tally no run can have written, but a broken disk or somebody else.
// Then nothing in the tally can be trusted.
func (t *Tally) vet() error {
	if filepath.Base(t.path) != t.Run+extension {
		// It is a copy: its counts come from the original, now or later.
		return damaged("its name is not that of its run, %s", t.Run)
	}
	for frame := range Frames {
		if label := t.Label(frame); label != NoSlot && !t.aSlot(label) {
			return damaged("frame %d counts a slot that starts at %d", frame, label)
		}
	}
	for frame := Frames; frame < AllFrames; frame++ {
		for entry := range Types {
			if err := t.vetStray(frame, entry); err != nil {
				return err
			}
		}
	}
	var total uint64
	for frame := range AllFrames {
		sums, ok := t.boundedSums(frame)
		if !ok {
			return damaged("frame %d counts more than any run can", frame)
		}
		folded := t.Folded(frame)
		for operationType, sum := range sums {
			if folded[operationType] > sum {
				return damaged("%d were folded of the %d that frame %d counted of type %d",
					folded[operationType], sum, frame, operationType)
			}
			if total += sum; total > MaxUnits {
				return damaged("it counts more than any run can")
			}
		}
	}
	return nil
}

func damaged(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrNotATally, fmt.Sprintf(format, arguments...))
}

// aSlot tells whether a slot of the run can start at a moment.
func (t *Tally) aSlot(start int64) bool {
	return start >= -farthestSlot && start <= farthestSlot && start%int64(t.Slot) == 0
}

func (t *Tally) vetStray(frame, entry int) error {
	key := t.strayKeyAt((frame-Frames)*Types + entry).Load()
	if key == 0 {
		return nil
	}
	// Check before multiplying by the length.
	if index := int64(key) >> strayIndexShift; index > farthestSlot || index < -farthestSlot {
		return damaged("a stray counts the slot number %d", index)
	}
	if start, _, _ := t.Stray(frame, entry); !t.aSlot(start) {
		return damaged("a stray counts a slot that starts at %d", start)
	}
	return nil
}

// boundedSums is Sums, or false if a counter or a sum is above MaxUnits.
func (t *Tally) boundedSums(frame int) (sums *[Types]uint64, ok bool) {
	sums = new([Types]uint64)
	if frame >= Frames {
		sums = t.Sums(frame)
		for _, n := range sums {
			if n > MaxUnits {
				return nil, false
			}
		}
		return sums, true
	}
	for shard := range t.shards {
		for operationType := range Types {
			n := t.counter(frame, shard, operationType).Load()
			if n > MaxUnits {
				return nil, false
			}
			if sums[operationType] += n; sums[operationType] > MaxUnits {
				return nil, false
			}
		}
	}
	return sums, true
}
