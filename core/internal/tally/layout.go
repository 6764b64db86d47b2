package tally

import "github.com/openlts/openlts/core/protocol"

// The layout of a tally file, in the byte order of the machine. capi/tally.h has the same layout
// for the C hot path; a check in capi fails the build if the two differ.
//
//	0              header: what the run is
//	HeaderSize     folded:   AllFrames x Types counters, how far a frame's
//	               counters are in the ledger, as far as this run knows
//	...            strays:   Strays entries of a key and a counter, 64 bits each
//	...            frames:   Frames times a label, and shards x Types counters of
//	               64 bits
//	...            names of the types that a host defined, NUL-padded
const (
	// Magic begins every tally file; its last byte is the layout's version.
	Magic = "OLTSTLY\x04"

	// Frames is how many slots a tally can count at a time: the current one, the next one (labelled
	// in advance), and two past ones to which late additions may still come.
	Frames = 4
	// Types is the number of counters in a shard.
	Types = protocol.OperationTypes
	// Strays is the number of entries for operations that find no frame with the label of their
	// slot, because nobody could label one: in a forked child whose parent has ended, or while the
	// ledger can't be written and every frame has something new. They are a hash table with open
	// addressing. An entry counts one slot and type; once that count is in the ledger and the slot
	// is over, the entry may count another slot of the same type. A power of two.
	Strays = 1024
	// StrayBits is its logarithm.
	StrayBits = 10
	// AllFrames includes the strays as frames of Types entries each: in the watermarks, they are
	// the frames after the first Frames.
	AllFrames = Frames + Strays/Types
	// MaxShards is the largest number of shards of a frame. A shard is a separate set of counters
	// for one or a few threads, so that they don't compete for a cache line.
	MaxShards = 64

	// HeaderSize is a page.
	HeaderSize = 4096
	// ShardSize is the size of a shard in bytes; it is a multiple of a cache line.
	ShardSize = Types * 8
	// FoldedOffset is where the folded counters begin.
	FoldedOffset = HeaderSize
	// StraysOffset is where the strays begin.
	StraysOffset = FoldedOffset + AllFrames*ShardSize
	// StraySize is the size of an entry: its key, and its counter.
	StraySize = 16
	// FramesOffset is where the frames begin.
	FramesOffset = StraysOffset + Strays*StraySize
	// FrameHeader is the size of a frame's first cache line. It contains the label: an int64, the
	// start of the slot that the frame counts, or NoSlot. Label and counters are side by side, so
	// that the hot path finds both by one address.
	FrameHeader = 64

	offsetShards      = 8   // uint32
	offsetSlotSeconds = 12  // uint32
	offsetRun         = 16  // 16 bytes: the run's UUID
	offsetCreatedAt   = 32  // int64: seconds since 1970
	offsetKnown       = 40  // uint32: 1 once the run is about to be registered in a ledger
	offsetDevice      = 48  // uint64, and what follows: see owner
	offsetInode       = 56  // uint64
	offsetBoot        = 64  // 16 bytes
	offsetPID         = 80  // uint32
	offsetStarted     = 88  // uint64
	offsetNamespace   = 96  // uint64
	offsetAccount     = 256 // JSON of the Account, NUL-padded
	accountSize       = 1792
)

// HostTypes is how many types a host can define.
const HostTypes = Types - int(protocol.FirstHostOperationType)

// NoSlot is the label of a frame that counts no slot. No possible time is within a slot's length of
// it.
const NoSlot = -1 << 62

func frameSize(shards int) int { return FrameHeader + shards*ShardSize }

func namesOffset(shards int) int { return FramesOffset + Frames*frameSize(shards) }

func size(shards int) int { return namesOffset(shards) + HostTypes*protocol.MaxOperationTypeName }
