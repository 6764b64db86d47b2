package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/openlts/openlts/server/store"
)

// audit commits one record.
func audit(t *testing.T, s *Store, detail string) error {
	t.Helper()
	return s.Update(t.Context(), func(tx store.Tx) error { return tx.AddAudit(store.Audit{At: 1, Detail: detail}) })
}

// Nobody gets an answer before the disk wrote what it says; the next transaction
// does not wait for that.
func TestAnswersWaitForTheDisk(t *testing.T) {
	s, _ := open(t)
	writes, written := make(chan struct{}), make(chan error)
	s.log.sync = func(*os.File) error {
		writes <- struct{}{}
		return <-written
	}
	answers := make(chan string)
	answer := func(name string) {
		err := audit(t, s, name)
		if err != nil {
			t.Error(err)
		}
		answers <- name
	}
	go answer("first")
	<-writes
	before := s.log.written.Load()
	go answer("second")
	for s.log.written.Load() == before { // the second commits while the first is written
		select {
		case name := <-answers:
			t.Fatalf("the %s was answered before it was written", name)
		default:
		}
	}
	written <- nil
	if name := <-answers; name != "first" {
		t.Errorf("the %s was answered first", name)
	}
	<-writes // the second came too late for the first write
	written <- nil
	<-answers
	s.log.sync = syncData
}

// Those who wait share a write.
func TestCommitsShareAWrite(t *testing.T) {
	l := newWriteAheadLog(filepath.Join(t.TempDir(), "database"))
	if err := os.WriteFile(l.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writes := 0
	l.sync = func(*os.File) error { writes++; return nil }
	for range 3 {
		l.committed()
	}
	for commit := range uint64(3) {
		if err := l.wait(commit + 1); err != nil {
			t.Fatal(err)
		}
	}
	if writes != 1 {
		t.Errorf("3 commits took %d writes", writes)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
}

// After a write that failed, nothing more is answered by the log alone: a system may
// have forgotten what it could not write.
func TestADiskThatFailsOnce(t *testing.T) {
	s, directory := open(t)
	failure := errors.New("input/output error")
	s.log.sync = func(*os.File) error { return failure }
	if err := audit(t, s, "lost, as far as anybody knows"); !errors.Is(err, store.ErrDisk) || !errors.Is(err, failure) {
		t.Fatalf("%v instead of an error of the disk", err)
	}
	if !s.log.unreliable.Load() {
		t.Error("the log is relied on")
	}
	s.log.sync = syncData
	if err := audit(t, s, "after"); err != nil {
		t.Fatalf("the disk works again, and nothing is stored: %v", err)
	}
	if s.log.unreliable.Load() {
		t.Error("the log is not relied on, though all is in the database")
	}
	// What was committed before is in the database file itself.
	data, err := os.ReadFile(filepath.Join(directory, FileName))
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := audits(t, copied); n != 1 {
		t.Errorf("the database file has %d of what was committed before the failure", n)
	}
}

// A power cut leaves what was on the disk when the last write ended. All that was
// answered is there: also across checkpoints, which begin the log anew.
func TestAPowerCut(t *testing.T) {
	s, directory := open(t)
	disk := t.TempDir() // as it was after the last write
	// Reading the database's file ends SQLite's locks on it; nobody else is there.
	s.log.sync = func(f *os.File) error {
		for _, name := range []string{FileName, FileName + "-wal"} {
			data, err := os.ReadFile(filepath.Join(directory, name))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(disk, name), data, 0o600); err != nil {
				return err
			}
		}
		return syncData(f)
	}
	for i := range 60 {
		if err := audit(t, s, string(make([]byte, 200_000))); err != nil {
			t.Fatal(err)
		}
		if i%7 != 0 {
			continue
		}
		image := t.TempDir()
		if err := os.CopyFS(image, os.DirFS(disk)); err != nil {
			t.Fatal(err)
		}
		if n := audits(t, image); n != i+1 {
			t.Fatalf("of %d that were answered, %d outlived the power cut", i+1, n)
		}
	}
}

// audits counts the records in the database of a directory.
func audits(t *testing.T, directory string) int {
	t.Helper()
	s, err := Open(t.Context(), directory, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var n int
	if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM audit`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
