package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/openlts/openlts/core/filelock"
)

// A lock that the file system refuses looks to SQLite like one that another
// process holds. There is no use in waiting for it, not even until a deadline.
func TestLocksThatFailWhileTheLedgerIsOpen(t *testing.T) {
	directory := t.TempDir()
	l, err := Open(directory, time.Unix(1772323210, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })

	other, err := sql.Open("sqlite3", "file:"+filepath.Join(directory, FileName)+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	holding, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name   string
		answer error
		want   error
		asked  int
	}{
		{"refused", fmt.Errorf("%w: %w", filelock.ErrNoLocks, syscall.ENOLCK), filelock.ErrNoLocks, 1},
		// The directory is gone; others may still use the ledger.
		{"not to be asked", syscall.ENOENT, ErrBusy, 2},
		{"granted", nil, ErrBusy, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := l.wait
			defer func() { l.wait = before }()
			asked, enough := 0, make(chan struct{})
			l.wait.over = enough
			l.wait.locks = func() error {
				if asked++; asked == 2 {
					close(enough)
				}
				return c.answer
			}
			if err := l.SetMark("mark", 1); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if asked != c.asked {
				t.Errorf("asked %d times, want %d", asked, c.asked)
			}
		})
	}

	if err := holding.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := l.SetMark("mark", 2); err != nil {
		t.Errorf("nobody has the ledger any more: %v", err)
	}
}
