package tally

import "os"

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
