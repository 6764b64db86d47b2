// Package tally has counters that survive the death of the process: one file for each run, mapped
// into memory and shared, so that an addition is in the kernel's page cache as soon as it is done.
//
// Counters only grow and are never reset. The label of a frame of counters is the slot that it
// counts. Package report moves the counts to the ledger and remembers how far it came (the
// watermark), so the difference is what is new.
//
// The file is locked as long as its process (or a forked child of it) lives. A file that can be
// locked belongs to a dead run; whoever locks it adopts it.
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

// Account says for whom a run's operations count.
type Account struct {
	LTS           string `json:"lts"`              // id of the server's signing key
	Device        string `json:"device,omitempty"` // client UUID
	HandshakeCode string `json:"handshakeCode"`
	Item          string `json:"item"`
}

// Tally has the mapped counters of one run. Its methods may be called from any goroutine, but the
// caller must order calls of Relabel, Close and Remove.
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

// extension ends the names of tally files. A file with another name is not finished yet.
const extension = ".tally"

// Create makes the tally of a new run in directory, locks it, and allocates its blocks on the disk,
// so that a full disk is an error here and not a signal in the host later. If the disk has no room
// for all shards, the tally has fewer: that is slower for many threads, but better than losing
// counts when the process dies. An empty directory means memory only: such a tally ends with the
// process.
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

// fill writes the tally into an empty file and gives the file its name.
func (t *Tally) fill(unfinished, directory string, now time.Time) error {
	// Writing zeros allocates blocks on every file system; fallocate only on some.
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

// ErrNotATally is the error if this version can't read a file as a tally, ErrLaterVersion the error
// if a later version of the library can.
var (
	ErrNotATally    = errors.New("not a tally file of this version")
	ErrLaterVersion = errors.New("a tally file of a later version of the library")
)

// Orphans lists the tally files of a directory, of dead and of living runs.
func Orphans(directory string) ([]string, error) { return datafile.List(directory, extension) }

// Adopt opens and locks the tally of a dead run. The error is filelock.ErrLocked if the run is
// alive, even if the file is a copy; os.ErrNotExist if another process has just adopted and removed
// it; ErrNotATally if the file is damaged or not ours; or ErrLaterVersion.
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

// open opens a tally. separated means that the file had several names and is now a copy without
// them: of a dead run, whose lock we had.
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

// separate replaces the file of a dead run that has several names (a backup may have linked it) by
// a copy.
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
	// Between opening and locking, another process may have adopted the file, folded its counts and
	// removed it: folding them again would count twice.
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

// read reads the header.
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

// shardsFor is the number of shards for a number of CPUs: a power of two, so that a mask selects
// one, and several times the CPUs, because threads take shards in turn and those that run at the
// same time should not share one.
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

// Memory is the mapped memory, for the C hot path. It stays valid until Close, or until the process
// ends.
func (t *Tally) Memory() unsafe.Pointer { return unsafe.Pointer(&t.memory[0]) }

// Shards is the number of shards in a frame: a power of two.
func (t *Tally) Shards() int { return t.shards }

// Add counts n operations in the slot of the time unix (seconds since 1970). If no frame has the
// label of that slot, it counts nothing and returns false. The hot path in C does the same.
func (t *Tally) Add(operationType int, n uint64, unix int64) bool {
	for f := range Frames {
		if since := unix - t.label(f).Load(); since >= 0 && since < int64(t.Slot) {
			// Go does not tell which CPU this runs on. With a random shard (from a generator of the
			// thread's own), busy goroutines rarely share a cache line.
			shard := int(rand.Uint32()) & (t.shards - 1)
			t.counter(f, shard, operationType).Add(n)
			return true
		}
	}
	return false
}

// AddTo counts n operations in a frame regardless of its label: the last resort if not even a stray
// can be counted.
func (t *Tally) AddTo(frame, operationType int, n uint64) {
	t.counter(frame, 0, operationType).Add(n)
}

// Label is the start of the slot that a frame counts, or NoSlot.
func (t *Tally) Label(frame int) int64 { return t.label(frame).Load() }

// Relabel makes a frame count another slot from now on. What it counted so far must be in the
// ledger. A thread that is adding while the label changes counts in the new slot.
func (t *Tally) Relabel(frame int, slotStart int64) { t.label(frame).Store(slotStart) }

// Sums adds up the counters of a frame over its shards. A frame from Frames on has the counters of
// strays.
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

// Total is how many units the run has counted in all.
func (t *Tally) Total() int64 {
	var total uint64
	for frame := range AllFrames {
		for _, n := range t.Sums(frame) {
			total += n
		}
	}
	return int64(total)
}

// SetFolded notes how far a frame's counters are in the ledger: a copy of the watermark, for use if
// the ledger is lost.
func (t *Tally) SetFolded(frame int, sums *[Types]uint64) {
	for operationType, n := range sums {
		*t.folded(frame, operationType) = n
	}
}

// Folded returns what SetFolded noted. It may be less than the watermark, but never more, unless
// the ledger was lost.
func (t *Tally) Folded(frame int) *[Types]uint64 {
	var folded [Types]uint64
	for operationType := range folded {
		folded[operationType] = *t.folded(frame, operationType)
	}
	return &folded
}

// Pristine tells whether no ledger can know the run: SetKnown was never called.
func (t *Tally) Pristine() bool { return *(*uint32)(t.at(offsetKnown)) == 0 }

// SetKnown notes that the run is about to be registered in a ledger. If that ledger is lost, or
// forgets the run, the server may still have reports of it.
func (t *Tally) SetKnown() { *(*uint32)(t.at(offsetKnown)) = 1 }

// Raise raises a frame's sum to at least the watermark, and returns whether it was less. After a
// power cut the file may be older than the ledger; without this, as many new operations as the file
// lacks would be taken for folded.
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

// Gone tells whether somebody removed or replaced the tally's file. A file that this process just
// can't see any more, because it dropped privileges or changed its root, is not gone.
func (t *Tally) Gone() bool { return t.file != nil && t.place.Gone() }

// Remove closes a tally whose counters are all in the ledger, and deletes its file. No goroutine
// may use the tally afterwards.
func (t *Tally) Remove() error {
	// Unmap before, because Windows does not delete mapped files. Close after, so that nobody else
	// can lock the file meanwhile.
	err := t.unmap()
	if t.file != nil {
		err = errors.Join(err, datafile.Remove(t.path))
	}
	return errors.Join(err, t.Close())
}

// Close unmaps the tally and releases its lock; the file stays for the next process to adopt. No
// goroutine may use the tally afterwards.
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
