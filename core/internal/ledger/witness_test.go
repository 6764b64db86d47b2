package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/openlts/openlts/core/internal/ledger"
)

// files reads those of a ledger that is open, which is at rest.
func files(t *testing.T, directory string) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{}
	for _, name := range []string{ledger.FileName, ledger.FileName + "-journal", ledger.WitnessName} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = text
	}
	return texts
}

// TestTheWitness: what a ledger and its witness come to that were written at
// different times, or badly.
func TestTheWitness(t *testing.T) {
	// The files before and after a change of the account.
	directory := t.TempDir()
	l := open(t, directory)
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	before := files(t, directory)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 10})
	after := files(t, directory)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	cut := func(text []byte, n int) []byte { return append([]byte{}, text[:n]...) }
	// Takes back the confirmation of the change: the only 8 bytes at the end of a
	// half that differ.
	unconfirmed := append([]byte{}, after[ledger.WitnessName]...)
	for _, end := range []int{len(unconfirmed) / 2, len(unconfirmed)} {
		copy(unconfirmed[end-8:end], before[ledger.WitnessName][end-8:end])
	}
	if bytes.Equal(unconfirmed, after[ledger.WitnessName]) {
		t.Fatal("nothing was confirmed")
	}

	for name, test := range map[string]struct {
		ledger    map[string][]byte
		witness   []byte
		damage    bool
		recorded  int64
		afterLoss int64 // recorded and lost, once the account was balanced
	}{
		"both are new":                    {after, after[ledger.WitnessName], false, 10, 0},
		"both are old":                    {before, before[ledger.WitnessName], false, 3, 0},
		"the witness is old":              {after, before[ledger.WitnessName], false, 10, 0},
		"the ledger is old":               {before, after[ledger.WitnessName], true, 10, 10},
		"died before the change":          {before, unconfirmed, false, 3, 0},
		"died before it was confirmed":    {after, unconfirmed, false, 10, 0},
		"no witness":                      {after, nil, false, 10, 0},
		"an empty witness":                {after, []byte{}, false, 10, 0},
		"a cut witness":                   {after, cut(after[ledger.WitnessName], 20000), false, 10, 0},
		"noise for a witness":             {after, bytes.Repeat([]byte("noise"), 9000), false, 10, 0},
		"no ledger":                       {nil, after[ledger.WitnessName], true, 10, 10},
		"no ledger, and an older witness": {nil, before[ledger.WitnessName], true, 3, 3},
		"no ledger, and not confirmed":    {nil, unconfirmed, true, 3, 3},
		"no ledger, and no witness":       {nil, nil, false, 0, 0},
		"no ledger, and half of a witness": {
			nil, cut(after[ledger.WitnessName], len(after[ledger.WitnessName])/2+10), true, 3, 3,
		},
		"no ledger, and the other half": {
			nil, append(make([]byte, len(after[ledger.WitnessName])/2),
				after[ledger.WitnessName][len(after[ledger.WitnessName])/2:]...), true, 10, 10,
		},
		"an old ledger without its witness": {before, nil, false, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			for file, text := range test.ledger {
				if file != ledger.WitnessName {
					if err := os.WriteFile(filepath.Join(directory, file), text, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if test.witness != nil {
				if err := os.WriteFile(filepath.Join(directory, ledger.WitnessName), test.witness, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for start := range 2 { // what was found is found once
				l := open(t, directory)
				if got := l.Damage() != ""; got != (test.damage && start == 0) {
					t.Errorf("start %d: damage %q", start, l.Damage())
				}
				lost, err := l.Balance(ctx)
				if err != nil {
					t.Fatal(err)
				}
				a, err := l.Account(ctx)
				if err != nil {
					t.Fatal(err)
				}
				// What an older copy has is found again: pending, but not in the account.
				if a.Recorded != test.recorded || a.Storage != test.afterLoss || start == 0 && lost != test.afterLoss ||
					start == 1 && lost != 0 {
					t.Errorf("start %d: lost %d, account %+v", start, lost, a)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestAWitnessThatCanNotBeWritten is done without.
func TestAWitnessThatCanNotBeWritten(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, ledger.WitnessName), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, directory)
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	if a := account(t, l); a.Pending != 3 || l.Damage() != "" {
		t.Errorf("%+v, %q", a, l.Damage())
	}
}
