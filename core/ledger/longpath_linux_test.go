package ledger_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/ledger"
)

// TestALedgerInALongDirectory is kept, and written anew when its file is removed.
func TestALedgerInALongDirectory(t *testing.T) {
	directory := t.TempDir()
	for len(directory) < 1800 {
		directory = filepath.Join(directory, strings.Repeat("l", 200))
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, remove := range []bool{false, true, false} {
		l, err := ledger.Open(ctx, directory, ledger.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		before, err := l.Mark(ctx, "m")
		if err != nil {
			t.Fatal(err)
		}
		if remove {
			if err := os.Remove(filepath.Join(directory, ledger.FileName)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.SetMark(ctx, "m", before+1); err != nil {
			t.Error(err)
		}
		if now, err := l.Mark(ctx, "m"); err != nil || now != before+1 || !l.Durable() {
			t.Errorf("%d after %d, %v", now, before, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(directory, ledger.FileName)); err != nil {
			t.Error(err)
		}
	}
}
