// Package report turns what a tally counted into reports, submits them, and
// gives up those that could not be submitted within 30 days.
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

// Sealer moves what a tally counted to the ledger. Its methods may be called
// from any goroutine.
type Sealer struct {
	tally  *tally.Tally
	ledger *ledger.Ledger

	// folding holds a token while the ledger is written, which may take its time.
	folding chan struct{}
	// mu guards the frames' labels and marks, and is never held for long: the hot
	// path may be waiting.
	mu     sync.Mutex
	marks  *ledger.Watermarks // what was folded, to see what is new without a transaction
	behind bool
}

// NewSealer makes the sealer of a run, which the ledger learns of with Meet, or when
// something is first sealed.
func NewSealer(t *tally.Tally, l *ledger.Ledger) *Sealer {
	// Until the ledger was asked: what the tally knows, which is never more. So no
	// frame is given another label that holds something new.
	var marks ledger.Watermarks
	for frame := range marks {
		marks[frame] = *t.Folded(frame)
	}
	return &Sealer{tally: t, ledger: l, marks: &marks, folding: make(chan struct{}, 1)}
}

// Meet enters the run in the ledger, if it does not know it, and asks it how far the
// tally was folded.
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

// begin waits until no other goroutine writes what this tally counted.
func (s *Sealer) begin(ctx context.Context) error {
	select {
	case s.folding <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ledger.ErrBusy, ctx.Err())
	}
}

func (s *Sealer) end() { <-s.folding }

// take notes how far the ledger says that the tally is folded. s.mu is held.
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

// Behind tells whether the tally was found older than the ledger: what was in
// the difference and not folded is lost.
func (s *Sealer) Behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behind
}

// Prepare labels a frame with the slot of now and one with the slot after it,
// so that the hot path finds them. If no frame can be given away as it is, what
// is new in them is folded first.
func (s *Sealer) Prepare(ctx context.Context, clock slot.Clock) error {
	// Additions may come while the ledger is written; they don't come for ever.
	const tries = 3
	for range tries {
		if s.PrepareQuickly(clock) {
			return nil
		}
		if _, err := s.SealSlots(ctx, func(int64) bool { return true }); err != nil {
			return err
		}
	}
	return errors.New("every frame of the tally is in use")
}

// PrepareQuickly does the same without the ledger, in no time, for the hot path
// after a jump of the clock. It reports false if some frame would have to be
// folded first; the work in the background does that within a second.
func (s *Sealer) PrepareQuickly(clock slot.Clock) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Only now: while we waited, the clock may have jumped, and another goroutine may
	// have prepared the slot that operations count in by this time.
	now := clock.Now().Unix()
	current := s.tally.Slot.Start(now)
	return s.label(current, current) && s.label(s.tally.Slot.Next(now), current)
}

// label gives a slot a frame, unless it has one. It reports false if no frame
// can be given away without losing what is new in it. s.mu is held.
func (s *Sealer) label(slotStart, current int64) bool {
	victim, farthest := -1, uint64(0)
	for frame := range tally.Frames {
		label := s.tally.Label(frame)
		if label == slotStart {
			return true
		}
		// The farther from now, the less likely a late addition still hits it. A
		// frame without a label is farther than any.
		distance := uint64(max(label-current, current-label))
		if label != current && distance >= farthest && *s.tally.Sums(frame) == s.marks[frame] {
			victim, farthest = frame, distance
		}
	}
	if victim < 0 {
		return false
	}
	// The clock may have come back to the victim's slot since current was read, and
	// operations with it. Without a label none is added, so what is seen then is all.
	before := s.tally.Label(victim)
	s.tally.Relabel(victim, tally.NoSlot)
	if *s.tally.Sums(victim) != s.marks[victim] {
		s.tally.Relabel(victim, before)
		return false
	}
	s.tally.Relabel(victim, slotStart)
	return true
}

// Seal folds the frames of all slots that ended by now; also the current one's
// (and any other) if all is set. It answers how many units were new. Until the
// deadline of ctx, it waits for other processes.
func (s *Sealer) Seal(ctx context.Context, now time.Time, all bool) (units int64, err error) {
	units, err = s.SealSlots(ctx, func(label int64) bool { return all || label+int64(s.tally.Slot) <= now.Unix() })
	if err != nil {
		return 0, err
	}
	s.releaseStrays(now.Unix())
	return units, nil
}

