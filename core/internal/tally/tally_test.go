package tally_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
)

var (
	account = tally.Account{LTS: "key", HandshakeCode: "100001-reader", Item: "scans"}
	now     = time.Unix(1772323210, 0)
)

const slotStart = 1772323200

func create(t *testing.T, directory string) *tally.Tally {
	t.Helper()
	c, err := tally.Create(directory, account, 180, now)
	if err != nil {
		t.Fatal(err)
	}
	c.Relabel(0, slotStart)
	return c
}

func file(t *testing.T, directory string) string {
	t.Helper()
	paths, err := tally.Orphans(directory)
	if err != nil || len(paths) != 1 {
		t.Fatalf("tally files: %v, %v", paths, err)
	}
	return paths[0]
}

func TestCountsSurviveTheRun(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	var threads sync.WaitGroup
	for range 4 {
		threads.Go(func() {
			for range 1000 {
				if !c.Add(16, 1, now.Unix()) {
					t.Error("no frame for now")
				}
			}
		})
	}
	threads.Wait()
	run := c.Run
	if err := c.Close(); err != nil { // gives up the lock, as the end of a process does
		t.Fatal(err)
	}
	again, err := tally.Adopt(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	if again.Run != run || again.Account != account || again.Slot != 180 {
		t.Errorf("adopted run %s %+v %d", again.Run, again.Account, again.Slot)
	}
	if n := again.Sums(0)[16]; n != 4000 || again.Label(0) != slotStart {
		t.Errorf("adopted %d in slot %d, want 4000 in %d", n, again.Label(0), slotStart)
	}
	if err := again.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(directory, run+".tally")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file is still there")
	}
}

func TestOnlyTheSlotOfTheMomentCounts(t *testing.T) {
	c := create(t, "")
	for _, moment := range []int64{slotStart - 1, slotStart + 180, 0, -1, 1 << 62} {
		if c.Add(1, 1, moment) {
			t.Errorf("a moment at %d counted in slot %d", moment, slotStart)
		}
	}
	for _, moment := range []int64{slotStart, slotStart + 179} {
		if !c.Add(1, 1, moment) {
			t.Errorf("a moment at %d did not count in slot %d", moment, slotStart)
		}
	}
}

func TestALivingRunIsNotAdopted(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	if _, err := tally.Adopt(file(t, directory)); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("adopting a living run: %v", err)
	}
	if c.Gone() {
		t.Error("a tally that is there is called gone")
	}
	remove := os.Remove
	if runtime.GOOS == "windows" { // there, a name may stay until nobody has the file open
		remove = func(path string) error { return os.Rename(path, path+".away") }
	}
	if err := remove(file(t, directory)); err != nil {
		t.Fatal(err)
	}
	if !c.Gone() {
		t.Error("a removed tally is not called gone")
	}
}

// TestAPowerCutDoesNotHideOperations: a file older than its watermark is lifted
// to it, so that new operations are seen as new.
func TestAPowerCutDoesNotHideOperations(t *testing.T) {
	c := create(t, "")
	c.Add(3, 5, now.Unix())
	c.Raise(0, 3, 9)
	if n := c.Sums(0)[3]; n != 9 {
		t.Errorf("raised to %d, want 9", n)
	}
	c.Raise(0, 3, 2)
	if n := c.Sums(0)[3]; n != 9 {
		t.Errorf("lowered to %d", n)
	}
}

func TestRelabelKeepsCountersAndWhatWasFolded(t *testing.T) {
	c := create(t, "")
	c.Add(3, 5, now.Unix())
	c.SetFolded(0, c.Sums(0))
	c.Relabel(0, slotStart+720)
	if c.Sums(0)[3] != 5 || c.Folded(0)[3] != 5 || c.Label(0) != slotStart+720 {
		t.Errorf("after relabelling: sum %d, folded %d, label %d", c.Sums(0)[3], c.Folded(0)[3], c.Label(0))
	}
}

