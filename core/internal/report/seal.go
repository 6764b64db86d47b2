// Package report turns the counts of tallies into reports, submits these, and gives up those that
// could not be submitted within 30 days.
package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/slot"
)

// Sealer moves the counts of a tally to the ledger. Its methods may be called from any goroutine.
type Sealer struct {
	tally  *tally.Tally
	ledger *ledger.Ledger

	// folding holds a token while the ledger is written, which may take long.
	folding chan struct{}
	// mu guards the frames' labels and marks. It is never held for long, because the hot path may
	// be waiting.
	mu     sync.Mutex
	marks  *ledger.Watermarks // what was folded, to see what is new without a transaction
	behind bool
}

// NewSealer makes the sealer of a run. Meet registers the run in the ledger, or else the first time
// that something is sealed.
func NewSealer(t *tally.Tally, l *ledger.Ledger) *Sealer {
	// Until the ledger is asked, use what the tally knows, which is never more than what was
	// folded. So no frame with something new gets another label.
	var marks ledger.Watermarks
	for frame := range marks {
		marks[frame] = *t.Folded(frame)
	}
	return &Sealer{tally: t, ledger: l, marks: &marks, folding: make(chan struct{}, 1)}
}

// Meet registers the run in the ledger, unless the ledger knows it, and asks how far the tally was
// folded.
func (s *Sealer) Meet(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	marks, err := s.ledger.MeetRun(ctx, s.tally)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(marks)
	return nil
}

// begin waits until no other goroutine folds this tally.
func (s *Sealer) begin(ctx context.Context) error {
	select {
	case s.folding <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ledger.ErrBusy, ctx.Err())
	}
}

func (s *Sealer) end() { <-s.folding }

// take notes how far the tally is folded according to the ledger. The caller holds s.mu.
func (s *Sealer) take(marks *ledger.Watermarks) {
	for frame := range marks {
		for operationType, n := range marks[frame] {
			if n > 0 && s.tally.Raise(frame, operationType, n) {
				s.behind = true
			}
		}
	}
	s.marks = marks
}

// Behind tells whether the tally was older than the ledger: what it had counted in between but not
// folded is lost.
func (s *Sealer) Behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behind
}

// Prepare labels a frame with the current slot and one with the next slot, so that the hot path
// finds them. If every frame has something new, Prepare folds that first.
func (s *Sealer) Prepare(ctx context.Context, clock slot.Clock) error {
	// Threads may add to the frames again while the ledger is written. That becomes less likely
	// with each try.
	const tries = 3
	for range tries {
		if s.PrepareQuickly(clock) {
			return nil
		}
		if _, err := s.SealAll(ctx); err != nil {
			return err
		}
	}
	return errors.New("every frame of the tally is in use")
}

// PrepareQuickly does the same without waiting for the ledger, for the hot path after a jump of the
// clock. It returns false if a frame would have to be folded first; the background work does that
// within a second.
func (s *Sealer) PrepareQuickly(clock slot.Clock) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Read the clock only now: while we waited, it may have jumped, and another goroutine may have
	// prepared the slot in which operations count by now.
	now := clock.Now().Unix()
	return s.label(s.tally.Slot.Start(now), clock) && s.label(s.tally.Slot.Next(now), clock)
}

// label gives a slot a frame, unless it has one. It returns false if every other frame has
// something new, which would be lost, or if the clock was set meanwhile. The caller holds s.mu.
func (s *Sealer) label(slotStart int64, clock slot.Clock) bool {
	current := s.tally.Slot.Start(clock.Now().Unix())
	victim, farthest := -1, uint64(0)
	for frame := range tally.Frames {
		label := s.tally.Label(frame)
		if label == slotStart {
			return true
		}
		// The farther a frame's slot is from now, the less likely is a late addition to it. A frame
		// without a label comes first.
		distance := uint64(max(label-current, current-label))
		if label != current && distance >= farthest && *s.tally.Sums(frame) == s.marks[frame] {
			victim, farthest = frame, distance
		}
	}
	if victim < 0 {
		return false
	}
	// Since current was read, the clock may have returned to the victim's slot, and operations may
	// count there. Without a label nothing is added to it, except by threads that saw the label
	// before: these read the clock just now, so if it still shows another slot, there are none. If it
	// moved on since, what they added shows in the sums.
	before := s.tally.Label(victim)
	s.tally.Relabel(victim, tally.NoSlot)
	if s.tally.Slot.Start(clock.Now().Unix()) == before || *s.tally.Sums(victim) != s.marks[victim] {
		s.tally.Relabel(victim, before)
		return false
	}
	s.tally.Relabel(victim, slotStart)
	return true
}

