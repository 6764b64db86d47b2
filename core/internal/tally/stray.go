package tally

import (
	"os"
	"sync/atomic"
)

// A stray is an operation in a slot that is no frame's label. The strays are a hash table of
// entries, each of which counts one slot and type. capi/record.c has the same code for the C hot
// path. The states of an entry:
//
//	          AddStray              folded, and the slot over: ReleaseStray
//	free ----------------> in use ---------------------------> released
//	                          ^                                   |
//	                          +-----------------------------------+
//	                     AddStray, of the same type: another slot
//
// An entry never becomes free again while the file exists: its counter and watermark only grow. If
// all entries are taken, AddStray returns false, and the operation counts in the last frame.

// strayKey is the key of a slot and a type. It is never zero, which is the key of a free entry. The
// lowest bit, strayInUse, means that the entry counts that slot; without it, another slot of the
// type may take the entry.
func strayKey(slotIndex int64, operationType int) uint64 {
	return (uint64(slotIndex)<<8|uint64(operationType))<<1 | strayInUse
}

const (
	strayInUse = 1
	// strayIndexShift leads to the index of the slot in a key.
	strayIndexShift = 9
)

// givesWay tells whether a key may take an entry: the entry is free, or it has the same type and
// was released. A thread that is just adding for the former slot then counts in the new one, or its
// addition was folded to the former.
func givesWay(found, key uint64) bool {
	return found == 0 || found&strayInUse == 0 && found>>1&0xff == key>>1&0xff
}

// strayMultiplier spreads the keys (Fibonacci hashing).
const strayMultiplier = 0x9E3779B97F4A7C15

// AddStray counts n operations in the slot of a time for which no frame can be labelled. If all
// entries are taken, it counts nothing and returns false. The hot path in C does the same.
func (t *Tally) AddStray(operationType int, n uint64, unix int64) bool {
	key := strayKey(t.Slot.Start(unix)/int64(t.Slot), operationType)
	first := int(key * strayMultiplier >> (64 - StrayBits))
	for i := range Strays {
		entry := (first + i) & (Strays - 1)
		mine := t.strayKeyAt(entry)
		for found := mine.Load(); found == key || givesWay(found, key); found = mine.Load() {
			if found == key || mine.CompareAndSwap(found, key) {
				t.strayCounter(entry).Add(n)
				return true
			}
		}
	}
	return false
}

func (t *Tally) strayKeyAt(entry int) *atomic.Uint64 {
	return (*atomic.Uint64)(t.at(StraysOffset + entry*StraySize))
}

func (t *Tally) strayCounter(entry int) *atomic.Uint64 {
	return (*atomic.Uint64)(t.at(StraysOffset + entry*StraySize + 8))
}

// Stray returns what an entry counts: a counter of a frame from Frames on. ok is false if the entry
// is free.
func (t *Tally) Stray(frame, index int) (slotStart int64, operationType int, ok bool) {
	key := t.strayKeyAt((frame-Frames)*Types + index).Load()
	return int64(key) >> strayIndexShift * int64(t.Slot), int(key >> 1 & 0xff), key != 0
}

// ReleaseStray allows an entry to count another slot of its type, if all that it counted is folded:
// so much is in the ledger. over tells whether no thread can be adding for a slot; somebody may set
// the clock back to that slot at any moment. So the entry is released first, which keeps threads from
// adding to it; then over is asked and the count read once more, and the entry is taken back if a
// thread came in between.
func (t *Tally) ReleaseStray(frame, index int, folded uint64, over func(slotStart int64) bool) {
	entry := (frame-Frames)*Types + index
	mine, counter := t.strayKeyAt(entry), t.strayCounter(entry)
	key := mine.Load()
	released, slotStart := key&^strayInUse, int64(key)>>strayIndexShift*int64(t.Slot)
	if key == released || counter.Load() != folded || !over(slotStart) || !mine.CompareAndSwap(key, released) {
		return
	}
	if !over(slotStart) || counter.Load() != folded {
		mine.CompareAndSwap(released, key)
	}
}

// SyncStrays writes the strays back to the disk and waits for it.
func (t *Tally) SyncStrays() error {
	if t.file == nil {
		return nil
	}
	// The system writes back whole pages; the mapping begins at a page.
	page := os.Getpagesize()
	first := StraysOffset / page * page
	return syncMemory(t.memory[first:FramesOffset])
}