// CountAt counts operations in the slot of a moment other than now, on the disk when
// it returns, so that not even a power cut loses them. It reports false if the
// tally can't: it is in memory only, its file is gone, or it holds too many slots
// that are not in the ledger yet.
func (s *Sealer) CountAt(operationType int, n uint64, unix int64) bool {
	if !s.tally.Durable() || s.tally.Gone() {
		return false
	}
	// Not while strays are released: this one may be of a slot long past.
	s.mu.Lock()
	counted := s.tally.AddStray(operationType, n, unix)
	s.mu.Unlock()
	if counted {
		_ = s.tally.SyncStrays() // the next second again
	}
	return counted
}

// releaseStrays lets strays count other slots whose own are in the ledger, and far
// enough from now that nothing is on its way to them.
func (s *Sealer) releaseStrays(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for frame := tally.Frames; frame < tally.AllFrames; frame++ {
		sums := s.tally.Sums(frame)
		for entry, sum := range sums {
			slotStart, _, ok := s.tally.Stray(frame, entry)
			if ok && sum == s.marks[frame][entry] && max(now-slotStart, slotStart-now) > 2*int64(s.tally.Slot) {
				s.tally.ReleaseStray(frame, entry)
			}
		}
	}
}

// SealSlots moves what is new in the frames of the slots that are wanted to the ledger,
// and answers how many units were new. On a full disk (ledger.ErrNoRoom) it moves as many
// slots as there is room for.
func (s *Sealer) SealSlots(ctx context.Context, wanted func(slotStart int64) bool) (units int64, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.end()
	changed := s.changed(wanted)
	if len(changed) == 0 {
		return 0, nil
	}
	// Before the watermark: after a power cut the tally must not be behind it.
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

// fold moves what is new in some frames to the ledger.
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

// changed are the frames with something new. None of them is relabelled before
// it is folded, because label leaves frames with something new alone.
func (s *Sealer) changed(wanted func(label int64) bool) []ledger.FrameSums {
	s.mu.Lock()
	defer s.mu.Unlock()
	var changed []ledger.FrameSums
	for frame := range tally.Frames {
		label := s.tally.Label(frame)
		if label == tally.NoSlot {
			// A run that died while it gave the frame another label, with an
			// addition under way: a neighbouring slot is better than none.
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

// changedStrays are the strays with something new, as frames of one slot each.
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

// Unsealed is how many units the tally holds that the ledger does not.
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

// LastFrame is the frame with the latest label: where an operation counts if no
// frame can be labelled with its own slot and no more strays can be counted. A
// slot off is better than lost.
func (s *Sealer) LastFrame() int {
	last := 0
	for frame := range tally.Frames {
		if s.tally.Label(frame) > s.tally.Label(last) {
			last = frame
		}
	}
	return last
}

// Adoption is what was found when the tallies of dead runs were taken over.
type Adoption struct {
	// Runs is how many were taken over.
	Runs int
	// Missing is how many tallies are gone, damaged, or older than the ledger.
	// What they held and the ledger does not is lost, and nobody knows how much.
	Missing int
	// Lost is how many units the ledger lacks; see ledger.Balance.
	Lost int64
}

// Adopt folds the tallies of dead runs that a data directory holds, removes
// their files, and balances the account. Damaged ones are set aside, and those of a
// later version of the library left to it. What can't be adopted now stays for the
// next start; the error says why.
func Adopt(ctx context.Context, directory string, l *ledger.Ledger) (Adoption, error) {
	var adoption Adoption
	// Before the files, because a run is entered when its file is there.
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

// finishIfGone finishes a run whose tally is not there any more.
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

// removeUnfinished deletes what processes left that died while they made a file
// (a tally, the device's identity). Nothing was counted in it yet.
func removeUnfinished(directory string) {
	paths, _ := datafile.List(directory, datafile.UnfinishedExtension) // next time
	for _, path := range paths {
		// By the file system's clock, which is the machine's.
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
	if _, err := s.Seal(ctx, time.Time{}, true); err != nil {
		return false, err
	}
	return s.Behind(), l.FinishRun(ctx, t.Run)
}

// Cutoff is the moment before which slots are given up at now.
func Cutoff(now time.Time, length slot.Length, retention time.Duration) int64 {
	return length.Start(now.Add(-retention).Unix())
}