// Seal folds the frames of all slots that ended by now or, if all is set, of every slot. It returns
// how many units were new. It waits for other processes until the deadline of ctx.
func (s *Sealer) Seal(ctx context.Context, clock slot.Clock, all bool) (units int64, err error) {
	if all {
		units, err = s.SealAll(ctx)
	} else {
		now := clock.Now().Unix()
		units, err = s.SealSlots(ctx, func(label int64) bool { return label+int64(s.tally.Slot) <= now })
	}
	if err != nil {
		return 0, err
	}
	s.releaseStrays(clock)
	return units, nil
}

// SealAll folds the frames of every slot, and returns how many units were new.
func (s *Sealer) SealAll(ctx context.Context) (units int64, err error) {
	return s.SealSlots(ctx, func(int64) bool { return true })
}

// CountAt counts operations in a slot other than the current one. When it returns, they are on the
// disk, so that not even a power cut loses them. It returns false if the tally can't do that: it is
// in memory only, its file is gone, or it has too many slots that are not in the ledger yet.
func (s *Sealer) CountAt(operationType int, n uint64, unix int64) bool {
	if !s.tally.Durable() || s.tally.Gone() {
		return false
	}
	// Not while strays are released, because this one may belong to a slot that is long over.
	s.mu.Lock()
	counted := s.tally.AddStray(operationType, n, unix)
	s.mu.Unlock()
	if counted {
		_ = s.tally.SyncStrays() // again in the next second
	}
	return counted
}

// releaseStrays frees strays for other slots if their counts are in the ledger and their slots are
// so far from what the clock shows that no thread is adding to them. It reads the clock for each of
// them, because somebody may set it meanwhile.
func (s *Sealer) releaseStrays(clock slot.Clock) {
	far := func(slotStart int64) bool {
		now := clock.Now().Unix()
		return max(now-slotStart, slotStart-now) > 2*int64(s.tally.Slot)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for frame := tally.Frames; frame < tally.AllFrames; frame++ {
		for entry, folded := range s.marks[frame] {
			s.tally.ReleaseStray(frame, entry, folded, far)
		}
	}
}

// SealSlots folds what is new in the frames of the wanted slots, and returns how many units were
// new. On a full disk (ledger.ErrNoRoom) it folds as many slots as there is room for.
func (s *Sealer) SealSlots(ctx context.Context, wanted func(slotStart int64) bool) (units int64, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.end()
	changed := s.changed(wanted)
	if len(changed) == 0 {
		return 0, nil
	}
	// Before the watermark moves, because after a power cut the tally must not be behind it.
	if err := s.tally.Sync(); err != nil {
		return 0, fmt.Errorf("writing the tally back: %w", err)
	}
	err = ledger.InParts(changed, func(part []ledger.FrameSums) error {
		n, err := s.fold(ctx, part)
		units += n
		return err
	})
	if err != nil {
		return units, fmt.Errorf("folding the tally: %w", err)
	}
	return units, nil
}

// fold moves what is new in the given frames to the ledger.
func (s *Sealer) fold(ctx context.Context, changed []ledger.FrameSums) (units int64, err error) {
	marks, units, err := s.ledger.Fold(ctx, s.tally, changed)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(marks)
	for _, f := range changed {
		s.tally.SetFolded(f.Frame, &s.marks[f.Frame])
	}
	return units, nil
}

// changed lists the frames with something new. None of them gets another label before it is folded,
// because label does not touch frames with something new.
func (s *Sealer) changed(wanted func(label int64) bool) []ledger.FrameSums {
	s.mu.Lock()
	defer s.mu.Unlock()
	var changed []ledger.FrameSums
	for frame := range tally.Frames {
		label := s.tally.Label(frame)
		if label == tally.NoSlot {
			// The run died while it changed the frame's label and a thread was adding: counting in
			// a neighboring slot is better than losing the count.
			label = s.tally.Label(s.LastFrame())
		}
		if label == tally.NoSlot || !wanted(label) {
			continue
		}
		if sums := s.tally.Sums(frame); *sums != s.marks[frame] {
			changed = append(changed, ledger.FrameSums{Frame: frame, Slot: label, Sums: sums})
		}
	}
	return append(changed, s.changedStrays(wanted)...)
}

// changedStrays lists the strays with something new, as frames of one slot each.
func (s *Sealer) changedStrays(wanted func(label int64) bool) (changed []ledger.FrameSums) {
	for frame := tally.Frames; frame < tally.AllFrames; frame++ {
		sums := s.tally.Sums(frame)
		if *sums == s.marks[frame] {
			continue
		}
		ofSlot := map[int64]ledger.FrameSums{}
		for entry, sum := range sums {
			slotStart, operationType, ok := s.tally.Stray(frame, entry)
			if !ok || sum == s.marks[frame][entry] || !wanted(slotStart) {
				continue
			}
			f, known := ofSlot[slotStart]
			if !known {
				f = ledger.FrameSums{
					Frame: frame, Slot: slotStart, Sums: &[tally.Types]uint64{}, Types: &[tally.Types]int{},
				}
				ofSlot[slotStart] = f
				changed = append(changed, f)
			}
			f.Sums[entry], f.Types[entry] = sum, operationType
		}
	}
	return changed
}

// Unsealed is how many units the tally has that the ledger lacks.
func (s *Sealer) Unsealed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n uint64
	for frame := range tally.AllFrames {
		sums := s.tally.Sums(frame)
		for operationType, sum := range sums {
			n += sum - s.marks[frame][operationType]
		}
	}
	return int64(n)
}

