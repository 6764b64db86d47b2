// Package tally holds counters that survive the death of the process: a file
// per run, mapped into memory and shared, so that what was added is in the
// kernel's page cache the instant the addition is done.
//
// Counters only grow and are never reset. A frame of counters is labelled with
// the slot it counts; package report moves what was counted to the ledger and
// remembers how far it came (the watermark), so the difference is what is new.
//
// The file is locked as long as its process (or a fork of it) lives. A file
// that can be locked belongs to a dead run; whoever locks it takes it over.
package tally

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/slot"
)

// Account is what a run's operations are counted under.
type Account struct {
	LTS           string `json:"lts"`              // id of the server's signing key
	Device        string `json:"device,omitempty"` // client UUID
	HandshakeCode string `json:"handshakeCode"`
	Item          string `json:"item"`
}

// Tally is the mapped counters of one run. Its methods may be called from any
// goroutine, except that Label, Close and Remove need the caller's order.
type Tally struct {
	Run     string // the run's UUID
	Account Account
	Slot    slot.Length

	renewed atomic.Pointer[Account] // see CountUnder
	file    *os.File                // nil if the tally is in memory only
	place   datafile.Place          // of the file
	path    string
	memory  []byte
	shards  int
}

// extension of tally files. A file under another name is not finished yet.
const extension = ".tally"

// Create makes the tally of a new run in directory, locked and with its blocks
// on the disk allocated, so that a full disk is an error here and not a signal
// in the host later. Where the disk has no room for all shards, it has fewer:
// slower for many threads is better than gone with the process. An empty
// directory means memory only: such a tally dies with the process.
func Create(directory string, account Account, length slot.Length, now time.Time) (*Tally, error) {
	shards := shardsFor(runtime.NumCPU())
	for {
		t := &Tally{Run: uuid.NewString(), Account: account, Slot: length, shards: shards}
		err := t.create(directory, now)
		if err == nil {
			return t, nil
		}
		if shards == 1 || !noRoom(err) {
			return nil, err
		}
		shards /= 2
	}
}

func (t *Tally) create(directory string, now time.Time) (err error) {
	if directory == "" {
		if t.memory, err = mapMemory(size(t.shards)); err != nil {
			return err
		}
		return t.format(now)
	}
	unfinished := filepath.Join(directory, t.Run+datafile.UnfinishedExtension)
	if t.file, err = datafile.Create(unfinished); err != nil {
		return err
	}
	if err = t.fill(unfinished, directory, now); err != nil {
		_ = t.Close()
		_ = datafile.Remove(unfinished)
		return fmt.Errorf("creating a tally in %s: %w", directory, err)
	}
	return nil
}

