package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/protocol"
)

func loadWith(t *testing.T, directory string, kept device.Copy) device.Identity {
	t.Helper()
	identity, err := device.Read(directory).Identity(context.Background(),
		protocol.UUIDGenerationMethodRandom, "", kept)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// TestAnIdentityHeals field by field, for good, and is reported; from the copy if there is one.
func TestAnIdentityHeals(t *testing.T) {
	replaced := func(name string, with func(value string) string) func([]byte) []byte {
		return func(text []byte) []byte {
			var fields map[string]string
			if err := json.Unmarshal(text, &fields); err != nil {
				t.Fatal(err)
			}
			return bytes.Replace(text, []byte(fields[name]), []byte(with(fields[name])), 1)
		}
	}
	at := func(offset int, with string) func(string) string {
		return func(value string) string { return value[:offset] + with + value[offset+len(with):] }
	}
	another := func(value string) string { // another digit, as good as the one before
		if value[0] == '7' {
			return "8" + value[1:]
		}
		return "7" + value[1:]
	}
	for name, test := range map[string]struct {
		damage    func([]byte) []byte
		uuid, key bool // stays, without a copy
	}{
		"a character of the key":       {replaced("privateKey", at(5, "!")), true, false},
		"a quote in the key":           {replaced("privateKey", at(5, `"`)), true, false},
		"a zero byte in the key":       {replaced("privateKey", at(5, "\x00")), true, false},
		"no UTF-8 in the key":          {replaced("privateKey", at(5, "\xff")), true, false},
		"no key":                       {replaced("privateKey", func(string) string { return "" }), true, false},
		"a character of the UUID":      {replaced("uuid", at(5, "x")), false, true},
		"no UUID":                      {replaced("uuid", func(string) string { return "" }), false, true},
		"the last brace":               {func(text []byte) []byte { return text[:len(text)-1] }, true, true},
		"a brace more":                 {func(text []byte) []byte { return append(text, '}') }, true, true},
		"another digit in the UUID":    {replaced("uuid", another), false, true},
		"another digit in the key":     {replaced("privateKey", another), true, false},
		"another character of the sum": {replaced("check", another), true, true},
		"all":                          {func([]byte) []byte { return []byte("garbage") }, false, false},
		"emptied":                      {func([]byte) []byte { return nil }, false, false},
		"made far too long": {
			func(text []byte) []byte { return append(text, bytes.Repeat([]byte(" "), 1<<20)...) }, false, false,
		},
	} {
		for _, withCopy := range []bool{false, true} {
			directory := t.TempDir()
			path := filepath.Join(directory, device.FileName)
			kept := &copied{}
			first := loadWith(t, directory, kept)
			if !withCopy {
				kept = &copied{}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = test.damage(bytes.Clone(text))
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			healed := loadWith(t, directory, kept)
			if wantUUID := test.uuid || withCopy; (healed.UUID == first.UUID) != wantUUID {
				t.Errorf("%s, with a copy: %v: %s became %s", name, withCopy, first.UUID, healed.UUID)
			}
			if wantKey := test.key || withCopy; healed.Key.Equal(first.Key) != wantKey {
				t.Errorf("%s, with a copy: %v: the same key: %v", name, withCopy, !wantKey)
			}
			if healed.Trouble == nil || !strings.Contains(healed.Trouble.Error(), "was damaged") ||
				healed.Source != device.SourceRandom {
				t.Errorf("%s: %v, %s", name, healed.Trouble, healed.Source)
			}
			for range 5 {
				again := loadWith(t, directory, nil)
				if again.UUID != healed.UUID || !again.Key.Equal(healed.Key) || again.Trouble != nil {
					t.Errorf("%s: it did not heal: %v", name, again.Trouble)
				}
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(aside, text) {
				t.Errorf("%s: the damaged one was not kept: %v", name, err)
			}
		}
	}
}

// TestAFileWithoutASum, of an earlier version, is as good as it was.
func TestAFileWithoutASum(t *testing.T) {
	directory := t.TempDir()
	text := `{"uuid":"5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a","privateKey":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}`
	if err := os.WriteFile(filepath.Join(directory, device.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if identity := loadWith(t, directory, nil); identity.UUID != "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a" ||
		identity.Trouble != nil {
		t.Errorf("%+v", identity)
	}
}

// TestManyMendAtOnce: of several that find a damaged identity, all end with the
// same one.
func TestManyMendAtOnce(t *testing.T) {
	for range 20 {
		directory := t.TempDir()
		if err := os.WriteFile(filepath.Join(directory, device.FileName), []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
		found := make([]device.Identity, 8)
		var starters sync.WaitGroup
		for i := range found {
			starters.Go(func() {
				var err error
				found[i], err = device.Read(directory).Identity(context.Background(),
					protocol.UUIDGenerationMethodRandom, "", nil)
				if err != nil {
					t.Error(err)
				}
			})
		}
		starters.Wait()
		for _, identity := range found {
			if identity.UUID != found[0].UUID || !identity.Key.Equal(found[0].Key) {
				t.Fatal("several identities")
			}
		}
	}
}

// TestWhileAnotherMends, who has taken the damaged file off its path and not yet put a sound
// one there, nobody makes an identity: all wait, and take what is mended. So it is where a
// file that is open can't be replaced in one step.
func TestWhileAnotherMends(t *testing.T) {
	for name, before := range map[string]string{"it was seen damaged": "garbage", "it was not there to be seen": ""} {
		elsewhere, directory := t.TempDir(), t.TempDir()
		mended := loadWith(t, elsewhere, nil)
		path := filepath.Join(directory, device.FileName)
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		release, err := filelock.Acquire(t.Context(), filepath.Join(directory, "device.lock"))
		if err != nil {
			t.Fatal(err)
		}
		file := device.Read(directory)
		_ = os.Remove(path)
		found := make(chan device.Identity)
		go func() {
			identity, err := file.Identity(t.Context(), protocol.UUIDGenerationMethodRandom, "", nil)
			if err != nil {
				t.Error(err)
			}
			found <- identity
		}()
		select {
		case early := <-found:
			t.Fatalf("%s: it became %s meanwhile", name, early.UUID)
		case <-time.After(50 * time.Millisecond):
		}
		if err := os.Rename(filepath.Join(elsewhere, device.FileName), path); err != nil {
			t.Fatal(err)
		}
		release()
		if identity := <-found; identity.UUID != mended.UUID || !identity.Key.Equal(mended.Key) ||
			identity.Source != device.SourceRandom {
			t.Errorf("%s: it became %s of source %s, not %s", name, identity.UUID, identity.Source, mended.UUID)
		}
	}
}

// failing can't be read or written.
type failing struct{}

func (failing) Identity(context.Context) (string, error) { return "", errors.New("locked") }

func (failing) KeepIdentity(context.Context, string) error { return errors.New("locked") }

// TestALockedLedger makes no new device.
func TestALockedLedger(t *testing.T) {
	directory := t.TempDir()
	first := loadWith(t, directory, failing{})
	if again := loadWith(t, directory, failing{}); again.UUID != first.UUID || first.Source != device.SourceRandom ||
		again.Trouble != nil {
		t.Errorf("%+v, then %+v", first, again)
	}
}

// TestWithoutADirectory, there is one identity for the process, which says so.
func TestWithoutADirectory(t *testing.T) {
	first, again := loadWith(t, "", nil), loadWith(t, "", nil)
	if first.UUID != again.UUID || !first.Key.Equal(again.Key) || first.Source != device.SourceMemory {
		t.Errorf("%+v, then %+v", first, again)
	}
	const chosen = "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a"
	identity, err := device.Read("").Identity(context.Background(), protocol.UUIDGenerationMethodRandom, chosen, nil)
	if err != nil || identity.UUID != chosen || identity.Source != device.SourceHost {
		t.Errorf("%+v, %v", identity, err)
	}
}
