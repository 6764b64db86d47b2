package device_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/protocol"
)

func load(t *testing.T, directory string) device.Identity {
	t.Helper()
	identity, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodRandom, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func TestTheIdentityIsCached(t *testing.T) {
	directory := t.TempDir()
	first := load(t, directory)
	if again := load(t, directory); again.UUID != first.UUID || !again.Key.Equal(first.Key) ||
		again.Source != device.SourceRandom {
		t.Errorf("%+v, then %+v", first, again)
	}
	if other := load(t, t.TempDir()); other.UUID == first.UUID {
		t.Error("two directories, one device")
	}
	if info, err := os.Stat(filepath.Join(directory, device.FileName)); err != nil ||
		runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key can be read by others: %v, %v", info.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(directory, "*"))
	for i, path := range left {
		left[i] = filepath.Base(path)
	}
	if !slices.Equal(left, []string{device.FileName, "device.lock"}) {
		t.Errorf("left behind: %v", left)
	}
}

// TestManyAtOnce: of several that make the identity at the same time, all end
// with the same one.
func TestManyAtOnce(t *testing.T) {
	directory := t.TempDir()
	uuids := make([]string, 16)
	var starters sync.WaitGroup
	for i := range uuids {
		starters.Go(func() {
			identity, err := device.Read(directory).Identity(context.Background(),
				protocol.UUIDGenerationMethodRandom, "", nil)
			if err != nil {
				t.Error(err)
			}
			uuids[i] = identity.UUID
		})
	}
	starters.Wait()
	for _, uuid := range uuids {
		if uuid != uuids[0] {
			t.Fatalf("several identities: %v", uuids)
		}
	}
}

func TestADamagedIdentityIsReplacedAndKept(t *testing.T) {
	for _, text := range []string{"", "garbage", `{"uuid":"x"}`} {
		directory := t.TempDir()
		path := filepath.Join(directory, device.FileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		load(t, directory)
		if kept, err := os.ReadFile(path + ".damaged"); err != nil || string(kept) != text {
			t.Errorf("%q: kept %q, %v", text, kept, err)
		}
	}
}

func TestChosenAndHardware(t *testing.T) {
	directory := t.TempDir()
	identity, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodRandom,
		strings.ToUpper("5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a"), nil)
	if err != nil || identity.UUID != "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a" || identity.Source != device.SourceHost {
		t.Errorf("%+v, %v", identity, err)
	}
	for _, bad := range []string{"x", "{5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a}", "5f0c4a520d2b4d0e9b6c1f2e3d4c5b6a"} {
		if _, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodRandom, bad,
			nil); protocol.StatusOf(err) != protocol.StatusInvalidArgument {
			t.Errorf("%s: %v", bad, err)
		}
	}
	one, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodHardware, "", nil)
	if err != nil {
		// A container without /etc/machine-id: a clear error is what is asked for.
		if protocol.StatusOf(err) != protocol.StatusBindDeviceFailed || !strings.Contains(err.Error(), "machine-id") {
			t.Error(err)
		}
		return
	}
	two, err := device.Read(t.TempDir()).Identity(context.Background(), protocol.UUIDGenerationMethodHardware, "", nil)
	if err != nil || one.UUID != two.UUID || one.Source != device.SourceHardware {
		t.Errorf("%+v, %+v, %v", one, two, err)
	}
}

// copied keeps a copy in memory.
type copied struct{ text string }

func (c *copied) Identity(context.Context) (string, error) { return c.text, nil }

func (c *copied) KeepIdentity(_ context.Context, text string) error {
	c.text = text
	return nil
}

// TestTheCopy brings an identity back whose file is gone or damaged, and follows a
// file that was replaced.
func TestTheCopy(t *testing.T) {
	directory, kept := t.TempDir(), &copied{}
	path := filepath.Join(directory, device.FileName)
	load := func() device.Identity {
		t.Helper()
		identity, err := device.Read(directory).Identity(context.Background(),
			protocol.UUIDGenerationMethodRandom, "", kept)
		if err != nil {
			t.Fatal(err)
		}
		return identity
	}
	same := func(a, b device.Identity) bool { return a.UUID == b.UUID && a.Key.Equal(b.Key) }
	first := load()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !same(load(), first) {
		t.Error("removed, and another one came")
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !same(load(), first) {
		t.Error("damaged, and another one came")
	}
	kept.text = "garbage"
	if !same(load(), first) {
		t.Error("the copy is damaged, and another one came")
	}

	elsewhere := t.TempDir()
	other, err := device.Read(elsewhere).Identity(context.Background(), protocol.UUIDGenerationMethodRandom, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(elsewhere, device.FileName), path); err != nil {
		t.Fatal(err)
	}
	load()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !same(load(), other) {
		t.Error("the copy is of one that was replaced")
	}
}