// fill makes an empty file the tally, and gives it its name.
func (t *Tally) fill(unfinished, directory string, now time.Time) error {
	// Writing the zeros allocates on every file system; fallocate does on some.
	if _, err := t.file.Write(make([]byte, size(t.shards))); err != nil {
		return err
	}
	if err := filelock.Try(t.file); err != nil {
		return err
	}
	var err error
	if t.memory, err = mapFile(t.file, size(t.shards)); err != nil {
		return err
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if err := t.format(now); err != nil {
		return err
	}
	t.claim()
	if err := t.file.Sync(); err != nil {
		return err
	}
	if err := datafile.Rename(unfinished, Path(directory, t.Run)); err != nil {
		return err
	}
	t.foundAt(Path(directory, t.Run), info)
	return nil
}

// foundAt notes where the tally's file is.
func (t *Tally) foundAt(path string, info os.FileInfo) {
	t.path, t.place = path, datafile.PlaceOf(path, info)
}

// Path is where the tally of a run is kept.
func Path(directory, run string) string { return filepath.Join(directory, run+extension) }

func (t *Tally) format(now time.Time) error {
	account, err := json.Marshal(t.Account)
	if err != nil {
		return err
	}
	if len(account) > accountSize {
		return fmt.Errorf("handshake code and item id are too long for a tally: %d bytes", len(account))
	}
	id, err := uuid.Parse(t.Run)
	if err != nil {
		return err
	}
	copy(t.memory, Magic)
	*(*uint32)(t.at(offsetShards)) = uint32(t.shards)
	*(*uint32)(t.at(offsetSlotSeconds)) = uint32(t.Slot)
	copy(t.memory[offsetRun:], id[:])
	*(*int64)(t.at(offsetCreatedAt)) = now.Unix()
	copy(t.memory[offsetAccount:], account)
	for f := range Frames {
		t.label(f).Store(NoSlot)
	}
	return nil
}

// ErrNotATally is the error of a file that is no tally this version can read,
// ErrLaterVersion of one that a later version of the library can.
var (
	ErrNotATally    = errors.New("not a tally file of this version")
	ErrLaterVersion = errors.New("a tally file of a later version of the library")
)

// Orphans lists the tally files of a directory, dead runs' and others'.
func Orphans(directory string) ([]string, error) { return datafile.List(directory, extension) }

// Adopt opens and locks the tally of a dead run. It gives filelock.ErrLocked if
// the run is alive, though the file be a copy, os.ErrNotExist if another process adopted and removed it
// just now, ErrNotATally if the file is damaged or no file of ours at all, and
// ErrLaterVersion.
func Adopt(path string) (*Tally, error) {
	f, separated, err := open(path)
	if err != nil {
		return nil, err
	}
	t, err := adopt(f, path, separated)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return t, nil
}

// open opens a tally. separated tells that it had other names, and is a copy of its own
// now: of a dead run, whose lock we had.
func open(path string) (f *os.File, separated bool, err error) {
	f, err = datafile.Open(path, datafile.Write)
	if errors.Is(err, datafile.ErrLinked) {
		if err = separate(path); err == nil {
			separated = true
			f, err = datafile.Open(path, datafile.Write)
		}
	}
	if errors.Is(err, datafile.ErrForeign) || errors.Is(err, datafile.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", ErrNotATally, err)
	}
	return f, separated, err
}

// separate gives the file of a dead run that has other names (a backup may have
// linked it) content of its own.
func separate(path string) error {
	f, err := datafile.Open(path, datafile.Read)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := filelock.Try(f); err != nil {
		return err // the run is alive
	}
	return datafile.Separate(path, int64(size(MaxShards)))
}

func adopt(f *os.File, path string, separated bool) (*Tally, error) {
	if err := filelock.Try(f); err != nil {
		return nil, err
	}
	locked, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Between opening and locking, another process may have adopted the file,
	// counted it and removed it: counting it again would double it.
	named, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !os.SameFile(locked, named) {
		return nil, os.ErrNotExist
	}
	if locked.Size() < HeaderSize || locked.Size() > int64(size(MaxShards)) {
		return nil, fmt.Errorf("%s: %w", path, ErrNotATally)
	}
	memory, err := mapFile(f, int(locked.Size()))
	if err != nil {
		return nil, err
	}
	t := &Tally{file: f, memory: memory}
	t.foundAt(path, locked)
	if err = t.read(); err == nil {
		err = t.vet()
	}
	if err == nil && !separated && t.copyOfALivingRun() {
		err = fmt.Errorf("a copy of a run that goes on: %w", filelock.ErrLocked)
	}
	if err != nil {
		_ = unmap(memory)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// read takes what the run is from the header.
func (t *Tally) read() error {
	if magic := string(t.memory[:len(Magic)]); magic != Magic {
		if name := Magic[:len(Magic)-1]; magic[:len(name)] == name && magic > Magic {
			return ErrLaterVersion
		}
		return ErrNotATally
	}
	t.shards = int(*(*uint32)(t.at(offsetShards)))
	if t.shards < 1 || t.shards > MaxShards || bits.OnesCount(uint(t.shards)) != 1 || len(t.memory) != size(t.shards) {
		return ErrNotATally
	}
	length, err := slot.Check(int64(*(*uint32)(t.at(offsetSlotSeconds))))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotATally, err)
	}
	t.Slot = length
	id, err := uuid.FromBytes(t.memory[offsetRun : offsetRun+16])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotATally, err)
	}
	t.Run = id.String()
	account := t.memory[offsetAccount : offsetAccount+accountSize]
	for len(account) > 0 && account[len(account)-1] == 0 {
		account = account[:len(account)-1]
	}
	if err := json.Unmarshal(account, &t.Account); err != nil {
		return fmt.Errorf("%w: its account: %w", ErrNotATally, err)
	}
	return nil
}

// shardsFor is the number of shards for so many CPUs: a power of two, so that
// choosing one is a mask, and several times the CPUs, because threads take
// shards in turn and those that run at the same time should not meet.
func shardsFor(cpus int) int {
	shards := 8
	for shards < 4*cpus && shards < MaxShards {
		shards *= 2
	}
	return shards
}

func (t *Tally) at(offset int) unsafe.Pointer { return unsafe.Pointer(&t.memory[offset]) }

func (t *Tally) label(frame int) *atomic.Int64 {
	return (*atomic.Int64)(t.at(FramesOffset + frame*frameSize(t.shards)))
}

func (t *Tally) counter(frame, shard, operationType int) *atomic.Uint64 {
	return (*atomic.Uint64)(
		t.at(FramesOffset + frame*frameSize(t.shards) + FrameHeader + (shard*Types+operationType)*8))
}

func (t *Tally) folded(frame, operationType int) *uint64 {
	return (*uint64)(t.at(FoldedOffset + (frame*Types+operationType)*8))
}

// Memory is the mapping, for the C hot path. It stays valid until the process
// ends unless Close is called.
func (t *Tally) Memory() unsafe.Pointer { return unsafe.Pointer(&t.memory[0]) }

// Shards is the number of shards in a frame: a power of two.
func (t *Tally) Shards() int { return t.shards }

