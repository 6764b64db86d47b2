//go:build unix

package client_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/internal/filetest"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
)

// TestADirectoryThatAGroupShares is one device, and each member takes over what
// another one's killed process left.
func TestADirectoryThatAGroupShares(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a directory to a group needs root")
	}
	for _, umask := range []int{0o022, 0o002, 0o077} {
		server := testkit.NewServer(t, time.Now)
		directory := filetest.Directory(t, 0o700)
		if err := errors.Join(os.Chown(directory, 0, staff), os.Chmod(directory, 0o770|os.ModeSetgid)); err != nil {
			t.Fatal(err)
		}
		var first told
		for i, user := range []uint32{alice, bob, alice, bob, 0} {
			got := lives(t, user, staff, life{
				URL: server.URL, Directory: directory, Umask: umask, Record: 5, Killed: i < 4,
			})
			if first.UUID == "" {
				first = got
			}
			if got.UUID != first.UUID || got.Flags != 0 || got.Error != "" || got.Events != "" {
				t.Errorf("umask %o: user %d: %+v, want %s", umask, user, got, first.UUID)
			}
		}
		if server.Total() != 25 {
			t.Errorf("umask %o: the server has %d of 25", umask, server.Total())
		}
	}
}

// TestADirectoryThatIsNotShared, though several users can write there: what one of them
// keeps stays where it is when another one comes, who meters in memory.
func TestADirectoryThatIsNotShared(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a directory to a group needs root")
	}
	for _, mode := range []os.FileMode{0o770, 0o777} {
		server := testkit.NewServer(t, time.Now)
		directory := filetest.Directory(t, 0o700)
		if err := errors.Join(os.Chown(directory, 0, staff), os.Chmod(directory, mode)); err != nil {
			t.Fatal(err)
		}
		first := lives(t, alice, staff, life{URL: server.URL, Directory: directory, Record: 5, Killed: true})
		other := lives(t, bob, staff, life{URL: server.URL, Directory: directory, Record: 3})
		if other.UUID == first.UUID || other.Flags&protocol.StateFlagStorageDegraded == 0 || other.Events == "" {
			t.Errorf("%o: the other user: %+v", mode, other)
		}
		again := lives(t, alice, staff, life{URL: server.URL, Directory: directory, Record: 7})
		if again.UUID != first.UUID || again.Flags != 0 || again.Error != "" || server.Total() != 15 {
			t.Errorf("%o: %+v, then %+v, the server has %d of 15", mode, first, again, server.Total())
		}
	}
}

// TestAProcessThatIsKilledUnderAWrongDate leaves what the next one, whose clock is
// right, counts in its own slots, whenever it was killed.
func TestAProcessThatIsKilledUnderAWrongDate(t *testing.T) {
	const days = 24 * time.Hour
	for _, ahead := range []time.Duration{-50 * 365 * days, -60 * days, -2 * days, 0, 60 * days} {
		server := testkit.NewServer(t, time.Now)
		directory := t.TempDir()
		for range 3 {
			begun := slot.Length(180).Start(time.Now().Unix())
			lives(t, 0, 0, life{
				URL: server.URL, Directory: directory, Record: 5, Killed: true, Ahead: ahead, Cut: true,
			})
			right := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 3})
			for key := range server.Stored() {
				if key.Slot < begun-2*180 || key.Slot > time.Now().Unix() {
					t.Errorf("clock off by %v: slot %v", ahead, time.Unix(key.Slot, 0).UTC())
				}
			}
			if right.Error != "" {
				t.Errorf("clock off by %v: %+v", ahead, right)
			}
		}
		if server.Total() != 24 {
			t.Errorf("clock off by %v: the server has %d of 24", ahead, server.Total())
		}
	}
}

// TestPlantedFiles at the places of all other files: the license opens (the child is
// killed if it hangs) and counts, and nothing is followed.
func TestPlantedFiles(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	total := int64(0)
	for _, name := range []string{"ledger.db", "ledger.account", "ledger.lock", "submit.lock", "ledger.db-journal",
		"ledger.db-wal"} {
		for what, plant := range map[string]func(path, victim string) error{
			"a FIFO":                    func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
			"a device":                  func(path, _ string) error { return os.Symlink("/dev/zero", path) },
			"a link":                    func(path, victim string) error { return os.Symlink(victim, path) },
			"a hard link":               func(path, victim string) error { return os.Link(victim, path) },
			"a link that leads nowhere": func(path, victim string) error { return os.Symlink(victim+".made", path) },
			"a directory":               func(path, _ string) error { return os.Mkdir(path, 0o700) },
		} {
			directory, victims := t.TempDir(), t.TempDir()
			victim := filepath.Join(victims, "victim")
			if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := plant(filepath.Join(directory, name), victim); err != nil {
				t.Fatal(err)
			}
			got := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 5})
			total += 5
			if got.Error != "" || server.Total() != total {
				t.Errorf("%s is %s: %+v, the server has %d of %d", name, what, got, server.Total(), total)
				total = server.Total()
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
				t.Errorf("%s is %s: the victim holds %.40q, %v", name, what, text, err)
			}
			if left, _ := os.ReadDir(victims); len(left) != 1 {
				t.Errorf("%s is %s: made elsewhere: %v", name, what, left)
			}
			again := lives(t, 0, 0, life{URL: server.URL, Directory: directory})
			if again.UUID != got.UUID || again.Error != "" {
				t.Errorf("%s is %s: then %+v", name, what, again)
			}
		}
	}
}