// TestStrays count each slot and type on its own, from many goroutines, until all
// entries are taken; and survive the run.
func TestStrays(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	type place struct {
		slot int64
		kind int
	}
	want := map[place]uint64{}
	var threads sync.WaitGroup
	for i := range tally.Strays {
		at := place{int64(i-3) * 180 / 5 * 5, i * 7 % tally.Types}
		at.slot -= (at.slot%180 + 180) % 180 // also before 1970
		want[at] += 8
		for thread := range 4 {
			threads.Go(func() {
				if !c.AddStray(at.kind, 2, at.slot+int64(thread*50)) {
					t.Errorf("no entry for %v", at)
				}
			})
		}
	}
	threads.Wait()
	for i := 0; len(want) < tally.Strays; i++ {
		at := place{9e9 / 180 * 180, i}
		want[at] = 1
		if !c.AddStray(at.kind, 1, at.slot) {
			t.Fatalf("no entry after %d", len(want))
		}
	}
	if c.AddStray(1, 1, 99e9) {
		t.Error("an operation was counted though all entries are taken")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := tally.Adopt(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	got := map[place]uint64{}
	for frame := tally.Frames; frame < tally.AllFrames; frame++ {
		for i, sum := range again.Sums(frame) {
			if slotStart, kind, ok := again.Stray(frame, i); ok {
				got[place{slotStart, kind}] += sum
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d places, want %d", len(got), len(want))
	}
}

// TestAStrayThatIsDoneCountsAnotherSlot of its type, and of no other.
func TestAStrayThatIsDoneCountsAnotherSlot(t *testing.T) {
	c := create(t, t.TempDir())
	for i := range tally.Strays {
		if !c.AddStray(1+i%2, 1, slotStart+int64(i)*180) {
			t.Fatal("no entry")
		}
	}
	if c.AddStray(1, 1, slotStart-180) {
		t.Fatal("an operation was counted though all entries are taken")
	}
	over := func(int64) bool { return true }
	once := 0
	for name, release := range map[string]func(){
		"more is counted than folded": func() { c.ReleaseStray(tally.Frames, 0, 0, over) },
		"its slot is not over":        func() { c.ReleaseStray(tally.Frames, 0, 1, func(int64) bool { return false }) },
		"the clock returns to its slot": func() {
			c.ReleaseStray(tally.Frames, 0, 1, func(int64) bool { once++; return once == 1 })
		},
	} {
		release()
		_, kind, _ := c.Stray(tally.Frames, 0)
		if c.AddStray(kind, 1, slotStart-180) {
			t.Fatalf("%s, and another slot was counted in the entry", name)
		}
	}
	c.ReleaseStray(tally.Frames, 0, 1, over)
	slot, kind, ok := c.Stray(tally.Frames, 0)
	if !ok || c.Sums(tally.Frames)[0] != 1 {
		t.Fatal("the entry forgot what it counted")
	}
	if c.AddStray(3-kind, 1, slotStart-180) {
		t.Error("an operation of another type was counted in the entry")
	}
	if !c.AddStray(kind, 4, slotStart-180) {
		t.Error("no entry for another slot of the type")
	}
	if again, _, _ := c.Stray(tally.Frames, 0); again != slotStart-180 || c.Sums(tally.Frames)[0] != 5 {
		t.Errorf("the entry counts slot %d, after %d; its sum is %d", again, slot, c.Sums(tally.Frames)[0])
	}
}

func TestNamesOfHostTypesSurviveTheRun(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	longest := "N" + strings.Repeat("_", protocol.MaxOperationTypeName-1)
	names := map[int]string{128: "MRZ", 129: longest, 255: "LAST", 130: ""}
	for operationType, name := range names {
		c.SetTypeName(operationType, name)
	}
	c.SetTypeName(131, "MRZ\x01") // cut by the death of the process, or noise
	names[131] = ""
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := tally.Adopt(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	for operationType, name := range names {
		if got := again.TypeName(operationType); got != name {
			t.Errorf("type %d is called %q, want %q", operationType, got, name)
		}
	}
	for frame := range tally.Frames {
		if *again.Sums(frame) != [tally.Types]uint64{} {
			t.Errorf("frame %d counts something", frame)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	whole := func() []byte {
		directory := t.TempDir()
		c := create(t, directory)
		defer func() { _ = c.Close() }()
		text, err := os.ReadFile(file(t, directory))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}()
	patched := func(offset int, with string) []byte {
		text := append([]byte{}, whole...)
		copy(text[offset:], with)
		return text
	}
	for name, text := range map[string][]byte{
		"empty": {}, "short": whole[:100], "cut": whole[:len(whole)-1], "longer": append(append([]byte{}, whole...), 0),
		"garbage": []byte(strings.Repeat("x", len(whole))), "zeros": make([]byte, len(whole)),
		"older layout": patched(7, "\x01"), "no shards": patched(8, "\x00\x00\x00\x00"),
		"odd shards": patched(8, "\x03\x00\x00\x00"), "many shards": patched(8, "\xff\xff\xff\xff"),
		"slot length": patched(12, "\x07\x00\x00\x00"), "account": patched(256, "{{{"),
	} {
		path := filepath.Join(t.TempDir(), "run.tally")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tally.Adopt(path); !errors.Is(err, tally.ErrNotATally) {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := filepath.Join(t.TempDir(), "run.tally")
	if err := os.WriteFile(later, patched(7, "\xff"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tally.Adopt(later); !errors.Is(err, tally.ErrLaterVersion) {
		t.Errorf("of a later version: %v", err)
	}
	if _, err := tally.Adopt(filepath.Join(t.TempDir(), "none.tally")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestAnAccountThatDoesNotFitIsAnError(t *testing.T) {
	long := account
	long.Item = strings.Repeat("x", 4000)
	directory := t.TempDir()
	if _, err := tally.Create(directory, long, 180, now); err == nil {
		t.Error("it passed")
	}
	if left, _ := os.ReadDir(directory); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