// Add counts n operations in the slot that the moment unix (seconds since 1970)
// lies in. It reports false, and counts nothing, if no frame is labelled with
// that slot. It is the Go twin of the C hot path.
func (t *Tally) Add(operationType int, n uint64, unix int64) bool {
	for f := range Frames {
		if since := unix - t.label(f).Load(); since >= 0 && since < int64(t.Slot) {
			// Go does not tell which CPU runs this. A random shard (from a source
			// of the thread's own) keeps busy goroutines from sharing one line.
			shard := int(rand.Uint32()) & (t.shards - 1)
			t.counter(f, shard, operationType).Add(n)
			return true
		}
	}
	return false
}

// AddTo counts n operations in a frame, whatever its label: the last resort when
// not even a stray can be counted.
func (t *Tally) AddTo(frame, operationType int, n uint64) {
	t.counter(frame, 0, operationType).Add(n)
}

// Label is the slot a frame counts, or NoSlot.
func (t *Tally) Label(frame int) int64 { return t.label(frame).Load() }

// Relabel makes a frame count another slot from now on. What it counted so far
// must be in the ledger. Additions that were on their way while the label changed
// count in the new slot.
func (t *Tally) Relabel(frame int, slotStart int64) { t.label(frame).Store(slotStart) }

// Sums adds up the counters of a frame over its shards. For a frame from Frames
// on, they are those of the strays.
func (t *Tally) Sums(frame int) *[Types]uint64 {
	var sums [Types]uint64
	if frame >= Frames {
		for i := range sums {
			sums[i] = t.strayCounter((frame-Frames)*Types + i).Load()
		}
		return &sums
	}
	for shard := range t.shards {
		for operationType := range Types {
			sums[operationType] += t.counter(frame, shard, operationType).Load()
		}
	}
	return &sums
}

// Total is how many units the run counted in all.
func (t *Tally) Total() int64 {
	var total uint64
	for frame := range AllFrames {
		for _, n := range t.Sums(frame) {
			total += n
		}
	}
	return int64(total)
}

// SetFolded notes how far a frame's counters are in the ledger: a copy of the
// watermark, which stands in for it if the ledger is lost.
func (t *Tally) SetFolded(frame int, sums *[Types]uint64) {
	for operationType, n := range sums {
		*t.folded(frame, operationType) = n
	}
}

// Folded is what SetFolded noted. It may be less than the watermark, but never
// more, unless the ledger was lost.
func (t *Tally) Folded(frame int) *[Types]uint64 {
	var folded [Types]uint64
	for operationType := range folded {
		folded[operationType] = *t.folded(frame, operationType)
	}
	return &folded
}

// Pristine tells whether no ledger can know the run: SetKnown was never called.
func (t *Tally) Pristine() bool { return *(*uint32)(t.at(offsetKnown)) == 0 }

// SetKnown notes that the run is about to be entered in a ledger. Should that one
// be lost, or forget the run, the server may still have reports of it.
func (t *Tally) SetKnown() { *(*uint32)(t.at(offsetKnown)) = 1 }

// Raise lifts a frame's sum to at least the watermark, and reports whether it
// was less. After a power cut the file may be older than the ledger; without
// this, as many new operations as the file lacks would hide behind the watermark.
func (t *Tally) Raise(frame, operationType int, watermark uint64) (behind bool) {
	sum := t.Sums(frame)[operationType]
	if sum >= watermark {
		return false
	}
	if frame >= Frames {
		t.strayCounter((frame-Frames)*Types + operationType).Add(watermark - sum)
	} else {
		t.counter(frame, 0, operationType).Add(watermark - sum)
	}
	return true
}

// Sync writes the tally back to the disk and waits for it: before a watermark
// is committed, so that a power cut can't leave the tally behind the ledger.
func (t *Tally) Sync() error {
	if t.file == nil {
		return nil
	}
	return syncMemory(t.memory)
}

// Durable tells whether the tally survives the process.
func (t *Tally) Durable() bool { return t.file != nil }

// Gone tells whether the tally's file was removed or replaced behind its back. A
// file that can't be seen any more, because the process dropped privileges or
// changed its root, is not gone.
func (t *Tally) Gone() bool { return t.file != nil && t.place.Gone() }

// Remove deletes the file of a tally whose counters are all in the ledger and
// closes it. No goroutine may use it any more.
func (t *Tally) Remove() error {
	// Unmapped before, because Windows removes no file that is mapped; closed after, so
	// that nobody else can lock it meanwhile.
	err := t.unmap()
	if t.file != nil {
		err = errors.Join(err, datafile.Remove(t.path))
	}
	return errors.Join(err, t.Close())
}

// Close unmaps the tally and gives up its lock; the file stays, for the next
// process to adopt. No goroutine may use it any more.
func (t *Tally) Close() error {
	err := t.unmap()
	if t.file != nil {
		err = errors.Join(err, t.file.Close())
	}
	return err
}

func (t *Tally) unmap() error {
	if t.memory == nil {
		return nil
	}
	memory := t.memory
	t.memory = nil
	return unmap(memory)
}