// TestDroppedPrivileges and a changed root: the license goes on with what it has
// open, says nothing false, and nothing is lost or counted twice.
func TestDroppedPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("dropping privileges needs some")
	}
	for _, then := range []string{"setuid", "chroot", "chroot and the same path"} {
		server := testkit.NewServer(t, time.Now)
		directory := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		l := life{URL: server.URL, Directory: directory, Record: 16, Then: then}
		if got := lives(t, 0, 0, l); got.Error != "" || strings.Contains(got.Events, "removed") ||
			server.Total() != 16 {
			t.Errorf("%s: %+v, the server has %d", then, got, server.Total())
		}
		l.Then = ""
		if got := lives(t, 0, 0, l); got.Error != "" || got.Flags&protocol.StateFlagUsageLost != 0 ||
			server.Total() != 32 {
			t.Errorf("%s, and then as root: %+v, the server has %d", then, got, server.Total())
		}
		if account := server.Account(); account != nil && account.Storage != 0 {
			t.Errorf("%s: %+v", then, account)
		}
		left, _ := os.ReadDir(filepath.Join(directory, "jail"))
		for _, entry := range left {
			if strings.HasPrefix(entry.Name(), "ledger") {
				t.Errorf("%s: made in the jail: %v", then, left)
			}
		}
	}
}

// TestDroppedPrivilegesBesideOthers that go on writing to the ledger: what the one
// without rights records is submitted by itself, not by the next one that has some.
func TestDroppedPrivilegesBesideOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("dropping privileges needs some")
	}
	for _, then := range []string{"setuid", "chroot", "chroot and the same path"} {
		server := testkit.NewServer(t, time.Now)
		directory := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		first := begin(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 16, Then: then, Pause: true})
		second := begin(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 8, Then: then, Pause: true})
		for range 2 {
			if got := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 4}); got.Error != "" {
				t.Errorf("%s: one with rights: %+v", then, got)
			}
		}
		for _, end := range []func() told{first, second} {
			got := end()
			if got.Error != "" || got.Flags&protocol.StateFlagStorageDegraded != 0 {
				t.Errorf("%s: one without rights: %+v", then, got)
			}
			// It can't look for what others left: that is said, once.
			if lines := strings.Count(got.Events, "\n"); lines > 1 ||
				lines != strings.Count(got.Events, "could not be taken over") {
				t.Errorf("%s: one without rights: %+v", then, got)
			}
		}
		if server.Total() != 32 {
			t.Errorf("%s: the server has %d of 32", then, server.Total())
		}
	}
}

// TestATallyThatCanNotBeTakenOver is an event once, not at each interval.
func TestATallyThatCanNotBeTakenOver(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making another user's file needs root")
	}
	directory := t.TempDir()
	path := tally.Path(directory, "e0e0f7a0-0000-4000-8000-000000000000")
	if err := errors.Join(os.WriteFile(path, []byte("theirs"), 0o600), os.Chown(path, alice, alice)); err != nil {
		t.Fatal(err)
	}
	clock := testkit.NewClock(start)
	l := open(t, parameters(testkit.NewServer(t, clock.Now), directory), clock)
	for range 5 {
		step(t, clock, 180*time.Second)
	}
	told := 0
	for e, ok := l.Poll(over()); ok; e, ok = l.Poll(over()) {
		if strings.Contains(e.Message, "could not be taken over") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told of %d times", told)
	}
}

// leave gives up the right to see the data directory.
func (l life) leave() error {
	jail := filepath.Join(l.Directory, "jail")
	switch l.Then {
	case "setuid":
		return unix.Setuid(alice)
	case "chroot and the same path":
		if err := os.MkdirAll(filepath.Join(jail, l.Directory), 0o700); err != nil {
			return err
		}
		return unix.Chroot(jail)
	case "chroot":
		if err := os.MkdirAll(jail, 0o700); err != nil {
			return err
		}
		return unix.Chroot(jail)
	case "":
		return nil
	default:
		return fmt.Errorf("%s is unknown", l.Then)
	}
}

// TestUsageOfADeadProcess is in that of the device before anybody takes it over.
func TestUsageOfADeadProcess(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := t.TempDir()
	l := open(t, parameters(server, directory), nil)
	if err := l.Submit(t.Context()); err != nil { // and what follows is not taken over before the slot ends
		t.Fatal(err)
	}
	for killed := range int64(3) {
		got := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 7, Killed: true})
		if got.Error != "" {
			t.Fatal(got.Error)
		}
		if u := usage(t, l); u.Recorded != 7*(killed+1) || u.Lost() != 0 {
			t.Errorf("%+v after %d were killed", u, killed+1)
		}
	}
}

// TestALongPath of as many bytes as the limit says.
func TestALongPath(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	for _, length := range []int{480, 511, 512, 700, 1500, 2047} {
		directory := t.TempDir()
		for len(directory) < length-256 {
			directory = filepath.Join(directory, strings.Repeat("l", 200))
		}
		directory = filepath.Join(directory, strings.Repeat("e", length-len(directory)-1))
		l := life{URL: server.URL, Directory: directory, Record: 5, Killed: true}
		before := server.Total()
		first := lives(t, 0, 0, l)
		l.Killed = false
		second := lives(t, 0, 0, l)
		if first.Error != "" || first.Flags != 0 || second.Flags != 0 || second.UUID != first.UUID ||
			server.Total() != before+10 {
			t.Errorf("%d bytes: %+v, then %+v, the server got %d", length, first, second, server.Total()-before)
		}
	}
}