// LastFrame is the frame with the latest label. An operation counts there if no frame can be
// labelled with its own slot and all strays are taken: a slot off is better than lost.
func (s *Sealer) LastFrame() int {
	last := 0
	for frame := range tally.Frames {
		if s.tally.Label(frame) > s.tally.Label(last) {
			last = frame
		}
	}
	return last
}

// Adoption is the result of adopting the tallies of dead runs.
type Adoption struct {
	// Runs is how many runs were adopted.
	Runs int
	// Missing is how many tallies were gone, damaged, or older than the ledger. What they had
	// counted and the ledger lacks is lost, and nobody knows how much it was.
	Missing int
	// Lost is how many units the ledger lacks; see ledger.Balance.
	Lost int64
}

// Adopt folds the tallies of dead runs in a data directory, removes their files, and balances the
// account. It sets damaged tallies aside, and leaves those of a later version of the library to
// that version. What can't be adopted now stays for the next start; the error says why.
func Adopt(ctx context.Context, directory string, l *ledger.Ledger) (Adoption, error) {
	var adoption Adoption
	// Read the runs before the files, because a run is registered only after its file exists.
	open, err := l.OpenRuns(ctx)
	if err != nil {
		return adoption, err
	}
	paths, err := tally.Orphans(directory)
	if err != nil {
		return adoption, err
	}
	var failures []error
	present := map[string]bool{}
	for _, path := range paths {
		run := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		switch behind, err := adopt(ctx, path, l); {
		case err == nil:
			adoption.Runs++
			if behind {
				adoption.Missing++
			}
		case errors.Is(err, os.ErrNotExist):
		case errors.Is(err, filelock.ErrLocked), errors.Is(err, tally.ErrLaterVersion):
			present[run] = true
		case errors.Is(err, tally.ErrNotATally):
			_, aside := datafile.SetAside(path, ".damaged")
			failures = append(failures, err, aside)
		default:
			present[run] = true
			failures = append(failures, err)
		}
	}
	removeUnfinished(directory)
	for _, run := range open {
		missing, err := finishIfGone(ctx, directory, run, l)
		if missing {
			adoption.Missing++
		}
		failures = append(failures, err)
	}
	failures = append(failures, l.ForgetRuns(ctx, func(run string) bool { return present[run] }))
	adoption.Lost, err = l.Balance(ctx)
	return adoption, errors.Join(append(failures, err)...)
}

// finishIfGone finishes a run whose tally does not exist any more.
func finishIfGone(ctx context.Context, directory, run string, l *ledger.Ledger) (gone bool, err error) {
	if _, err := os.Stat(tally.Path(directory, run)); !errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	// Another process may have adopted it just now; then it is finished.
	if state, err := l.RunState(ctx, run); err != nil || state != ledger.RunOpen {
		return false, err
	}
	return true, l.FinishRun(ctx, run)
}

// unfinishedAge is how old a file under a temporary name must be for its maker
// to be dead.
const unfinishedAge = time.Hour

// removeUnfinished deletes files whose processes died while they created them (a tally, the
// device's identity). Nothing was counted in them yet.
func removeUnfinished(directory string) {
	paths, _ := datafile.List(directory, datafile.UnfinishedExtension) // next time
	for _, path := range paths {
		// The file system uses the machine's clock, so compare with that.
		if info, err := datafile.Check(path, datafile.Read); err == nil && time.Since(info.ModTime()) > unfinishedAge {
			_ = datafile.Remove(path)
		}
	}
}

func adopt(ctx context.Context, path string, l *ledger.Ledger) (behind bool, err error) {
	t, err := tally.Adopt(path)
	if err != nil {
		return false, err
	}
	behind, err = drain(ctx, t, l)
	if err == nil {
		return behind, t.Remove()
	}
	return behind, errors.Join(err, t.Close())
}

// drain folds all of a dead run's tally.
func drain(ctx context.Context, t *tally.Tally, l *ledger.Ledger) (behind bool, err error) {
	if state, err := l.RunState(ctx, t.Run); err != nil || state == ledger.RunFinished {
		return false, err
	}
	s := NewSealer(t, l)
	if err := s.Meet(ctx); err != nil {
		return false, err
	}
	if _, err := s.SealAll(ctx); err != nil {
		return false, err
	}
	return s.Behind(), l.FinishRun(ctx, t.Run)
}

// Cutoff is the moment before which slots are given up at now.
func Cutoff(now time.Time, length slot.Length, retention time.Duration) int64 {
	return length.Start(now.Add(-retention).Unix())
}
