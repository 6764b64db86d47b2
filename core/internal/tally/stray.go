package tally

import (
	"os"
	"sync/atomic"
)

// A stray is an operation in a slot that no frame is labelled with. The strays are a
// hash table of entries, each of which counts one slot and type. capi/record.c has the
// same for the C hot path. An entry:
//
//	          AddStray              folded, and the slot over: ReleaseStray
//	free ----------------> in use ---------------------------> released
//	                          ^                                   |
//	                          +-----------------------------------+
//	                     AddStray, of the same type: another slot
//
// Only a file that is removed frees an entry: its counter and watermark only grow. If
// all entries are taken, AddStray says so, and the operation counts in the last frame.

// strayKey is the key of a slot and a type: never zero, which is the key of a
// free entry. The lowest bit, strayInUse, tells that it counts that slot: without
// it, another slot of the type may take the entry.
func strayKey(slotIndex int64, operationType int) uint64 {
	return (uint64(slotIndex)<<8|uint64(operationType))<<1 | strayInUse
}

const (
	strayInUse = 1
	// strayIndexShift leads to the index of the slot in a key.
	strayIndexShift = 9
)

// givesWay tells whether an entry may become the one of a key: it is free, or done
// with its slot and of the same type. An addition on its way to the former slot
// counts in the new one then, or was folded to the former.
func givesWay(found, key uint64) bool {
	return found == 0 || found&strayInUse == 0 && found>>1&0xff == key>>1&0xff
}

// strayMultiplier spreads the keys (Fibonacci hashing).
const strayMultiplier = 0x9E3779B97F4A7C15

// AddStray counts n operations in the slot of a moment that no frame can be
// labelled with. It reports false, and counts nothing, if all entries are taken.
// It is the Go twin of the C path.
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

// Stray tells what an entry counts: a counter of a frame from Frames on. It
// reports false if the entry is free.
func (t *Tally) Stray(frame, index int) (slotStart int64, operationType int, ok bool) {
	key := t.strayKeyAt((frame-Frames)*Types + index).Load()
	return int64(key) >> strayIndexShift * int64(t.Slot), int(key >> 1 & 0xff), key != 0
}

// ReleaseStray lets an entry count another slot of its type. What it counted so far
// must be in the ledger.
func (t *Tally) ReleaseStray(frame, index int) {
	mine := t.strayKeyAt((frame-Frames)*Types + index)
	if key := mine.Load(); key != 0 {
		mine.CompareAndSwap(key, key&^strayInUse)
	}
}

// SyncStrays writes the strays back to the disk and waits for it.
func (t *Tally) SyncStrays() error {
	if t.file == nil {
		return nil
	}
	// Whole pages are written back; the mapping begins with one.
	page := os.Getpagesize()
	first := StraysOffset / page * page
	return syncMemory(t.memory[first:FramesOffset])
}
