package client

import (
	"unsafe"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/tally"
)

// Account is everything that a device has ever recorded, in units, and what became of it.
type Account = ledger.Account

// Counters is the memory in which a license counts, for a hot path outside Go.
// core/internal/tally/layout.go describes its layout.
type Counters struct {
	// Memory stays mapped until the process ends, even after the license is closed.
	Memory unsafe.Pointer
	Shards int // of a frame; a power of two
	// SlotSeconds is the length of a slot.
	SlotSeconds int64
}

// Counters is the memory in which this license counts.
func (l *License) Counters() Counters {
	return Counters{l.meter.tally.Memory(), l.meter.tally.Shards(), int64(l.meter.tally.Slot)}
}

// The layout of Counters, which a hot path outside Go must use as well.
const (
	CounterFrames       = tally.Frames
	CounterFramesOffset = tally.FramesOffset
	CounterFrameHeader  = tally.FrameHeader
	CounterTypes        = tally.Types
	Strays              = tally.Strays
	StrayBits           = tally.StrayBits
	StraySize           = tally.StraySize
	StraysOffset        = tally.StraysOffset
)
