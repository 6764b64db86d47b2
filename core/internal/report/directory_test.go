package report_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/internal/tally"
)

// die ends the run as the death of its process does.
func (m *meter) die() {
	m.t.Helper()
	if err := m.tally.Close(); err != nil {
		m.t.Fatal(err)
	}
}

func total(slots map[int64]int64) (n int64) {
	for _, units := range slots {
		n += units
	}
	return n
}

// TestDeadRunsAreFoundInAnyDirectory, whatever it is called.
func TestDeadRunsAreFoundInAnyDirectory(t *testing.T) {
	for _, name := range []string{"x[1]", "a*b?", "[!a]", "per%20cent", "with space", "Grüße-日本", `back\slash`,
		"new\nline"} {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(directory, 0o700); err != nil {
				t.Skipf("skipped: this system has no directories called %q: %v", name, err)
			}
			m := newMeter(t, directory)
			m.record(1000)
			m.die()
			adoption, err := report.Adopt(context.Background(), directory, m.ledger)
			if err != nil || adoption != (report.Adoption{Runs: 1}) {
				t.Errorf("%q: %+v, %v", name, adoption, err)
			}
			if n := total(m.bySlot()); n != 1000 {
				t.Errorf("%q: %d of 1000 were taken over", name, n)
			}
		})
	}
}

// TestOnePoisonedRunHoldsUpNoOther: it is set aside and told of; all others are
// taken over, and the account adds up.
func TestOnePoisonedRunHoldsUpNoOther(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	var paths []string
	for i := range 5 {
		if i > 0 {
			m.begin(directory, "key")
		}
		m.record(100)
		m.die()
		paths = append(paths, tally.Path(directory, m.tally.Run))
	}
	text, err := os.ReadFile(paths[2])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		binary.NativeEndian.PutUint64(text[tally.FramesOffset+tally.FrameHeader+8*i:], math.MaxInt64)
	}
	if err := os.WriteFile(paths[2], text, 0o600); err != nil {
		t.Fatal(err)
	}
	for again := range 2 {
		adoption, err := report.Adopt(context.Background(), directory, m.ledger)
		if first := again == 0; errors.Is(err, tally.ErrNotATally) != first || (adoption.Missing == 1) != first {
			t.Errorf("%+v, %v", adoption, err)
		}
		if n := total(m.bySlot()); n != 400 {
			t.Errorf("%d of 400 were taken over", n)
		}
	}
	if kept, err := os.ReadFile(paths[2] + ".damaged"); err != nil || string(kept) != string(text) {
		t.Errorf("it was not set aside: %v", err)
	}
	if account, err := m.ledger.Account(context.Background()); err != nil || account.Recorded != 400 ||
		account.Pending != 400 {
		t.Errorf("%+v, %v", account, err)
	}
}

// TestWhatIsNoTallyIsSetAside, once, and whatever it leads to is left alone.
func TestWhatIsNoTallyIsSetAside(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	m.record(7)
	m.die()
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link, folder := tally.Path(directory, uuid.NewString()), tally.Path(directory, uuid.NewString())
	err := errors.Join(os.Symlink(victim, link), os.Mkdir(folder, 0o700))
	if _, there := os.Lstat(link); err != nil || there != nil {
		t.Skipf("skipped: this system makes no links: %v, %v", err, there)
	}
	if _, err := report.Adopt(context.Background(), directory, m.ledger); !errors.Is(err, tally.ErrNotATally) ||
		!strings.Contains(err.Error(), "a symbolic link") {
		t.Errorf("%v", err)
	}
	if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
		t.Errorf("again: %v", err)
	}
	if n := total(m.bySlot()); n != 7 {
		t.Errorf("%d of 7 were taken over", n)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
		t.Errorf("the victim holds %q, %v", text, err)
	}
}
