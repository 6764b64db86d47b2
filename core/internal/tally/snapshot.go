package tally

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
)

// Snapshot is what a tally showed when it was looked at: of a run that goes on in
// another process, in another license of this one, or that is dead and not taken over
// yet.
type Snapshot struct {
	tally *Tally // its memory is a copy, and it has no file
	lives bool
}

// Look reads a tally as it stands and leaves it alone: no lock is taken, so nobody who
// adopts it meanwhile finds it in use. What was added before is seen. The error is
// os.ErrNotExist if the file is gone, filelock.ErrLocked if it is a copy of a run that goes
// on elsewhere, and otherwise as that of Adopt.
func Look(path string) (*Snapshot, error) {
	f, err := datafile.Open(path, datafile.Read)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	s, err := look(f, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func look(f *os.File, path string) (*Snapshot, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < HeaderSize || info.Size() > int64(size(MaxShards)) {
		return nil, ErrNotATally
	}
	s := &Snapshot{tally: &Tally{memory: make([]byte, info.Size()), path: path}}
	t := s.tally
	// Not mapped: no signal if the file is cut, and nothing that keeps it from being
	// removed on Windows. From the first byte to the last, so that what was folded is not
	// read after what was counted, and is no more than that.
	if _, err := f.ReadAt(t.memory, 0); errors.Is(err, io.EOF) {
		return nil, ErrNotATally // it was cut just now
	} else if err != nil {
		return nil, err
	}
	if err := t.read(); err != nil {
		return nil, err
	}
	if err := t.vet(); err != nil {
		return nil, err
	}
	o := ownerOf(t)
	if s.lives = o.lives(); s.lives && o.copied(f) {
		return nil, fmt.Errorf("a copy of a run that goes on: %w", filelock.ErrLocked)
	}
	return s, nil
}

// Run is the run's UUID.
func (s *Snapshot) Run() string { return s.tally.Run }

// Lives tells whether the process that made the tally goes on, as far as we can see.
func (s *Snapshot) Lives() bool { return s.lives }

// Sums is what a frame had counted; see Tally.
func (s *Snapshot) Sums(frame int) *[Types]uint64 { return s.tally.Sums(frame) }

// Folded is how far a frame was folded, as far as the tally knew; see Tally.
func (s *Snapshot) Folded(frame int) *[Types]uint64 { return s.tally.Folded(frame) }
